import type { ClientStage } from '../../protocol/smtp/client-session-types.ts';
import { type Reply, replyText } from '../../protocol/smtp/reply.ts';
import type { AttemptEnd } from './attempt.ts';
import type { QueuedMessage, QueuedRecipient } from './queued.ts';

/**
 * Is the sender to be told (RFC 3461 section 4.1)? Who says nothing hears of failures and delays. The null reverse-path
 * hears of nothing (RFC 5321 section 4.5.5).
 */
export function wantsReport(
  { reversePath }: Pick<QueuedMessage, 'reversePath'>,
  { dsn }: Pick<QueuedRecipient, 'dsn'>,
  about: 'success' | 'failure' | 'delay',
): boolean {
  if (reversePath === '') return false;
  const notify = dsn?.notify ?? null;
  return notify === null ? about !== 'success' : notify.includes(about);
}

/** When the sender is told that a recipient still waits (wall ms), once; null: never, or it was told. */
export function delayNoticeAt(
  message: Pick<QueuedMessage, 'reversePath' | 'receivedAt'>,
  recipient: Pick<QueuedRecipient, 'dsn' | 'delayTold'>,
  delayNoticeMs: number | null,
): number | null {
  if (delayNoticeMs === null || recipient.delayTold) return null;
  return wantsReport(message, recipient, 'delay') ? message.receivedAt + delayNoticeMs : null;
}

/** What a report says of one recipient: its status code, whose last word, and a sentence for people. */
export type Saying = { readonly status: string; readonly reply: Reply | null; readonly reason: string };

/** A recipient was refused for good, or can have no next hop. */
export function refusalSaying(end: AttemptEnd, reason: string): Saying {
  if (end.kind === 'replied') {
    const { reply, stage } = end;
    return { status: statusOf(reply, stage), reply, reason: refusedWhat(stage) };
  }
  const status = 'reply' in end ? end.reply.enhancedStatus : null;
  return { status: status ?? '5.0.0', reply: null, reason };
}

/** The time that mail is kept is over (RFC 3463: X.4.7). */
export function expirySaying(end: AttemptEnd, { lastReply }: Pick<QueuedRecipient, 'lastReply'>): Saying {
  const reply = lastWord(end, lastReply);
  const over = 'It could not be delivered in the time that mail is kept.';
  const why =
    reply === null ? lastReason(end, lastReply) : 'The last answer was a refusal for the time being.';
  return { status: '4.4.7', reply, reason: `${over} ${why}`.trim() };
}

/** It waits. `end` null: just now nothing was tried. */
export function delaySaying(
  end: AttemptEnd | null,
  { lastReply }: Pick<QueuedRecipient, 'lastReply'>,
): Saying {
  const isSilent = end !== null && end.kind !== 'replied' && end.kind !== 'not_tried';
  const reply = isSilent ? null : lastWord(end, lastReply);
  if (reply !== null) {
    const said = statusOf(reply, end?.kind === 'replied' ? end.stage : 'idle');
    // A stand-in's refusal for good is none of the message: it waits for the preferred uplink.
    const status = said.startsWith('4') ? said : '4.0.0';
    return { status, reply, reason: 'The receiving server does not take it for the time being.' };
  }
  return { status: waitingStatus(end), reply: null, reason: lastReason(end, lastReply) };
}

/** It was taken. */
export function successSaying(end: AttemptEnd, action: 'delivered' | 'relayed'): Saying {
  const reply = end.kind === 'replied' ? end.reply : null;
  const status = reply?.enhancedStatus ?? '2.0.0';
  const reason =
    action === 'delivered' ? 'The server of the mailbox took it.' : 'The next server on the way took it.';
  return { status: status.startsWith('2') ? status : '2.0.0', reply, reason };
}

/** RFC 3463, where the far side gave no such code: what its reply code means at that stage (RFC 5321 section 4.2.2). */
function statusOf({ code, enhancedStatus }: Reply, stage: ClientStage): string {
  if (enhancedStatus !== null) return enhancedStatus;
  const atRecipient: Record<number, string> = { 550: '5.1.1', 551: '5.1.6', 552: '5.2.2', 553: '5.1.3' };
  const anywhere: Record<number, string> = {
    421: '4.3.2',
    450: '4.2.1',
    452: '4.3.1',
    521: '5.3.2',
    530: '5.7.0',
    535: '5.7.8',
    552: '5.3.4',
    556: '5.1.10',
  };
  const known = stage === 'rcpt' ? atRecipient[code] : undefined;
  return known ?? anywhere[code] ?? `${code < 500 ? 4 : 5}.0.0`;
}

function refusedWhat(stage: ClientStage): string {
  switch (stage) {
    case 'rcpt':
      return 'The receiving server refused the recipient.';
    case 'mail':
      return 'The receiving server refused the sender.';
    case 'data':
    case 'body':
    case 'dot':
      return 'The receiving server refused the message.';
    default:
      return 'The receiving server refused to take mail from us.';
  }
}

function waitingStatus(end: AttemptEnd | null): string {
  switch (end?.kind) {
    case 'unreached':
      return '4.4.1';
    case 'broken':
      return '4.4.2';
    case 'no_next_hop':
      return '4.4.3';
    default:
      return '4.4.0';
  }
}

/** The far side's last word, now or in an attempt before. */
function lastWord(end: AttemptEnd | null, lastReply: string | null): Reply | null {
  if (end?.kind === 'replied') return end.reply;
  const match = /^([45]\d\d)(?: ([45]\.\d{1,3}\.\d{1,3}))?(?: (.*))?$/s.exec(lastReply ?? '');
  if (match === null) return null;
  return { code: Number(match[1]), enhancedStatus: match[2] ?? null, lines: [match[3] ?? ''] };
}

/** Why there was no answer. */
function lastReason(end: AttemptEnd | null, lastReply: string | null): string {
  if (end !== null && 'error' in end && end.kind !== 'not_tried') return asSentence(end.error);
  if (end !== null && 'reply' in end) return replyText(end.reply);
  return lastReply === null ? 'It could not be sent yet.' : asSentence(lastReply);
}

const asSentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);
