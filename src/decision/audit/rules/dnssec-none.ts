import type { Judgement, Rule } from '../rule.ts';

/** The zone is signed, or lives without. */
export const dnssecNone: Rule = {
  id: 'DNSSEC-NONE',
  article: {
    title: 'The zone is not signed with DNSSEC.',
    meaning: 'Without signatures DANE cannot protect mail to you, and answers can be forged on the way.',
    actedOn: 'Nobody.',
    ground: 'RFC 7672 section 2.1',
    fix: 'Sign the zone; most providers do it by a click.',
    others: null,
  },
  judge(view) {
    const { domain } = view.facts;
    if (!view.validates) return [];
    return [domain, ...view.mailHosts.filter(host => host !== domain)].flatMap((name): Judgement[] => {
      const fact = view.dns(name, name === domain && view.mx.length > 0 ? 'MX' : 'A');
      if (fact.kind !== 'records' || fact.authenticated === true) return [];
      return [
        { level: 'info', subject: { kind: 'zone', name }, message: `The zone of ${name} is not signed.` },
      ];
    });
  },
};
