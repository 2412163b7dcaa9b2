import { type LiveAnswer, liveKey } from '../../decision/records/compare.ts';
import type { WantedRecord } from '../../decision/records/wanted-record.ts';
import { isSpf } from '../../protocol/spf/record.ts';
import type { Resolver } from '../dns/resolver.ts';
import { askLive } from './ask-live.ts';
import { spfCover } from './spf-cover.ts';

/** Asks DNS for every name and type of `wanted`, each once; and of SPF, all that it leads to. */
export async function liveRecords(
  resolver: Pick<Resolver, 'resolve'>,
  wanted: readonly WantedRecord[],
): Promise<ReadonlyMap<string, LiveAnswer>> {
  const groups = Map.groupBy(wanted, liveKey);
  const answers = await Promise.all(
    [...groups].map(async ([key, group]) => [key, await answerFor(resolver, group)] as const),
  );
  return new Map(answers.flatMap(([key, answer]) => (answer === null ? [] : [[key, answer]])));
}

async function answerFor(
  resolver: Pick<Resolver, 'resolve'>,
  group: readonly WantedRecord[],
): Promise<LiveAnswer | null> {
  const [first] = group;
  if (first === undefined) return null;
  const { name, type } = first;
  const answer = await askLive(resolver, name, type);
  const spf = type === 'TXT' ? group.find(({ data }) => isSpf(data)) : undefined;
  if (spf === undefined || answer.kind !== 'records' || answer.data.filter(isSpf).length !== 1) return answer;
  const addresses = [...spf.data.matchAll(/ ip[46]:(\S+)/g)].flatMap(([, address]) => address ?? []);
  return { ...answer, spf: await spfCover(resolver, name, addresses) };
}
