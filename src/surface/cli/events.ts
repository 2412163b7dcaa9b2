import type { Command } from 'commander';
import type { EventDocument } from '../control/documents.ts';
import { printable } from '../printable.ts';
import type { CliParts } from './cli-parts.ts';
import { addCommand, callGateway, optionsOf, withConfig, withJson } from './command.ts';
import { jsonLine, type Output } from './output.ts';
import { traceText } from './trace.ts';

/** `postern events --follow`. */
export function addEvents(program: Command, parts: CliParts, end: (code: number) => void): void {
  const events = addCommand(
    program,
    'events',
    'all that happens, as it happens: deliveries, bounces, uplink changes',
    ['postern events --follow', 'postern events --follow --json'],
  );
  withJson(withConfig(events), 'one JSON object a line, for each event')
    .requiredOption('--follow', 'go on until interrupted')
    .action(async (_options, command: Command) => {
      const { json = false } = optionsOf(command);
      const { output } = parts;
      const code = await callGateway<EventDocument>(command, parts, { command: 'events' }, data =>
        output.write(json ? jsonLine(data) : eventText(data, output)),
      );
      end(code);
    });
}

function eventText(event: EventDocument, output: Output): string {
  if (event.kind === 'message') return traceText(event, output);
  const { kind, at, ...facts } = event;
  const told = Object.entries(facts).map(([key, value]) => `${key}=${String(value)}`);
  return `${at}  ${kind}  ${printable(told.join('  '))}\n`;
}
