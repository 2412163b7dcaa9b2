import { isSpf } from '../../protocol/spf/record.ts';
import type { EgressFact } from './facts.ts';
import type { Judgement } from './rule.ts';
import { spfRecords } from './spf-of.ts';
import type { AuditView } from './view.ts';

/** The record of the domain with the address of the egress right after its version; nothing where there is not one. */
export function spfFix(
  view: AuditView,
  { address, family }: Pick<EgressFact, 'address' | 'family'>,
): Pick<Judgement, 'fix' | 'change'> {
  const { domain } = view.facts;
  const [old, ...others] = spfRecords(view, domain);
  if (old === undefined || others.length > 0) return {};
  const record = old.replace(/^(v=spf1)/i, `$1 ip${family}:${address}`);
  const values = view.records(domain, 'TXT').map(text => (text === old ? record : text));
  return {
    fix: `${domain}. IN TXT "${record}"`,
    change: { [`${domain} TXT`]: { kind: 'records', values } },
  };
}

/** The record of the domain rewritten, with every address that sends; nothing where it stays as it is. */
export function spfRewritten(
  view: AuditView,
  rewrite: (terms: readonly string[]) => readonly string[],
): Pick<Judgement, 'fix' | 'change'> {
  const { domain, egresses } = view.facts;
  const [old] = spfRecords(view, domain);
  if (old === undefined) return {};
  const terms = rewrite(
    old
      .split(' ')
      .slice(1)
      .filter(term => term !== ''),
  );
  const own = egresses.map(({ address, family }) => `ip${family}:${address}`);
  const missing = own.filter(
    term => !terms.some(each => each.replace(/^\+/, '').replace(/\/(32|128)$/, '') === term),
  );
  const record = ['v=spf1', ...missing, ...terms].join(' ');
  if (record === old) return {};
  const values = [...view.records(domain, 'TXT').filter(text => !isSpf(text)), record];
  return {
    fix: `${domain}. IN TXT "${record}"`,
    change: { [`${domain} TXT`]: { kind: 'records', values } },
  };
}
