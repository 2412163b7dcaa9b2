import { hostName } from '../../protocol/dns/names.ts';
import { type MxFacts, type MxRecord, maxHosts } from './mx-facts.ts';

/** A host that the MX set names, by its canonical name. */
export type MxHost = { readonly name: string; readonly preference: number };

/**
 * The hosts of an MX answer whose addresses are to be asked for, best first, at most `maxHosts`.
 * Without an MX the domain itself is its host (the implicit MX of RFC 5321 section 5.1). Null MX records, addresses
 * written as text and bad names are left out; of a name that comes twice the better preference stands.
 */
export function mxHosts(domain: string, mx: MxFacts['mx']): readonly MxHost[] {
  if (mx.kind === 'nodata') return [{ name: domain, preference: 0 }];
  if (mx.kind !== 'records') return [];
  const best = new Map<string, number>();
  for (const { exchange, preference } of mx.records) {
    const name = hostName(exchange);
    if (name === null) continue;
    best.set(name, Math.min(preference, best.get(name) ?? preference));
  }
  return [...best]
    .map(([name, preference]) => ({ name, preference }))
    .toSorted((one, other) => one.preference - other.preference)
    .slice(0, maxHosts);
}

/** "This domain takes no mail" (RFC 7505): a null MX and nothing beside it. */
export function isNullMx(records: readonly MxRecord[]): boolean {
  return records.length > 0 && records.every(({ exchange }) => exchange === '');
}
