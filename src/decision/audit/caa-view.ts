import type { AuditView } from './view.ts';
import { withParents } from './with-parents.ts';

/** The CAA set that holds for a host: its own, or that of the nearest domain above that has one (RFC 8659 section 3). */
export function caaOf(
  view: AuditView,
  host: string,
): { readonly name: string; readonly issuers: readonly string[] } | null {
  for (const name of withParents(host)) {
    const fact = view.dns(name, 'CAA');
    if (fact.kind === 'temperror') return null;
    if (fact.kind !== 'records') continue;
    const issuers = fact.values.flatMap(text => /^\d+ issue "([^";]*)/.exec(text)?.[1]?.trim() ?? []);
    return issuers.length === 0 ? null : { name, issuers };
  }
  return null;
}

/** The domain by which the large authorities are named in CAA records; null: not known. */
export function issuerDomain(issuer: string): string | null {
  return authorities.find(([words]) => words.test(issuer))?.[1] ?? null;
}

const authorities: readonly (readonly [RegExp, string])[] = [
  [/Let's Encrypt/i, 'letsencrypt.org'],
  [/ZeroSSL|Sectigo|COMODO/i, 'sectigo.com'],
  [/DigiCert|GeoTrust|RapidSSL|Thawte/i, 'digicert.com'],
  [/Google Trust Services/i, 'pki.goog'],
  [/GlobalSign/i, 'globalsign.com'],
  [/Buypass/i, 'buypass.com'],
  [/Amazon/i, 'amazon.com'],
];
