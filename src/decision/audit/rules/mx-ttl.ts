import { questionKey } from '../facts.ts';
import type { Judgement, Rule } from '../rule.ts';
import { type AuditView, evidenceOf } from '../view.ts';

const shortestS = 300;
const longestS = 86_400;

/** The MX set and its addresses do not live too long in caches. */
export const mxTtl: Rule = {
  id: 'MX-TTL',
  article: {
    title: 'The mail servers are remembered by others for too long.',
    meaning:
      'A record that lives over a day in caches makes a change of servers take as long to be seen. A short life cannot be told from outside, for a cache shows what is left of it.',
    actedOn: 'Every resolver.',
    ground: 'practice of large mail operators',
    fix: 'Give the record a time to live of an hour.',
    others: null,
  },
  judge: view => [...shortLived(view), ...longLived(view)],
};

/** Only the servers of the zone tell the whole of it. */
function shortLived(view: AuditView): Judgement[] {
  const { domain, nameServers } = view.facts;
  const question = questionKey(domain, 'MX');
  const [told] = nameServers.flatMap(({ name, answers }) => {
    const fact = answers[question];
    return fact?.kind === 'records' && fact.ttlS !== undefined ? [{ name, fact, ttlS: fact.ttlS }] : [];
  });
  if (told === undefined || told.ttlS >= shortestS) return [];
  return [
    {
      level: 'notice',
      subject: { kind: 'mx', name: domain },
      message: `${domain} MX lives ${told.ttlS} s in caches: every sender asks again and again, and a name server that is away is felt at once.`,
      evidence: [{ asked: `${told.name}: ${question}`, answer: `time to live ${told.ttlS} s` }],
      fix: `${domain}. 3600 IN MX ${told.fact.values[0] ?? ''}`,
    },
  ];
}

function longLived(view: AuditView): Judgement[] {
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
}
