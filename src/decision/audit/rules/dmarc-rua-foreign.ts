import { addressesIn, dmarcOf } from '../dmarc-view.ts';
import type { Judgement, Rule } from '../rule.ts';
import { evidenceOf } from '../view.ts';

/** Those who get the reports have agreed. */
export const dmarcRuaForeign: Rule = {
  id: 'DMARC-RUA-FOREIGN',
  article: {
    title: 'Reports go to a domain that has not agreed to get them.',
    meaning:
      'A receiver sends reports to another domain only if that one says that it takes them. Else you get none.',
    actedOn: 'Receivers that report.',
    ground: 'RFC 9990 section 4',
    fix: 'The other domain sets the record.',
    others: null,
  },
  judge(view) {
    const { domain } = view.facts;
    const policy = dmarcOf(view);
    if (policy === null || policy === 'unsure') return [];
    const targets = addressesIn(policy.tags.get('rua') ?? '').map(address =>
      address.slice(address.lastIndexOf('@') + 1).toLowerCase(),
    );
    return [...new Set(targets)].flatMap((target): Judgement[] => {
      if (target === domain || domain.endsWith(`.${target}`) || target.endsWith(`.${domain}`)) return [];
      const name = `${domain}._report._dmarc.${target}`;
      const fact = view.dns(name, 'TXT');
      if (
        fact.kind === 'temperror' ||
        (fact.kind === 'records' && fact.values.some(text => text.startsWith('v=DMARC1')))
      )
        return [];
      return [
        {
          level: 'warning',
          subject: { kind: 'domain', name: domain },
          message: `DMARC reports of ${domain} are to go to ${target}, which has not agreed to get them.`,
          evidence: [evidenceOf(view, name, 'TXT')],
          fix: `${name}. IN TXT "v=DMARC1"   # to be set by the owner of ${target}`,
        },
      ];
    });
  },
};
