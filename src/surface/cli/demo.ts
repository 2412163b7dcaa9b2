import type { Command } from 'commander';
import type { CliParts } from './cli-parts.ts';
import { addCommand, optionsOf, withJson } from './command.ts';

/** `postern demo`. */
export function addDemo(program: Command, parts: CliParts, end: (code: number) => void): void {
  const demo = addCommand(
    program,
    'demo',
    'the main job on one machine, visibly: an uplink dies, and mail goes on',
    ['postern demo', 'postern demo --json'],
  );
  withJson(demo, 'the summary as one JSON document, on the last line')
    .option('--no-namespaces', 'use a stand-in for the cable even where a real one could be laid')
    .action(async (_options, command: Command) => {
      const { json = false, namespaces } = optionsOf<{ namespaces: boolean }>(command);
      end(await parts.runDemo({ json, realCable: namespaces }));
    });
}
