import type { ConversationFact, Said } from './facts.ts';
import type { Evidence, FindingSubject } from './finding.ts';

/** A reply as it was said, on one line. */
export function saidText({ code, status, lines }: Said): string {
  return [String(code), status, lines.join(' / ')].filter(part => part).join(' ');
}

/** How far a conversation came. */
export function conversationEvidence({
  address,
  port,
  greeting,
  error,
  stopped,
}: ConversationFact): Evidence {
  const answer = error?.message ?? (greeting === null ? (stopped ?? 'nothing') : saidText(greeting));
  return { asked: `${address} port ${port}`, answer };
}

/** What was said in answer to a command. */
export function saidEvidence({ address }: ConversationFact, command: string, said: Said): Evidence {
  return { asked: `${address}: ${command}`, answer: saidText(said) };
}

export function subjectOf({ host, address }: ConversationFact): FindingSubject {
  return { kind: 'mx', name: host, address, family: address.includes(':') ? 6 : 4 };
}

/** Why a conversation ended was that nothing more was said, or our own time was over. */
export const isSilence = (stopped: string): boolean =>
  /said nothing|did not end its reply|time of the check|aborted|closed here/i.test(stopped);
