import { type LiveAnswer, liveKey } from '../../decision/records/compare.ts';
import type { WantedRecord } from '../../decision/records/wanted-record.ts';
import type { RecordData } from '../../protocol/dns/record.ts';
import type { Resolver } from '../dns/resolver.ts';

/** Asks DNS for every name and type of `wanted`, each once. */
export async function liveRecords(
  resolver: Pick<Resolver, 'resolve'>,
  wanted: readonly WantedRecord[],
): Promise<ReadonlyMap<string, LiveAnswer>> {
  const questions = new Map(wanted.map(record => [liveKey(record), record]));
  const answers = await Promise.all(
    [...questions].map(async ([key, { name, type }]) => [key, await ask(resolver, name, type)] as const),
  );
  return new Map(answers);
}

async function ask(
  resolver: Pick<Resolver, 'resolve'>,
  name: string,
  type: WantedRecord['type'],
): Promise<LiveAnswer> {
  const answer = await resolver.resolve(name, type);
  switch (answer.kind) {
    case 'records':
      return { kind: 'records', data: answer.records.map(dataText) };
    case 'nodata':
    case 'nxdomain':
      return { kind: 'none' };
    case 'temperror':
      return { kind: 'unknown', reason: answer.reason };
    default:
      return answer satisfies never;
  }
}

/** As in a master file, names absolute; a text as it is. */
function dataText(data: RecordData): string {
  switch (data.type) {
    case 'A':
    case 'AAAA':
      return data.address;
    case 'MX':
      return `${data.preference} ${data.exchange}.`;
    case 'CNAME':
    case 'NS':
    case 'PTR':
      return `${data.target}.`;
    case 'TXT':
      return data.text;
    case 'TLSA':
      return `${data.usage} ${data.selector} ${data.matchingType} ${data.certificate.toString('hex')}`;
    case 'SOA':
      return '';
    default:
      return data satisfies never;
  }
}
