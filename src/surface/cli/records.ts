import { type Command, InvalidArgumentError, Option } from 'commander';
import { mistakeText } from '../../config/mistake.ts';
import { readSettings } from '../../config/read-settings.ts';
import type { Settings } from '../../config/settings.ts';
import { presentAddress } from '../../decision/egress/host-advice.ts';
import {
  type ComparedRecord,
  type Comparison,
  compareRecords,
  isNeeded,
} from '../../decision/records/compare.ts';
import type { WantedRecords } from '../../decision/records/wanted-record.ts';
import { type RecordFacts, wantedRecords } from '../../decision/records/wanted-records.ts';
import { hostName } from '../../protocol/dns/names.ts';
import { zoneLine } from '../../protocol/dns/zone-text.ts';
import type { CliParts } from './cli-parts.ts';
import { defaultConfigFile } from './cli-parts.ts';
import { addCommand, optionsOf, withConfig, withJson } from './command.ts';
import { jsonLine, type Output } from './output.ts';
import { type NamedSelector, readNamedSelector, withKeys } from './records-selector.ts';
import { recordsDocument, recordsTable, zoneFile } from './records-text.ts';

type RecordsOptions = {
  format?: 'table' | 'zone' | 'json';
  diff?: boolean;
  wait?: boolean;
  selector?: NamedSelector[];
  backupMx?: string[];
};

/** Between two looks of `--wait`. */
const lookEveryMs = 10_000;

/** `postern records`. */
export function addRecords(program: Command, parts: CliParts, end: (code: number) => void): void {
  const records = addCommand(
    program,
    'records',
    'the DNS records that the configuration needs: what, where, who sets it, and is it so now',
    [
      'postern records',
      'postern records --diff',
      'postern records --format zone',
      'postern records --wait',
      'postern records --selector s1=/etc/dkim/s1.pem --backup-mx backup.example.com',
    ],
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
    .option(
      '--selector <name=file>',
      'a DKIM selector and the key that signs, in PEM; with @DOMAIN behind the name for that domain only; may be repeated',
      readNamedSelector,
    )
    .option(
      '--backup-mx <name>',
      'a backup elsewhere, which stands in the MX set too; may be repeated',
      readMxName,
    )
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
    selector = [],
    backupMx = [],
  } = optionsOf<RecordsOptions>(command);
  const form = json === true ? 'json' : (format ?? 'table');
  if (form === 'zone' && (diff || wait))
    return refuse(
      parts,
      'A zone file has no place for the live state; write --format json, or leave --diff and --wait out.',
    );
  const read = await readSettings(config);
  if (!read.ok) {
    for (const mistake of read.error) parts.output.error(mistakeText(mistake));
    return 2;
  }
  const { settings } = read.value;
  const signers = await withKeys(parts.files, selector);
  if (!signers.ok) return refuse(parts, signers.error);
  if (signers.value.some(({ domain }) => domain === null) && !settings.domains.some(isPrimary))
    return refuse(
      parts,
      `${config} is primary for no domain; say whose mail is signed, as in --selector s1@example.com=/etc/dkim/s1.pem.`,
    );
  const wanted = await recordsOf(settings, { dkimSigners: signers.value, backupMx }, parts);
  if (form === 'zone') {
    await parts.output.write(zoneFile(wanted));
    return 0;
  }
  let comparison = await compareNow(settings, wanted, parts);
  while (wait && openCount(comparison) > 0) {
    tellProgress(comparison, parts.output);
    await parts.clock.sleep(lookEveryMs);
    comparison = await compareNow(settings, wanted, parts);
  }
  const shown = diff
    ? { ...comparison, records: comparison.records.filter(({ state }) => state !== 'right') }
    : comparison;
  await parts.output.write(
    form === 'json' ? jsonLine(recordsDocument(shown, wanted)) : recordsTable(shown, wanted, parts.output),
  );
  return exitCode(comparison, diff || wait);
}

/** The records that are needed and not right in DNS now, as lines of a zone. */
export async function missingRecords(settings: Settings, parts: CliParts): Promise<readonly string[]> {
  const wanted = await recordsOf(settings, { dkimSigners: [], backupMx: [] }, parts);
  const { records } = await compareNow(settings, wanted, parts);
  return records
    .filter(compared => isNeeded(compared) && compared.state !== 'right')
    .map(({ record }) => zoneLine(record));
}

function readMxName(text: string, before: string[] = []): string[] {
  const name = hostName(text.toLowerCase());
  if (name?.includes('.') !== true)
    throw new InvalidArgumentError('Write the name of the backup, as in backup.example.com.');
  return [...before, name];
}

function refuse({ output }: CliParts, sentence: string): 2 {
  output.error(sentence);
  return 2;
}

const isPrimary = ({ role }: Settings['domains'][number]): boolean => role === 'primary';

async function recordsOf(
  settings: Settings,
  named: Pick<RecordFacts, 'dkimSigners' | 'backupMx'>,
  { network, files }: CliParts,
): Promise<WantedRecords> {
  const { listenerKeys } = await import('../../runtime/records/listener-keys.ts');
  const present = network().addresses();
  const interfaceAddresses = new Map<string, string>();
  for (const egress of settings.uplinks.flatMap(({ egresses }) => egresses)) {
    const address = egress.interface === null ? null : (presentAddress(egress, present)?.address ?? null);
    if (address !== null) interfaceAddresses.set(egress.id, address);
  }
  const keys = await listenerKeys(files, settings.listeners);
  const wanted = wantedRecords({ ...settings, interfaceAddresses, keyDigests: keys.digests, ...named });
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

/** What stands in the way of "all is right": only what is no more than advised may be missing. */
const isOpen = (compared: ComparedRecord): boolean =>
  compared.state === 'wrong' || (compared.state !== 'right' && isNeeded(compared));

const openCount = ({ records, extra }: Comparison): number => records.filter(isOpen).length + extra.length;

/** What is only advised may be missing; what is wrong or extra is a fault whoever advised it. */
function exitCode({ records, extra }: Comparison, judged: boolean): number {
  if (!judged) return 0;
  const isFault = (compared: ComparedRecord): boolean =>
    compared.state === 'wrong' || (compared.state === 'missing' && isNeeded(compared));
  if (extra.length > 0 || records.some(isFault)) return 1;
  return records.some(({ state }) => state === 'unknown') ? 3 : 0;
}

function tellProgress(comparison: Comparison, { terminal, error }: Output): void {
  if (!terminal) return;
  error(
    `${openCount(comparison)} of the records are not right yet; DNS is asked again in ${lookEveryMs / 1000} s.`,
  );
}
