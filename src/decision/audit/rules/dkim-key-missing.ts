import { dkimKeys } from '../dkim-view.ts';
import type { Judgement, Rule } from '../rule.ts';
import { evidenceOf } from '../view.ts';

/** A selector that is used has its key. */
export const dkimKeyMissing: Rule = {
  id: 'DKIM-KEY-MISSING',
  article: {
    title: 'The key of your signatures is not in DNS.',
    meaning: 'Receivers cannot verify the signature, and treat the mail as unsigned.',
    actedOn: 'Receivers that ask DKIM and DMARC.',
    ground: 'RFC 6376 section 3.6',
    fix: 'Publish the key of the selector.',
    others: 'Without the name of a selector nobody can say "no DKIM"; testing sites that do so guess.',
  },
  judge(view) {
    const { domain } = view.facts;
    const keys = dkimKeys(view);
    const subject = { kind: 'domain', name: domain } as const;
    if (keys.length === 0)
      return [
        {
          level: 'skip',
          subject,
          message: 'No DKIM selector was given, so keys could not be looked at; name it with --selector.',
        },
      ];
    return keys.map(({ selector, name, fact }): Judgement => {
      const evidence = [evidenceOf(view, name, 'TXT')];
      if (fact.kind === 'records')
        return { level: 'pass', subject, message: `The DKIM key ${selector} is there.`, evidence };
      if (fact.kind === 'temperror')
        return {
          level: 'skip',
          subject,
          message: `Nobody could say whether the DKIM key ${selector} is there.`,
          evidence,
        };
      return {
        level: 'error',
        subject,
        message: `There is no DKIM key for the selector ${selector} of ${domain}.`,
        evidence,
        fix: `${name}. IN TXT "v=DKIM1; p=(the public key of the signer)"`,
      };
    });
  },
};
