import { type Command, InvalidArgumentError } from 'commander';
import { parseDuration } from '../../config/measures.ts';
import { nearWord } from '../../config/near-word.ts';
import type { EgressTestDocument, UplinksDocument } from '../control/documents.ts';
import type { DrillAnswer } from '../control/drill-document.ts';
import { longestDrillMs } from '../control/protocol.ts';
import type { CliParts } from './cli-parts.ts';
import { addCommand, callGateway, optionsOf, withConfig, withJson } from './command.ts';
import { drillProgressText, drillText } from './drill-text.ts';
import { columns, jsonLine, type Output, paintState, shortTime } from './output.ts';

const defaultDrillMs = 60_000;
const clearScreen = '\u001b[H\u001b[2J';

/** `postern uplinks`, `uplinks test`, `drain`, `resume` and `drill`. */
export function addUplinks(program: Command, parts: CliParts, end: (code: number) => void): void {
  const uplinks = addCommand(
    program,
    'uplinks',
    'show the uplinks of the running gateway: state, since when, why',
    [
      'postern uplinks',
      'postern uplinks --watch',
      'postern uplinks drain isp1 --for 2h --reason "provider works on the line"',
    ],
  );
  withJson(withConfig(uplinks), 'one JSON document; with --watch, one a line')
    .option('--watch', 'go on showing, at each change and once a second')
    .allowExcessArguments()
    .action(async (_options, command: Command) => {
      const [word] = command.args;
      if (word !== undefined) {
        const near = nearWord(word, ['test', 'drain', 'resume', 'drill']);
        command.error(
          `error: unknown command 'uplinks ${word}'${near === null ? '' : `\n(Did you mean ${near}?)`}`,
        );
      }
      end(await showUplinks(command, parts));
    });

  const test = addCommand(
    uplinks,
    'test <name>',
    "connect, say EHLO and look up the identity's names, for each address of an uplink, now",
    ['postern uplinks test isp1'],
  );
  withJson(withConfig(test), 'one JSON object a line, for each address').action(
    async (name: string, _options, command: Command) => {
      end(await testUplink(name, command, parts));
    },
  );

  const drain = addCommand(
    uplinks,
    'drain <name>',
    'take an uplink out of use by hand; what is under way finishes',
    [
      'postern uplinks drain isp1',
      'postern uplinks drain isp1 --for 2h --reason "provider works on the line"',
    ],
  );
  withConfig(drain)
    .option(
      '--for <duration>',
      'back in use after this time, as in 2h (default: until resumed)',
      durationOption,
    )
    .option('--reason <text>', 'why, for those who look at the uplinks', 'taken out by hand')
    .action(async (uplink: string, _options, command: Command) => {
      const { for: forMs, reason } = optionsOf<{ for?: number; reason: string }>(command);
      end(
        await callGateway(
          command,
          parts,
          { command: 'drain', uplink, forMs: forMs ?? null, reason },
          () => undefined,
        ),
      );
    });

  addDrill(uplinks, parts, end);

  const resume = addCommand(uplinks, 'resume <name>', 'take a drained uplink back into use', [
    'postern uplinks resume isp1',
  ]);
  withConfig(resume).action(async (uplink: string, _options, command: Command) => {
    end(await callGateway(command, parts, { command: 'resume', uplink }, () => undefined));
  });
}

/** `postern uplinks drill`. */
function addDrill(uplinks: Command, parts: CliParts, end: (code: number) => void): void {
  const drill = addCommand(
    uplinks,
    'drill [name]',
    'send mail by a spare uplink for a while, and report whether it carries it; interrupted, it ends at once',
    ['postern uplinks drill', 'postern uplinks drill isp2 --for 5m'],
  );
  withJson(withConfig(drill), 'one JSON document, at the end')
    .option('--for <duration>', 'for so long, a day at most (default: 60s)', drillDuration)
    .action(async (uplink: string | undefined, _options, command: Command) => {
      const { for: forMs = defaultDrillMs, json = false } = optionsOf<{ for?: number }>(command);
      const { output } = parts;
      end(
        await callGateway<DrillAnswer>(
          command,
          parts,
          { command: 'drill', uplink: uplink ?? null, forMs },
          answer => {
            if ('report' in answer)
              return output.write(json ? jsonLine(answer.report) : drillText(answer.report, output));
            return json ? undefined : output.write(drillProgressText(answer.progress));
          },
        ),
      );
    });
}

function drillDuration(text: string): number {
  const ms = durationOption(text);
  if (ms > longestDrillMs) throw new InvalidArgumentError('A drill lasts a day at most.');
  return ms;
}

function durationOption(text: string): number {
  const duration = parseDuration(text);
  if (!duration.ok) throw new InvalidArgumentError(`It ${duration.why}.`);
  if (duration.value === 0) throw new InvalidArgumentError('It is no time at all; write a longer duration.');
  return duration.value;
}

function showUplinks(command: Command, parts: CliParts): Promise<number> {
  const { json = false, watch = false } = optionsOf<{ watch?: boolean }>(command);
  const { output } = parts;
  return callGateway<UplinksDocument>(command, parts, { command: 'uplinks', watch }, data => {
    if (json) return output.write(jsonLine(data));
    const shown = uplinksText(data, output);
    return output.write(watch && output.terminal ? clearScreen + shown : watch ? `${shown}\n` : shown);
  });
}

function uplinksText({ uplinks }: UplinksDocument, output: Output): string {
  const rows = uplinks.flatMap(uplink => [
    [uplink.name, uplink.state, shortTime(uplink.since), '', '', '', '', uplink.reason],
    ...uplink.egresses.map(egress => [
      `  ${egress.source ?? 'no address'}${egress.public === null || egress.public === egress.source ? '' : ` (${egress.public})`} as ${egress.ehlo}`,
      egress.state,
      shortTime(egress.since),
      String(egress.sent),
      String(egress.failed),
      egress.rate_per_s.toFixed(1),
      `${milliseconds(egress.connect_ms.p50)}/${milliseconds(egress.connect_ms.p99)}`,
      egress.fit === 'unfit' ? `${egress.reason}; unfit: ${egress.fit_reason}` : egress.reason,
    ]),
  ]);
  return columns(
    [['UPLINK', 'STATE', 'SINCE', 'SENT', 'FAILED', 'RATE/S', 'CONNECT MS p50/p99', 'REASON'], ...rows],
    output,
    1,
  );
}

function milliseconds(value: number | null): string {
  return value === null ? '-' : value.toFixed(0);
}

function testUplink(uplink: string, command: Command, parts: CliParts): Promise<number> {
  const { json = false } = optionsOf(command);
  const { output } = parts;
  return callGateway<EgressTestDocument>(command, parts, { command: 'test', uplink }, data =>
    output.write(json ? jsonLine(data) : testText(data, output)),
  );
}

function testText({ egress, host, ok, steps }: EgressTestDocument, output: Output): string {
  const head = `${egress} to ${host ?? 'no host'}: ${paintState(ok ? 'ok' : 'failed', output)}\n`;
  const rows = steps.map(step => [
    `  ${step.step}`,
    step.ok ? 'ok' : 'failed',
    `${Math.round(step.elapsed_ms)} ms`,
    step.text,
  ]);
  return head + columns(rows, output, 1);
}
