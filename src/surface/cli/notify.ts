import type { Command } from 'commander';
import type { NotifyTestDocument } from '../control/documents.ts';
import { printable } from '../printable.ts';
import type { CliParts } from './cli-parts.ts';
import { addCommand, callGateway, optionsOf, withConfig, withJson } from './command.ts';
import { jsonLine, paintState } from './output.ts';

/** `postern notify test`. */
export function addNotify(program: Command, parts: CliParts, end: (code: number) => void): void {
  const notify = addCommand(program, 'notify', 'how the operator is told of changes', [
    'postern notify test',
  ]);
  const test = addCommand(notify, 'test', 'tell a test by each way of the configuration, now', [
    'postern notify test',
    'postern notify test --json',
  ]);
  withJson(withConfig(test), 'one JSON object a line, for each way').action(
    async (_options, command: Command) => {
      const { json = false } = optionsOf(command);
      const { output } = parts;
      const code = await callGateway<NotifyTestDocument>(
        command,
        parts,
        { command: 'notify_test' },
        result => {
          const { way, ok, text } = result;
          const line = `${paintState(ok ? 'ok' : 'failed', output, 6)}  ${printable(`${way}: ${text}`)}\n`;
          return output.write(json ? jsonLine(result) : line);
        },
      );
      end(code);
    },
  );
}
