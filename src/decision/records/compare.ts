import { dkimFault, isDkimName } from './dkim-record.ts';
import type { WantedRecord } from './wanted-record.ts';

/** What DNS says of one name and type now, in the words of `WantedRecord.data`. */
export type LiveAnswer =
  | {
      readonly kind: 'records';
      readonly data: readonly string[];
      /** Where one SPF record is among them, what it means for the addresses that are wanted in it. */
      readonly spf?: SpfCover;
    }
  | { readonly kind: 'none' }
  | { readonly kind: 'unknown'; readonly reason: string };

/** Does an SPF record, in whatever words, let mail pass from every address? The reason is a whole sentence. */
export type SpfCover =
  | { readonly kind: 'yes' }
  | { readonly kind: 'no' | 'unknown'; readonly reason: string };

/**
 * `right`: it is there. `missing`: nothing is. `wrong`: something else is in its place. `unknown`: nobody could say.
 */
export type RecordState = 'right' | 'missing' | 'wrong' | 'unknown';

export type ComparedRecord = {
  readonly record: WantedRecord;
  readonly state: RecordState;
  /** What is there of this name and type; for a TXT only what is of the same kind (`v=spf1 …`, or a DKIM key). */
  readonly live: readonly string[];
  /** Why it is unknown, or what is wrong with what is there; null: it says that itself. */
  readonly reason: string | null;
};

/** A record that is there and should not be: it leads mail or its judges astray. */
export type ExtraRecord = {
  readonly name: string;
  readonly type: WantedRecord['type'];
  readonly data: string;
  readonly why: string;
};

export type Comparison = {
  readonly records: readonly ComparedRecord[];
  readonly extra: readonly ExtraRecord[];
};

/** Mail suffers without it. */
export const isNeeded = ({ record }: ComparedRecord): boolean => record.weight === 'needed';

/** The key of a name and type in `live`. */
export const liveKey = ({ name, type }: Pick<WantedRecord, 'name' | 'type'>): string => `${name} ${type}`;

/** Sets what is wanted beside what is there. Every name and type of `wanted` is a key of `live`. */
export function compareRecords(
  wanted: readonly WantedRecord[],
  live: ReadonlyMap<string, LiveAnswer>,
): Comparison {
  const groups = Map.groupBy(wanted, liveKey);
  const records = wanted.map(record => compareOne(record, groups.get(liveKey(record)) ?? [], live));
  const extra = [...groups].flatMap(([key, group]) => extraOf(group, live.get(key)));
  return { records, extra };
}

type LiveRecords = Extract<LiveAnswer, { readonly kind: 'records' }>;

function compareOne(
  record: WantedRecord,
  group: readonly WantedRecord[],
  live: ReadonlyMap<string, LiveAnswer>,
): ComparedRecord {
  const answer = live.get(liveKey(record));
  if (answer === undefined || answer.kind === 'unknown')
    return { record, state: 'unknown', live: [], reason: answer?.reason ?? 'it was not asked' };
  if (answer.kind === 'none') return { record, state: 'missing', live: [], reason: null };
  const alike = answer.data.filter(data => isAlike(record, data));
  if (alike.some(data => isSame(record, data, answer)))
    return { record, state: 'right', live: alike, reason: null };
  // Another record of the group is what stands there: this one is missing beside it.
  const others = alike.filter(
    data => !group.some(each => isSame(each, data, answer)) && isInPlace(record, data),
  );
  const [other] = others;
  if (other === undefined) return { record, state: 'missing', live: alike, reason: null };
  if (isSpf(record) && answer.spf?.kind === 'unknown')
    return { record, state: 'unknown', live: alike, reason: answer.spf.reason };
  return { record, state: 'wrong', live: alike, reason: faultOf(record, other, answer) };
}

/** What is wrong with what stands in a record's place, where that is not plain to see. */
function faultOf(record: WantedRecord, data: string, { spf }: LiveRecords): string | null {
  if (isDkimName(record.name)) return dkimFault(record.data, data);
  if (record.isBackupMx === true) return "A backup's number must be larger than the primary's.";
  return isSpf(record) && spf?.kind === 'no' ? spf.reason : null;
}

const isSpf = ({ type, data }: WantedRecord): boolean => type === 'TXT' && kindOfText(data) === 'v=spf1';

/** In the set of a domain that others receive for, their MX are not in the place of ours. */
const isInPlace = ({ isBackupMx, data: wanted }: WantedRecord, data: string): boolean =>
  isBackupMx !== true || exchangeOf(data) === exchangeOf(wanted);

/** Where several of a kind may stand, those that nothing of ours explains. */
function extraOf(group: readonly WantedRecord[], answer: LiveAnswer | undefined): ExtraRecord[] {
  const [first] = group;
  if (first === undefined || answer?.kind !== 'records') return [];
  const why = whyExtra(first);
  if (why === null) return [];
  const unexplained = answer.data.filter(
    data => isAlike(first, data) && !group.some(record => isSame(record, data, answer)),
  );
  const rightOnes = group.filter(record => answer.data.some(data => isSame(record, data, answer)));
  // Where one stands in the place of another, it is `wrong` and not extra.
  if (rightOnes.length < group.length) return [];
  return unexplained.map(data => ({ name: first.name, type: first.type, data, why }));
}

const preferenceOf = (data: string): number => Number(data.slice(0, data.indexOf(' ')));
const exchangeOf = (data: string): string => data.slice(data.indexOf(' ') + 1).toLowerCase();

function whyExtra({ name, type, data, isBackupMx }: WantedRecord): string | null {
  switch (type) {
    case 'A':
    case 'AAAA':
      return `${name} also leads to an address that the configuration does not know.`;
    case 'MX':
      // The primary's hosts, and other backups, are not ours to know.
      if (isBackupMx === true) return null;
      return 'It leads to a host that the configuration does not know; where that is your backup, name it with --backup-mx.';
    case 'PTR':
      return 'An address has more than one name; some receivers look at the first only.';
    case 'TXT':
      if (isDkimName(name))
        return 'A selector has one key; of several, receivers take any (RFC 6376 section 3.6.2.2).';
      return `There may be one record only that begins with ${kindOfText(data)}.`;
    case 'TLSA':
      // The record of the next key stands beside that of today's (RFC 7671 section 8.1).
      return null;
    default:
      return type satisfies never;
  }
}

/** Of one kind: a TXT record is what its first word says. */
function isAlike(record: WantedRecord, data: string): boolean {
  if (record.type !== 'TXT' || isDkimName(record.name)) return true;
  return kindOfText(data).toLowerCase() === kindOfText(record.data).toLowerCase();
}

const kindOfText = (text: string): string => /^v=[^\s;]+/.exec(text)?.[0] ?? text;

/** Equal in what they mean. */
function isSame(record: WantedRecord, data: string, answer: LiveRecords): boolean {
  const { name, type, data: wanted, isBackupMx } = record;
  if (isDkimName(name)) return dkimFault(wanted, data) === null;
  if (isBackupMx === true) return exchangeOf(data) === exchangeOf(wanted) && isAfterOthers(data, answer.data);
  if (isSpf(record) && answer.spf?.kind === 'yes') return true;
  if (type === 'TXT') return isSameText(wanted, data);
  return wanted.toLowerCase() === data.toLowerCase();
}

const isAfterOthers = (data: string, set: readonly string[]): boolean =>
  set.every(other => exchangeOf(other) === exchangeOf(data)) ||
  set.some(other => preferenceOf(other) < preferenceOf(data));

function isSameText(wanted: string, data: string): boolean {
  switch (kindOfText(wanted)) {
    case 'v=spf1':
      return terms(wanted, / +/).join(' ') === terms(data, / +/).join(' ');
    // Any policy and any address for reports will do: what they are is the operator's choice.
    case 'v=DMARC1':
    case 'v=TLSRPTv1':
    case 'v=STSv1':
      return true;
    default:
      return wanted === data;
  }
}

/** The order of addresses in SPF means nothing, and `+` and `/32` are its defaults (RFC 7208 section 4.6.2, 5.6). */
function terms(text: string, between: RegExp): string[] {
  return text
    .trim()
    .toLowerCase()
    .split(between)
    .map(term =>
      term
        .replace(/^\+/, '')
        .replace(/^(ip4:[^/]*)\/32$/, '$1')
        .replace(/^(ip6:[^/]*)\/128$/, '$1'),
    )
    .toSorted();
}
