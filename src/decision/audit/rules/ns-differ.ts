import { answerText, type DnsFact } from '../dns-fact.ts';
import type { Judgement, Rule } from '../rule.ts';

/** The domain's name servers say the same. */
export const nsDiffer: Rule = {
  id: 'NS-DIFFER',
  article: {
    title: 'The name servers of the domain contradict each other.',
    meaning:
      'What the world sees depends on which of them answers. Mail comes in on some days and not on others.',
    actedOn: 'Every sender and receiver, by chance.',
    ground: 'RFC 1034 section 4.3.5',
    fix: 'See that the zone is transferred to all of its servers.',
    others: null,
  },
  judge(view) {
    const { nameServers, domain } = view.facts;
    const questions = [...new Set(nameServers.flatMap(({ answers }) => Object.keys(answers)))];
    return questions.flatMap((question): Judgement[] => {
      const told = nameServers.flatMap(({ name, address, answers }) => {
        const fact = answers[question];
        return fact === undefined || fact.kind === 'temperror'
          ? []
          : [{ server: `${name} [${address}]`, text: sortedText(fact) }];
      });
      if (new Set(told.map(({ text }) => text)).size < 2) return [];
      return [
        {
          level: 'error',
          subject: { kind: 'zone', name: domain },
          message: `The name servers of ${domain} answer ${question} differently.`,
          evidence: told.map(({ server, text }) => ({ asked: `${server}: ${question}`, answer: text })),
          fix: 'Reload the zone on the servers that have the old one.',
        },
      ];
    });
  },
};

function sortedText(fact: DnsFact): string {
  return fact.kind === 'records' ? fact.values.toSorted().join(', ') : answerText(fact);
}
