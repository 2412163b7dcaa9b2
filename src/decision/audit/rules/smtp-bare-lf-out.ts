import type { Judgement, Rule } from '../rule.ts';

/** What this gateway sends on cannot be read as two messages. */
export const smtpBareLfOut: Rule = {
  id: 'SMTP-BARE-LF-OUT',
  article: {
    title: 'What the gateway sends on could be taken for two messages.',
    meaning:
      'Postern sends every line end as CRLF and doubles every dot at the beginning of a line, whatever came in.',
    actedOn: 'Forgers, if it were otherwise.',
    ground: 'RFC 5321 sections 2.3.8 and 4.5.2',
    fix: 'Nothing needs to be done.',
    others: null,
  },
  judge(view) {
    if (view.facts.configuration === null) return [];
    const judgement: Judgement = {
      level: 'pass',
      subject: { kind: 'configuration' },
      message: 'What this gateway sends on has CRLF line ends only, and every dot is doubled.',
    };
    return [judgement];
  },
};
