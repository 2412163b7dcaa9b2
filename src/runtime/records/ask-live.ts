import type { LiveAnswer } from '../../decision/records/compare.ts';
import type { RecordType } from '../../protocol/dns/record.ts';
import { dataText } from '../../protocol/dns/zone-text.ts';
import type { Resolver } from '../dns/resolver.ts';

/** What DNS says of a name and type, in the words of a master file. */
export async function askLive(
  resolver: Pick<Resolver, 'resolve'>,
  name: string,
  type: RecordType,
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
