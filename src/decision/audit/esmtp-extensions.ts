import { type Extensions, parseExtensions } from '../../protocol/smtp/extensions.ts';
import { subjectOf } from './conversation-evidence.ts';
import type { ConversationFact, Said } from './facts.ts';
import type { Judgement } from './rule.ts';
import type { AuditView } from './view.ts';

/** What the server offers, under TLS where it came to that; null where it never said. */
export function extensionsOf({ ehlo, ehloAfterTls }: ConversationFact): Extensions | null {
  const said = ehloAfterTls ?? ehlo;
  return said === null || said.code !== 250 ? null : offersOf(said);
}

export function offersOf({ code, status, lines }: Said): Extensions {
  return parseExtensions({ code, enhancedStatus: status, lines });
}

/** Of each server that said what it offers: a pass where it offers `keyword`, else an info. */
export function judgeOffer(
  view: AuditView,
  keyword: string,
  isOffered: (offered: Extensions) => boolean,
): readonly Judgement[] {
  return view.facts.conversations.flatMap((conversation): Judgement[] => {
    const offered = extensionsOf(conversation);
    if (offered === null) return [];
    const subject = subjectOf(conversation);
    const { host } = conversation;
    if (isOffered(offered)) return [{ level: 'pass', subject, message: `${host} offers ${keyword}.` }];
    return [{ level: 'info', subject, message: `${host} does not offer ${keyword}.` }];
  });
}
