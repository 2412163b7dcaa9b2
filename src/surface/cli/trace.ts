import type { Command } from 'commander';
import type { TraceDocument } from '../control/documents.ts';
import { printable } from '../printable.ts';
import type { CliParts } from './cli-parts.ts';
import { addCommand, callGateway, optionsOf, withConfig, withJson } from './command.ts';
import { jsonLine, type Output, paintState } from './output.ts';

/** `postern trace`. */
export function addTrace(program: Command, parts: CliParts, end: (code: number) => void): void {
  const trace = addCommand(
    program,
    'trace <id-or-address>',
    'what happened to a message: each attempt with its route, the reply and the reason for the choice',
    ['postern trace 01JD8Q4T5XK', 'postern trace someone@remote.example --json'],
  );
  withJson(withConfig(trace), 'one JSON object a line, for each event').action(
    async (about: string, _options, command: Command) => {
      const { json = false } = optionsOf(command);
      const { output } = parts;
      const code = await callGateway<TraceDocument>(command, parts, { command: 'trace', about }, data =>
        output.write(json ? jsonLine(data) : traceText(data, output)),
      );
      end(code);
    },
  );
}

/** One line: when, what, whom, by which way, what was answered, and why. */
export function traceText(event: TraceDocument, output: Output): string {
  const whom = event.recipient ?? `mail from ${event.sender === '' ? '<>' : event.sender}`;
  const way =
    event.uplink === null
      ? ''
      : ` by ${event.uplink} (${event.source ?? 'no address'} as ${event.ehlo ?? '?'})`;
  const from =
    event.event === 'accepted' ? ` from client ${event.ehlo ?? '?'} [${event.address ?? '?'}] at` : ' to';
  const address = event.event === 'accepted' ? '' : ` [${event.address ?? 'no address'}]`;
  const place = event.host === null ? '' : `${from} ${event.host}${address}`;
  const took = event.elapsed_ms === null ? '' : `, ${Math.round(event.elapsed_ms)} ms`;
  const why = [event.reply, event.reason, event.blame === null ? null : `blamed: ${event.blame}`].filter(
    part => part,
  );
  const tail = `${whom}${way}${place}${took}${why.length === 0 ? '' : `: ${why.join('; ')}`}`;
  return `${event.at}  ${event.id}  ${paintState(event.event, output, 9)}  ${printable(tail)}\n`;
}
