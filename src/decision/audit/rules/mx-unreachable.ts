import { conversationEvidence, subjectOf } from '../conversation-evidence.ts';
import { cannotSpeak } from '../egress-subject.ts';
import type { ConversationFact } from '../facts.ts';
import type { FindingLevel } from '../finding.ts';
import type { Judgement, Rule } from '../rule.ts';

/** Errors that tell of our side, and nothing of the host. */
const ours: ReadonlySet<string> = new Set(['address_absent', 'aborted', 'resources', 'network_unreachable']);

/** Every address of a mail host answers on port 25. */
export const mxUnreachable: Rule = {
  id: 'MX-UNREACHABLE',
  article: {
    title: 'A mail server does not answer.',
    meaning:
      'Nothing answers on port 25 of an address that the MX set leads to. While another one answers mail goes there; if none does, mail waits at its senders and bounces after days.',
    actedOn: 'Every sender.',
    ground: 'RFC 5321 section 5.1',
    fix: 'See that the server listens on port 25 of this address, and that no firewall or provider blocks it.',
    others: null,
  },
  judge(view) {
    const { conversations } = view.facts;
    const answers = conversations.some(isAnswered);
    return conversations.map((conversation): Judgement => {
      const subject = subjectOf(conversation);
      const { host, address, error } = conversation;
      const evidence = [conversationEvidence(conversation)];
      if (isAnswered(conversation) && conversation.inside)
        return {
          level: 'skip',
          subject,
          message: `${host} answers at ${address}, but this host keeps such packets inside, so nothing is said of the way from outside.`,
          evidence,
        };
      if (isAnswered(conversation))
        return { level: 'pass', subject, message: `${host} answers at ${address}.`, evidence };
      if (error !== null && ours.has(error.kind))
        return {
          level: 'skip',
          subject,
          message: `${address} could not be called from here: ${error.message}`,
          evidence,
          ...(answers ? {} : { unanswered: true }),
        };
      if (cannotSpeak(view, conversation.egress))
        return {
          level: 'skip',
          subject,
          message: `${address} could not be called: it was tried from ${conversation.egress}, whose packets leave by a wrong way.`,
          evidence,
        };
      const level: FindingLevel = answers ? 'warning' : 'error';
      return {
        level,
        subject,
        message: `${host} does not answer at ${address}${answers ? ', while another address does' : ', and no other address does: no mail comes in'}.`,
        evidence,
        fix: `Let the server listen on port 25 of ${address}, and let the firewall pass it.`,
      };
    });
  },
};

const isAnswered = ({ connectMs }: ConversationFact): boolean => connectMs !== null;
