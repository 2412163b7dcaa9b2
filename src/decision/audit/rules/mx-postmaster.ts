import { saidEvidence, subjectOf } from '../conversation-evidence.ts';
import type { Judgement, Rule } from '../rule.ts';

/** Every mail host takes mail for postmaster. */
export const mxPostmaster: Rule = {
  id: 'MX-POSTMASTER',
  article: {
    title: 'Nobody can write to the postmaster.',
    meaning:
      'Those who have trouble with your mail write to postmaster. A domain that refuses it hears of no trouble, and some lists of bad senders hold that against it.',
    actedOn: 'A few receivers and list keepers.',
    ground: 'RFC 5321 section 4.5.1',
    fix: 'Create the mailbox, or let postmaster be another name of one that is read.',
    others: null,
  },
  judge(view) {
    const { domain } = view.facts;
    return view.facts.conversations.flatMap((conversation): Judgement[] => {
      const { postmaster, host } = conversation;
      if (postmaster === null) return [];
      const subject = subjectOf(conversation);
      const evidence = [saidEvidence(conversation, `RCPT TO:<postmaster@${domain}>`, postmaster)];
      if (postmaster.code < 300)
        return [
          { level: 'pass', subject, message: `${host} takes mail for postmaster@${domain}.`, evidence },
        ];
      // A refusal that is about the domain or about us is told by other checks.
      if (
        postmaster.code < 500 ||
        isAboutUs(postmaster.status) ||
        isAboutDomain(conversation.unknownRecipient?.status ?? null, postmaster.status)
      )
        return [
          {
            level: 'skip',
            subject,
            message: `${host} did not say whether it takes mail for the postmaster.`,
            evidence,
          },
        ];
      return [
        {
          level: 'warning',
          subject,
          message: `${host} refuses mail for postmaster@${domain}.`,
          evidence,
          fix: `Create the mailbox postmaster@${domain}.`,
        },
      ];
    });
  },
};

/** X.7.x speaks of who we are, not of the mailbox (RFC 3463 section 3.8). */
export const isAboutUs = (status: string | null): boolean => status !== null && /^[45]\.7\./.test(status);

/** Both recipients were refused because the host relays for nobody: the domain itself is refused. */
const isAboutDomain = (unknown: string | null, postmaster: string | null): boolean =>
  unknown !== null && unknown === postmaster && /^5\.(7\.1|1\.2)$/.test(postmaster);
