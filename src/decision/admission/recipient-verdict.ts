import { domainOf } from '../../protocol/smtp/address.ts';
import { type Reply, reply, replyText } from '../../protocol/smtp/reply.ts';

/** What a mail store's answer to RCPT says of the mailbox. `unsure`: nothing. */
export type RecipientAnswer = 'known' | 'unknown' | 'unsure';

/** What becomes of one RCPT: null takes it. */
export type RecipientVerdict = Reply | null;

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** A mailbox that exists is asked about again after this; until then, and while it is asked about, it is taken. */
export const knownForMs = 6 * hourMs;
/** Beyond this the word of the past is nobody's word. */
const knownAtMostMs = 30 * 24 * hourMs;
/** A new mailbox must not wait long. */
const unknownForMs = 15 * minuteMs;
/** While nobody can be asked, a refusal stands that was confirmed so shortly before the store fell silent. */
const unknownBeforeSilenceMs = 24 * hourMs;

/** One answer that is remembered; `at` is wall ms. */
export type RememberedRecipient = { readonly known: boolean; readonly at: number };

/**
 * The answer that a reply to RCPT gives (RFC 5321 section 4.3.2, RFC 3463 section 3.2): 2xx knows it; 550, 551 and 553
 * do not, nor any 5xx with X.1.0, X.1.1, X.1.2, X.1.3, X.1.6, X.1.10 or X.0.0. A refusal for reasons of policy
 * (X.7.x), of a full mailbox (X.2.x) or of the system (X.3.x, X.4.x, X.5.x) says nothing of whether the mailbox exists.
 */
export function recipientAnswer(said: Reply | null): RecipientAnswer {
  if (said === null) return 'unsure';
  if (said.code < 300) return 'known';
  if (said.code < 500) return 'unsure';
  const { enhancedStatus } = said;
  if (enhancedStatus === null) return [550, 551, 553].includes(said.code) ? 'unknown' : 'unsure';
  return /^5\.1\.(0|1|2|3|6|10)$/.test(enhancedStatus) || enhancedStatus === '5.0.0' ? 'unknown' : 'unsure';
}

/**
 * May what is remembered be used at `now`? `refresh`: yes, and ask again behind it. `ask`: only if nobody answers.
 * A clock that was set back makes an answer neither older nor younger than new.
 */
export function useOfRemembered({ known, at }: RememberedRecipient, now: number): 'use' | 'refresh' | 'ask' {
  const age = Math.max(0, now - at);
  if (!known) return age <= unknownForMs ? 'use' : 'ask';
  if (age <= knownForMs) return 'use';
  return age <= knownAtMostMs ? 'refresh' : 'ask';
}

/**
 * Does it hold while nobody can be asked? `heardAt`: when the store last answered (wall ms). What is known stands for 30
 * days; what is unknown stands only where it was confirmed within a day before the store fell silent, for mailboxes are
 * made while it is away on no store that is away.
 */
export function holdsInSilence({ known, at }: RememberedRecipient, heardAt: number, now: number): boolean {
  return known ? now - at <= knownAtMostMs : heardAt - at <= unknownBeforeSilenceMs;
}

/**
 * The form in which recipients are compared: lower case throughout, a quoted local part without quotes where it needs
 * none, the domain in A-labels, what is not ASCII composed. RFC 5321 section 2.4 lets a host tell `User` from `user`; no
 * store in use does, so we do not either.
 */
export function recipientKey(forwardPath: string): string {
  const at = forwardPath.lastIndexOf('@');
  const local = at < 0 ? forwardPath : forwardPath.slice(0, at);
  const plain = /^"([\w!#$%&'*+/=?^`{|}~.-]+)"$/.exec(local)?.[1] ?? local;
  const name = plain.normalize().toLowerCase();
  return at < 0 ? name : `${name}@${domainOf(forwardPath)}`;
}

/** `postmaster` is always taken (RFC 5321 section 4.5.1). */
export function isPostmaster(forwardPath: string): boolean {
  return /^(?:postmaster|"postmaster")@[^@]*$/i.test(forwardPath);
}

/** The refusal of a recipient that does not exist; `said`: in whose words, and what they are. */
export function refusalOf(
  forwardPath: string,
  said: { readonly who: string; readonly reply: string } | null,
): Reply {
  const why = said === null ? '' : ` (${said.who} says: ${said.reply})`;
  return reply(550, '5.1.1', `There is no mailbox <${forwardPath}> here${why}.`);
}

/** Nobody could be asked. */
export function unsureVerdict(whenUnknown: 'defer' | 'accept'): RecipientVerdict {
  if (whenUnknown === 'accept') return null;
  return reply(451, '4.4.3', 'Whether this mailbox exists cannot be found out just now; try again later.');
}

/** The words that are remembered of a refusal: short, for they are kept for each. */
export function refusalWords(said: Reply): string {
  return replyText(said).slice(0, 120);
}
