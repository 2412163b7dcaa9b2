import type { Rule } from '../rule.ts';
import { evidenceOf } from '../view.ts';

/** A null MX alone: the domain says that it takes no mail. */
export const mxNull: Rule = {
  id: 'MX-NULL',
  article: {
    title: 'The domain says that it takes no mail.',
    meaning:
      'The null MX (0 .) tells senders to give up at once. It is right for a domain without mail, and wrong for one that sends: nobody could answer, and bounces are lost.',
    actedOn: 'Every sender refuses mail for the domain at once; some receivers refuse mail from it.',
    ground: 'RFC 7505 sections 3 and 4.2',
    fix: 'Where the domain sends mail, name a server that takes the answers.',
    others: null,
  },
  judge(view) {
    const { domain, egresses } = view.facts;
    const [only, ...others] = view.mx;
    if (only?.exchange !== '' || others.length > 0) return [];
    const subject = { kind: 'domain', name: domain } as const;
    const evidence = [evidenceOf(view, domain, 'MX')];
    if (egresses.length === 0)
      return [
        { level: 'info', subject, message: `${domain} takes no mail, and says so as it should.`, evidence },
      ];
    return [
      {
        level: 'error',
        subject,
        message: `${domain} sends mail, but says that it takes none: answers and bounces are lost, and some receivers refuse its mail.`,
        evidence,
        fix: `${domain}. IN MX 10 mx1.${domain}.`,
      },
    ];
  },
};
