import { dmarcOf } from '../dmarc-view.ts';
import type { Judgement, Rule } from '../rule.ts';
import { evidenceOf } from '../view.ts';

/** The domain has a DMARC policy. */
export const dmarcNone: Rule = {
  id: 'DMARC-NONE',
  article: {
    title: 'The domain has no DMARC policy.',
    meaning:
      'Large receivers want one of those who send much mail, and without it nobody reports to you who sends in your name.',
    actedOn: 'Gmail and Yahoo, of bulk senders since 2024.',
    ground: 'RFC 9989 section 4.10; published rules of Gmail and Yahoo',
    fix: 'Set a policy that only asks for reports: p=none.',
    others: null,
  },
  judge(view) {
    const { domain } = view.facts;
    const subject = { kind: 'domain', name: domain } as const;
    const evidence = [evidenceOf(view, `_dmarc.${domain}`, 'TXT')];
    const policy = dmarcOf(view);
    if (policy === 'unsure')
      return [
        {
          level: 'skip',
          subject,
          message: `Nobody could say whether ${domain} has a DMARC policy.`,
          evidence,
        },
      ];
    if (policy !== null)
      return [
        {
          level: 'pass',
          subject,
          message: `${domain} has a DMARC policy at ${policy.name}.`,
          evidence: [evidenceOf(view, policy.name, 'TXT')],
        },
      ];
    // A text that was meant as one is told by DMARC-SYNTAX.
    if (view.records(`_dmarc.${domain}`, 'TXT').some(text => /dmarc/i.test(text))) return [];
    const judgement: Judgement = {
      level: 'warning',
      subject,
      message: `${domain} has no DMARC policy, which large receivers want of those who send much mail.`,
      evidence,
      fix: `_dmarc.${domain}. IN TXT "v=DMARC1; p=none; rua=mailto:postmaster@${domain}"`,
      change: {
        [`_dmarc.${domain} TXT`]: {
          kind: 'records',
          values: [`v=DMARC1; p=none; rua=mailto:postmaster@${domain}`],
        },
      },
    };
    return [judgement];
  },
};
