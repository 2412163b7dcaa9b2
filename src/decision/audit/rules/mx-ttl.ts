import type { Judgement, Rule } from '../rule.ts';
import { evidenceOf } from '../view.ts';

const shortestS = 300;
const longestS = 86_400;

/** The MX set and its addresses live neither too short nor too long in caches. */
export const mxTtl: Rule = {
  id: 'MX-TTL',
  article: {
    title: 'The mail servers are remembered by others for too short or too long a time.',
    meaning:
      'Under five minutes every message costs look-ups, and a short failure of DNS becomes one of mail; over a day a change takes as long to be seen.',
    actedOn: 'Every resolver.',
    ground: 'practice of large mail operators',
    fix: 'Give the record a time to live of an hour.',
    others: null,
  },
  judge(view) {
    const { domain } = view.facts;
    return [domain, ...view.mailHosts].flatMap((name): Judgement[] => {
      const type = name === domain && view.mx.length > 0 ? 'MX' : 'A';
      const fact = view.dns(name, type);
      if (fact.kind !== 'records' || fact.ttlS === undefined) return [];
      const { ttlS } = fact;
      // What a cache still holds tells the least that it can be, and never that it is short.
      if (ttlS <= longestS) return [];
      return [
        {
          level: 'notice',
          subject: { kind: 'mx', name },
          message: `${name} ${type} lives ${Math.round(ttlS / 3600)} hours in caches: a change takes as long to be seen.`,
          evidence: [evidenceOf(view, name, type)],
          fix: `${name}. 3600 IN ${type} ${fact.values[0] ?? ''}`,
        },
      ];
    });
  },
};
