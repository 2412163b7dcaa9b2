import type { DnsFact } from './dns-fact.ts';
import { type AuditFacts, questionKey } from './facts.ts';

type Records = Extract<DnsFact, { readonly kind: 'records' }>;

/**
 * What DNS would say once the records of a fix were set, each line one record as in a master file; null where the fix
 * is not made of records alone, so that it cannot be tried. Texts of one kind (SPF, DMARC, …) and PTRs take the place
 * of the old ones, an MX that of the same name; all else is added.
 */
export function changeOf(fix: string, facts: AuditFacts): Record<string, DnsFact> | null {
  const change: Record<string, DnsFact> = {};
  for (const line of fix.split('\n')) {
    const [, name = '', type = '', data = ''] =
      /^(\S+)\. (?:\d+ )?IN (A|AAAA|MX|PTR|TXT|TLSA|CAA) ("[^"]*"|[^"#()]+?|\d+ \w+ "[^"]*")$/.exec(
        line.replace(/\s+#.*$/, ''),
      ) ?? [];
    if (name === '') return null;
    const key = questionKey(name, type);
    change[key] = withRecord(change[key] ?? facts.dns[key], type, data);
  }
  return change;
}

function withRecord(fact: DnsFact | undefined, type: string, data: string): Records {
  const old = fact?.kind === 'records' && fact.alias === undefined ? fact.values : [];
  const authenticated =
    fact !== undefined && fact.kind !== 'temperror' && fact.authenticated === true
      ? { authenticated: true }
      : {};
  const value = type === 'TXT' ? data.slice(1, -1) : type === 'PTR' ? data.replace(/\.$/, '') : data;
  const stays = old.filter(each => each !== value && !isReplaced(type, each, value));
  return { kind: 'records', values: [...stays, value], ...authenticated };
}

function isReplaced(type: string, old: string, value: string): boolean {
  switch (type) {
    case 'PTR':
      return true;
    case 'MX':
      return old.split(' ')[1] === value.split(' ')[1];
    case 'TXT':
      return kinds.some(kind => kind.test(old) && kind.test(value));
    default:
      return false;
  }
}

/** Texts of which a name has one; a text that was meant as such counts. */
const kinds = [/^v=spf1\b/i, /dmarc1/i, /^v=STSv1\b/i, /^v=TLSRPTv1\b/i, /^v=DKIM1\b/i];
