import type { Judgement, Rule } from '../rule.ts';
import { evidenceOf } from '../view.ts';
import { dkimKeys } from './dkim-view.ts';

/** DKIM is meant, explained. */
export const dkimTest: Rule = {
  id: 'DKIM-TEST',
  article: {
    title: 'The key is marked as a test.',
    meaning: 'With t=y receivers treat signed mail as unsigned.',
    actedOn: 'Receivers that ask DKIM.',
    ground: 'RFC 6376 section 3.6.1',
    fix: 'Take t=y out when the test is over.',
    others: null,
  },
  judge(view) {
    const { domain } = view.facts;
    const subject = { kind: 'domain', name: domain } as const;
    return dkimKeys(view).flatMap(({ selector, name, tags }): Judgement[] => {
      if (tags === null) return [];
      const evidence = [evidenceOf(view, name, 'TXT')];
      if (!(tags.get('t') ?? '').toLowerCase().split(':').includes('y')) return [];
      return [
        {
          level: 'notice',
          subject,
          message: `The DKIM key ${selector} is marked as a test (t=y).`,
          evidence,
        },
      ];
    });
  },
};
