import { type Command, Option } from 'commander';
import { mistakeText } from '../../config/mistake.ts';
import { readSettings } from '../../config/read-settings.ts';
import type { Settings } from '../../config/settings.ts';
import { presentAddress } from '../../decision/egress/host-advice.ts';
import {
  type ComparedRecord,
  type Comparison,
  compareRecords,
  type ExtraRecord,
} from '../../decision/records/compare.ts';
import type { WantedRecord, WantedRecords } from '../../decision/records/wanted-record.ts';
import { wantedRecords } from '../../decision/records/wanted-records.ts';
import { zoneLine } from '../../protocol/dns/zone-text.ts';
import type { CliParts } from './cli-parts.ts';
import { defaultConfigFile } from './cli-parts.ts';
import { addCommand, optionsOf, withConfig, withJson } from './command.ts';
import { jsonLine, type Output, paintState } from './output.ts';

type RecordsOptions = { format?: 'table' | 'zone' | 'json'; diff?: boolean; wait?: boolean };

/** Between two looks of `--wait`. */
const lookEveryMs = 10_000;

/** `postern records`. */
export function addRecords(program: Command, parts: CliParts, end: (code: number) => void): void {
  const records = addCommand(
    program,
    'records',
    'the DNS records that the configuration needs: what, where, who sets it, and is it so now',
    ['postern records', 'postern records --diff', 'postern records --format zone', 'postern records --wait'],
  );
  withJson(withConfig(records), 'one JSON document, as --format json')
    .addOption(
      new Option('--format <format>', 'a table for people, a zone file, or JSON').choices([
        'table',
        'zone',
        'json',
      ]),
    )
    .option('--diff', 'only what is missing, wrong or extra in DNS; exit code 1 if something is')
    .option('--wait', 'ask DNS until every record that is needed is right')
    .action(async (_options, command: Command) => {
      end(await showRecords(command, parts));
    });
}

async function showRecords(command: Command, parts: CliParts): Promise<number> {
  const {
    config = defaultConfigFile,
    json,
    format,
    diff = false,
    wait = false,
  } = optionsOf<RecordsOptions>(command);
  const form = json === true ? 'json' : (format ?? 'table');
  if (form === 'zone' && (diff || wait)) {
    parts.output.error(
      'A zone file has no place for the live state; write --format json, or leave --diff and --wait out.',
    );
    return 2;
  }
  const read = await readSettings(config);
  if (!read.ok) {
    for (const mistake of read.error) parts.output.error(mistakeText(mistake));
    return 2;
  }
  const { settings } = read.value;
  const wanted = await recordsOf(settings, parts);
  if (form === 'zone') {
    await parts.output.write(zoneFile(wanted));
    return 0;
  }
  let comparison = await compareNow(settings, wanted, parts);
  while (wait && !isRight(comparison)) {
    tellProgress(comparison, parts.output);
    await parts.clock.sleep(lookEveryMs);
    comparison = await compareNow(settings, wanted, parts);
  }
  const shown = diff
    ? { ...comparison, records: comparison.records.filter(({ state }) => state !== 'right') }
    : comparison;
  await parts.output.write(
    form === 'json' ? jsonLine(document(shown, wanted)) : table(shown, wanted, parts.output),
  );
  return exitCode(comparison, diff || wait);
}

/** The records that are needed and not right in DNS now, as lines of a zone. */
export async function missingRecords(settings: Settings, parts: CliParts): Promise<readonly string[]> {
  const wanted = await recordsOf(settings, parts);
  const { records } = await compareNow(settings, wanted, parts);
  return records
    .filter(compared => isNeeded(compared) && compared.state !== 'right')
    .map(({ record }) => zoneLine(record));
}

async function recordsOf(settings: Settings, { network, files }: CliParts): Promise<WantedRecords> {
  const { listenerKeys } = await import('../../runtime/records/listener-keys.ts');
  const present = network().addresses();
  const interfaceAddresses = new Map<string, string>();
  for (const egress of settings.uplinks.flatMap(({ egresses }) => egresses)) {
    const address = egress.interface === null ? null : (presentAddress(egress, present)?.address ?? null);
    if (address !== null) interfaceAddresses.set(egress.id, address);
  }
  const keys = await listenerKeys(files, settings.listeners);
  const wanted = wantedRecords({ ...settings, interfaceAddresses, keyDigests: keys.digests });
  return { ...wanted, notes: [...keys.troubles, ...wanted.notes] };
}

/** With a resolver of its own each time, so that nothing is believed from the time before. */
async function compareNow(
  settings: Settings,
  { records }: WantedRecords,
  parts: CliParts,
): Promise<Comparison> {
  const [{ outsideResolver }, { liveRecords }] = await Promise.all([
    import('../../runtime/dns/outside-resolver.ts'),
    import('../../runtime/records/live-records.ts'),
  ]);
  const resolver = outsideResolver(
    { network: parts.network(), clock: parts.clock, random: parts.random },
    settings,
  );
  try {
    return compareRecords(records, await liveRecords(resolver, records));
  } finally {
    resolver.close();
  }
}

const isNeeded = ({ record }: ComparedRecord): boolean => record.weight === 'needed';

const isRight = ({ records, extra }: Comparison): boolean =>
  extra.length === 0 && records.every(compared => compared.state === 'right' || !isNeeded(compared));

/** What is only advised may be missing; what is wrong or extra is a fault whoever advised it. */
function exitCode({ records, extra }: Comparison, judged: boolean): number {
  if (!judged) return 0;
  const isFault = (compared: ComparedRecord): boolean =>
    compared.state === 'wrong' || (compared.state === 'missing' && isNeeded(compared));
  if (extra.length > 0 || records.some(isFault)) return 1;
  return records.some(({ state }) => state === 'unknown') ? 3 : 0;
}

function tellProgress({ records, extra }: Comparison, output: Output): void {
  if (!output.terminal) return;
  const open =
    records.filter(compared => isNeeded(compared) && compared.state !== 'right').length + extra.length;
  output.error(`${open} of the records are not right yet; DNS is asked again in ${lookEveryMs / 1000} s.`);
}

function zoneFile({ records, notes, policies }: WantedRecords): string {
  const lines: string[] = [];
  for (const [zone, members] of Map.groupBy(records, record => record.zone)) {
    const setters = [...new Set(members.map(({ setBy }) => setBy))].join(', ');
    lines.push(`; in the zone ${zone}, set by ${setters}`);
    for (const record of members)
      lines.push(record.weight === 'needed' ? zoneLine(record) : `${zoneLine(record)} ; advised`);
    lines.push('');
  }
  for (const [host, policy] of policies) {
    lines.push(`; https://${host}/.well-known/mta-sts.txt holds:`);
    for (const line of policy.trimEnd().split('\r\n')) lines.push(`;   ${line}`);
    lines.push('');
  }
  for (const note of notes) lines.push(`; ${note}`);
  return `${lines.join('\n').trimEnd()}\n`;
}

function document(shown: Comparison, { notes, policies }: WantedRecords): object {
  return {
    records: shown.records.map(({ record, state, live, reason }) => ({
      ...fields(record),
      state,
      live,
      ...(reason === null ? {} : { reason }),
    })),
    extra: shown.extra,
    notes,
    policies: Object.fromEntries(policies),
  };
}

function fields({ name, type, data, ttlS, zone, setBy, weight, why }: WantedRecord): object {
  return { name, type, data, ttl: ttlS, zone, set_by: setBy, weight, why };
}

function table(shown: Comparison, { notes, policies }: WantedRecords, output: Output): string {
  const lines: string[] = [];
  for (const [setter, members] of Map.groupBy(shown.records, ({ record }) => record.setBy)) {
    lines.push(setter === 'you' ? 'In your own zones:' : `To be set by ${setter}:`);
    for (const compared of members) lines.push(...tell(compared, output));
    lines.push('');
  }
  if (shown.extra.length > 0) {
    lines.push('There, and better not:');
    for (const extra of shown.extra) lines.push(...tellExtra(extra, output));
    lines.push('');
  }
  for (const [host, policy] of policies) {
    lines.push(`The policy that https://${host}/.well-known/mta-sts.txt is to hold:`);
    for (const line of policy.trimEnd().split('\r\n')) lines.push(`  ${line}`);
    lines.push('');
  }
  for (const note of notes) lines.push(`Note: ${note}`);
  lines.push(summary(shown));
  return `${lines.join('\n')}\n`;
}

function tell({ record, state, live, reason }: ComparedRecord, output: Output): string[] {
  const word = state === 'missing' && record.weight === 'advised' ? 'advised' : state;
  const now =
    state === 'wrong'
      ? [`           now: ${live.join(', ')}`]
      : reason === null
        ? []
        : [`           DNS could not be asked: ${reason}`];
  return [
    `  ${paintState(word, output, 8)} ${record.name} ${record.type} ${record.data}`,
    ...now,
    `           ${record.why}`,
  ];
}

function tellExtra({ name, type, data, why }: ExtraRecord, output: Output): string[] {
  return [`  ${paintState('extra', output, 8)} ${name} ${type} ${data}`, `           ${why}`];
}

function summary({ records, extra }: Comparison): string {
  const count = (fits: (compared: ComparedRecord) => boolean): number => records.filter(fits).length;
  const missing = count(compared => compared.state === 'missing' && isNeeded(compared));
  const wrong = count(({ state }) => state === 'wrong');
  const unknown = count(({ state }) => state === 'unknown');
  if (missing + wrong + unknown + extra.length === 0)
    return 'Every record that the configuration needs is in DNS.';
  const parts = [
    [missing, 'missing'],
    [wrong, 'wrong'],
    [extra.length, 'extra'],
    [unknown, 'not to be asked now'],
  ] as const;
  const told = parts.filter(([number]) => number > 0).map(([number, what]) => `${number} ${what}`);
  return `Of the records that the configuration needs: ${told.join(', ')}.`;
}
