import { saidEvidence, subjectOf } from '../conversation-evidence.ts';
import type { Judgement, Rule } from '../rule.ts';
import { isAboutUs } from './mx-postmaster.ts';

/** A mail host takes mail from the null sender. */
export const smtpNullSender: Rule = {
  id: 'SMTP-NULL-SENDER',
  article: {
    title: 'The server refuses bounces.',
    meaning:
      'Bounces and delivery reports have no sender (MAIL FROM:<>), so that they never bounce again. A server that refuses them hears of no failure, and callers who check addresses in this way are refused too.',
    actedOn: 'Every server that has to tell you of a failure.',
    ground: 'RFC 5321 sections 4.5.5 and 6.1',
    fix: 'Let the server take the null sender.',
    others: null,
  },
  judge(view) {
    return view.facts.conversations.flatMap((conversation): Judgement[] => {
      const { nullSender, host } = conversation;
      if (nullSender === null) return [];
      const subject = subjectOf(conversation);
      const evidence = [saidEvidence(conversation, 'MAIL FROM:<>', nullSender)];
      if (nullSender.code < 300)
        return [{ level: 'pass', subject, message: `${host} takes bounces.`, evidence }];
      if (nullSender.code < 500 || isAboutUs(nullSender.status))
        return [
          { level: 'skip', subject, message: `${host} did not say whether it takes bounces.`, evidence },
        ];
      return [
        {
          level: 'warning',
          subject,
          message: `${host} refuses the null sender, so bounces to you are lost.`,
          evidence,
        },
      ];
    });
  },
};
