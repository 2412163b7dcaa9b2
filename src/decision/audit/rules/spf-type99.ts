import type { Judgement, Rule } from '../rule.ts';
import { evidenceOf } from '../view.ts';

/** No SPF record of the old type remains. */
export const spfType99: Rule = {
  id: 'SPF-TYPE99',
  article: {
    title: 'A record of a type that nobody asks any more remains.',
    meaning:
      'SPF had a record type of its own, which was given up. A leftover says something else than the text one day.',
    actedOn: 'Nobody.',
    ground: 'RFC 7208 section 3.1',
    fix: 'Take the record away.',
    others: null,
  },
  judge(view) {
    const { domain } = view.facts;
    if (view.records(domain, 'SPF').length === 0) return [];
    const judgement: Judgement = {
      level: 'notice',
      subject: { kind: 'domain', name: domain },
      message: `${domain} still has an SPF record of the old type, which nobody asks.`,
      evidence: [evidenceOf(view, domain, 'SPF')],
      fix: `Take the record of type SPF away from ${domain}.`,
      change: { [`${domain} SPF`]: { kind: 'nodata' } },
    };
    return [judgement];
  },
};
