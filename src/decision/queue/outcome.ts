import type { ClientStage } from '../../protocol/smtp/client-session-types.ts';
import { type Reply, replyText } from '../../protocol/smtp/reply.ts';
import type { AttemptContext, AttemptEnd, Outcome } from './attempt.ts';

/**
 * Decides what an attempt made of one recipient, and whom to blame (RFC 5321 sections 4.2.1, 4.2.4.2, 4.5.3.1.10 and
 * 6.1; RFC 3463).
 *
 * A broken session after the final dot is a doubt; before it, one more try. On a stand-in any X.7.x and any refusal
 * before RCPT blames the route, for the receiver may only dislike that address: such a message waits, and nobody is
 * told that it failed. The preferred egress's answer is the message's answer.
 */
export function outcomeOf(end: AttemptEnd, context: AttemptContext): Outcome {
  switch (end.kind) {
    case 'replied':
      return ofReply(end.stage, end.reply, context);
    case 'broken':
      return ofBreak(end, context);
    case 'unfit_message':
      if (context.standIn && context.ofSmartHost) {
        const reason = `It cannot go by the stand-in's smart host, which says nothing of the preferred egress: ${end.reply.lines.join(' ')}`;
        return { kind: 'awaits_preferred', blame: 'route', reason };
      }
      return { kind: 'bounced', blame: 'message', reason: end.reply.lines.join(' ') };
    case 'unreached':
    case 'no_next_hop':
      return { kind: 'deferred', blame: 'destination', reason: end.error, egress: 'unchanged', counts: true };
    case 'hop_refused':
      return { kind: 'bounced', blame: 'destination', reason: end.reply.lines.join(' ') };
    case 'not_tried':
      return { kind: 'deferred', blame: 'route', reason: end.error, egress: 'unchanged', counts: false };
    default:
      return end satisfies never;
  }
}

/** A refusal for good that did not bounce came by a stand-in: from then on only the preferred egress may be asked. */
export function needsPreferredEgress(lastReply: string | null): boolean {
  return lastReply !== null && /^5\d\d\b/.test(lastReply);
}

function ofReply(stage: ClientStage, reply: Reply, context: AttemptContext): Outcome {
  const { code } = reply;
  if (code < 300 && stage === 'dot') return { kind: 'delivered', reason: 'The receiver took the message.' };
  if (code < 400) {
    const reason = `The receiver answered ${code} where that makes no sense (${stage}).`;
    return { kind: 'deferred', blame: 'destination', reason, egress: 'unchanged', counts: true };
  }
  if (code === 421 && context.mayTryAgain && context.sessionUsed)
    return { kind: 'again', reason: 'The receiver ended a session that had carried mail.' };
  if (isOneTooMany(stage, reply) && context.othersTaken)
    return { kind: 'again', reason: 'The receiver takes fewer recipients at once; the rest follows.' };
  if (context.inClear && wantsTls(reply)) {
    const reason = `The receiver wants TLS, and there was none with it just now: ${replyText(reply)}`;
    return { kind: 'deferred', blame: 'route', reason, egress: 'unchanged', counts: true };
  }
  if (context.standIn && (isBeforeRecipients(stage) || isPolicy(reply))) {
    const reason = `The receiver refused the stand-in egress (${stage}), which says nothing of the preferred one.`;
    return { kind: 'awaits_preferred', blame: 'route', reason };
  }
  const blame = blameAt(stage, reply);
  const said = `The receiver refused it (${stage}): ${replyText(reply)}`;
  if (code >= 500) return { kind: 'bounced', blame, reason: said };
  return { kind: 'deferred', blame, reason: said, egress: 'keep', counts: true };
}

function ofBreak(end: Extract<AttemptEnd, { kind: 'broken' }>, context: AttemptContext): Outcome {
  if (end.dotSent)
    return { kind: 'in_doubt', reason: `The message was sent whole and no answer came: ${end.error}` };
  const reason = `The session broke (${end.stage}): ${end.error}`;
  if (context.mayTryAgain) return { kind: 'again', reason };
  return { kind: 'deferred', blame: 'destination', reason, egress: 'unchanged', counts: true };
}

/** Too many recipients, and not a mailbox that is full (RFC 5321 section 4.5.3.1.10: 552 is read as 452). */
function isOneTooMany(stage: ClientStage, { code, enhancedStatus }: Reply): boolean {
  if (stage !== 'rcpt' || (code !== 452 && code !== 552)) return false;
  return enhancedStatus === null || /^[45]\.5\.3$/.test(enhancedStatus);
}

function isBeforeRecipients(stage: ClientStage): boolean {
  return stage === 'greeting' || stage === 'ehlo' || stage === 'mail';
}

/** X.7.x: security or policy (RFC 3463 section 3.8), so it may be about who we are. */
function isPolicy({ enhancedStatus }: Reply): boolean {
  return enhancedStatus !== null && /^[45]\.7\.\d+$/.test(enhancedStatus);
}

/**
 * It refuses what is not encrypted (RFC 3207 section 4; RFC 5248's X.7.10, RFC 3463's X.7.11). In clear that is no answer about the message:
 * TLS may have failed a moment ago, or somebody on the way hides that it is offered.
 */
export function wantsTls({ code, enhancedStatus, lines }: Reply): boolean {
  if (code < 500) return false;
  const status = enhancedStatus ?? '';
  if (status === '5.7.10' || status === '5.7.11') return true;
  return (code === 530 || status.startsWith('5.7.')) && /\b(?:START)?TLS\b/i.test(lines.join(' '));
}

function blameAt(stage: ClientStage, reply: Reply): 'message' | 'recipient' | 'destination' {
  if (reply.code === 421 || isPolicy(reply)) return 'destination';
  if (stage === 'rcpt') return 'recipient';
  if (stage === 'mail')
    return /^[45]\.(3\.4|6\.\d+)$/.test(reply.enhancedStatus ?? '') ? 'message' : 'destination';
  return stage === 'data' || stage === 'body' || stage === 'dot' ? 'message' : 'destination';
}
