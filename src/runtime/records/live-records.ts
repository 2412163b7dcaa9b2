import { type LiveAnswer, liveKey } from '../../decision/records/compare.ts';
import type { WantedRecord } from '../../decision/records/wanted-record.ts';
import { dataText } from '../../protocol/dns/zone-text.ts';
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
