import { subjectOf } from '../conversation-evidence.ts';
import type { Judgement, Rule } from '../rule.ts';

/** Only CRLF ends a line. */
export const smtpBareLf: Rule = {
  id: 'SMTP-BARE-LF',
  article: {
    title: 'The server can be made to take one message for two.',
    meaning:
      'A line end that is no CRLF ends the message for this server and not for the one before it. What follows is taken for a message of its own, with a sender that nobody checked (SMTP smuggling).',
    actedOn: 'Forgers.',
    ground: 'RFC 5321 section 2.3.8',
    fix: 'Let the server refuse bare LF and CR.',
    others: null,
  },
  judge(view) {
    return view.facts.conversations.flatMap((conversation): Judgement[] => {
      const { bareNewlineEnds, bareNewlineUntold, host } = conversation;
      const subject = subjectOf(conversation);
      if (bareNewlineUntold !== undefined)
        return [
          {
            level: 'skip',
            subject,
            message: `${host} did not tell what ends a message. ${bareNewlineUntold}`,
          },
        ];
      if (bareNewlineEnds === null) return [];
      if (!bareNewlineEnds)
        return [{ level: 'pass', subject, message: `${host} ends a message at CRLF only.` }];
      return [
        {
          level: 'error',
          subject,
          message: `${host} takes a bare LF or CR for the end of a line around the final dot: messages can be smuggled in.`,
          fix: 'bare_newline: refuse   # in Postern; smtpd_forbid_bare_newline = yes in Postfix',
        },
      ];
    });
  },
};
