import type { Judgement, Rule } from '../rule.ts';
import { evidenceOf } from '../view.ts';

/** MX hosts of equal preference share the load. */
export const mxEqual: Rule = {
  id: 'MX-EQUAL',
  article: {
    title: 'Mail servers of equal preference share the mail; none comes first.',
    meaning: 'Senders pick one of them at random. That is a way to share load, and no order.',
    actedOn: 'Every sender.',
    ground: 'RFC 5321 section 5.1',
    fix: 'Nothing, if that is meant; else give them different preferences.',
    others: null,
  },
  judge(view) {
    const { domain } = view.facts;
    return [...Map.groupBy(view.mx, ({ preference }) => preference)].flatMap(
      ([preference, hosts]): Judgement[] => {
        if (hosts.length < 2) return [];
        const names = hosts.map(({ exchange }) => exchange).join(' and ');
        return [
          {
            level: 'info',
            subject: { kind: 'domain', name: domain },
            message: `${names} have the same preference ${preference}, so they share the mail at random.`,
            evidence: [evidenceOf(view, domain, 'MX')],
          },
        ];
      },
    );
  },
};
