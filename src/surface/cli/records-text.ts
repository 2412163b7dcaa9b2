import {
  type ComparedRecord,
  type Comparison,
  type ExtraRecord,
  isNeeded,
} from '../../decision/records/compare.ts';
import type { WantedRecord, WantedRecords } from '../../decision/records/wanted-record.ts';
import { textStrings, zoneLine } from '../../protocol/dns/zone-text.ts';
import { printable } from '../printable.ts';
import { type Output, paintState } from './output.ts';

/** Lines of a zone for each zone, with what cannot be said as a record in comments. */
export function zoneFile({ records, notes, policies }: WantedRecords): string {
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

/** The document of `--json`. */
export function recordsDocument(shown: Comparison, { notes, policies }: WantedRecords): object {
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
  const strings = type === 'TXT' ? { strings: textStrings(data) } : {};
  return { name, type, data, ...strings, ttl: ttlS, zone, set_by: setBy, weight, why };
}

/** The table for people. */
export function recordsTable(shown: Comparison, { notes, policies }: WantedRecords, output: Output): string {
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
  return [
    `  ${paintState(word, output, 8)} ${record.name} ${record.type} ${record.data}`,
    ...(state === 'wrong' ? [`           now: ${live.map(printable).join(', ')}`] : []),
    ...(reason === null
      ? []
      : [`           ${state === 'unknown' ? 'DNS could not be asked: ' : ''}${printable(reason)}`]),
    `           ${record.why}`,
    ...splitHint(record),
  ];
}

/** Programs that serve a zone from a file want long texts in pieces; what asks for them in a form mostly does not. */
function splitHint({ type, data }: WantedRecord): string[] {
  const pieces = type === 'TXT' ? textStrings(data).length : 1;
  return pieces > 1
    ? [`           In a zone file it takes ${pieces} strings; --format zone writes them.`]
    : [];
}

function tellExtra({ name, type, data, why }: ExtraRecord, output: Output): string[] {
  return [`  ${paintState('extra', output, 8)} ${name} ${type} ${printable(data)}`, `           ${why}`];
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
