import { ownerName } from './names.ts';
import type { DnsRecord, RecordData, RecordType } from './record.ts';

/** Aliases that are followed for one question, within an answer and over several (RFC 1034 section 3.6.2 sets none). */
export const maxAliases = 8;

/** "There is none" without a start of authority that says how long (RFC 2308 section 2.2). */
const defaultNegativeTtlS = 60;

/** What one response says to one question, its aliases followed. `name` is where they led to; TTLs are the least on the way. */
export type Finding =
  | {
      readonly kind: 'records';
      readonly name: string;
      readonly data: readonly RecordData[];
      readonly ttlS: number;
    }
  | { readonly kind: 'nodata' | 'nxdomain'; readonly name: string; readonly ttlS: number }
  /** The response ends at an alias: its target is still to be asked for. */
  | { readonly kind: 'alias'; readonly name: string; readonly ttlS: number };

/** The part of a response that matters here. */
export type Said = {
  readonly rcode: string;
  readonly answers: readonly DnsRecord[];
  readonly authorities: readonly DnsRecord[];
};

/** Reads a response with code NOERROR or NXDOMAIN. Records of other names than the chain of aliases are not believed. */
export function followAliases(name: string, type: RecordType, said: Said): Finding {
  let owner = name;
  let ttlS = Number.POSITIVE_INFINITY;
  for (let step = 0; step <= maxAliases; step++) {
    const own = said.answers.filter(record => record.name === owner);
    const found = own.filter(record => record.data.type === type);
    if (found.length > 0) {
      ttlS = Math.min(ttlS, ...found.map(record => record.ttlS));
      return { kind: 'records', name: owner, data: found.map(record => record.data), ttlS };
    }
    const alias = own.find(record => record.data.type === 'CNAME');
    if (alias?.data.type !== 'CNAME') return negative(name, owner, ttlS, said);
    ttlS = Math.min(ttlS, alias.ttlS);
    const target = ownerName(alias.data.target);
    // An alias to what is no name has no data.
    if (target === null) return { kind: 'nodata', name: owner, ttlS };
    owner = target;
  }
  return { kind: 'nodata', name: owner, ttlS };
}

function negative(asked: string, owner: string, aliasTtlS: number, said: Said): Finding {
  const authority = said.authorities.find(record => record.data.type === 'SOA');
  if (said.rcode !== 'nxdomain' && owner !== asked && authority === undefined)
    return { kind: 'alias', name: owner, ttlS: aliasTtlS };
  const ownTtlS =
    authority?.data.type === 'SOA' ? Math.min(authority.ttlS, authority.data.minimumS) : defaultNegativeTtlS;
  const kind = said.rcode === 'nxdomain' ? 'nxdomain' : 'nodata';
  return { kind, name: owner, ttlS: Math.min(aliasTtlS, ownTtlS) };
}
