import type { BodyType } from './envelope.ts';
import type { Extensions } from './extensions.ts';
import type { Reply } from './reply.ts';

/** Where in the conversation a reply belongs, or is missing. */
export type ClientStage =
  | 'connect'
  | 'greeting'
  | 'ehlo'
  | 'mail'
  | 'rcpt'
  | 'data'
  | 'body'
  | 'dot'
  | 'idle'
  | 'rset'
  | 'quit';

/** One message to one host for some recipients. */
export type ClientTransaction = {
  readonly reversePath: string;
  readonly forwardPaths: readonly string[];
  readonly sizeBytes: number;
  readonly bodyType: BodyType;
  /** Hold the final dot until a `dotAllowed` event: for bodies over 64 KiB. */
  readonly holdDot: boolean;
};

/** What became of one recipient: the stage at which the deciding reply came. `reply` is null where the session broke first. */
export type RecipientReply = {
  readonly stage: ClientStage;
  readonly reply: Reply | null;
  /** Set where the far side was not asked and `reply` is our own word: the message cannot be sent to such a host (RFC 6152, RFC 1870). */
  readonly local?: 'no-8bitmime' | 'too-large';
};

/** Where a session stands: a transaction can `start` only in `idle`. */
export type ClientState = 'greeting' | 'ehlo' | 'helo' | 'idle' | 'busy' | 'quitting' | 'closed';

export type ClientEvent =
  | { readonly kind: 'bytes'; readonly chunk: Buffer }
  /** Only in state idle; the answer is a `result` action. */
  | { readonly kind: 'start'; readonly transaction: ClientTransaction }
  /** The next piece of the body, as answer to `readBody`; `last` with the final piece (which may be empty). Never held or changed after. */
  | { readonly kind: 'body'; readonly chunk: Buffer; readonly last: boolean }
  /** The far side has acknowledged nearly all: the held final dot may go. */
  | { readonly kind: 'dotAllowed' }
  | { readonly kind: 'quit' }
  /** The connection has ended; a `result` follows if a transaction was under way. */
  | { readonly kind: 'ended' };

export type ClientAction =
  | { readonly kind: 'write'; readonly chunks: readonly Buffer[] }
  /** Greeted, EHLO (or HELO) done. */
  | { readonly kind: 'ready'; readonly extensions: Extensions }
  /** The greeting, EHLO or HELO was refused: no transaction is possible. 421 and 554 greetings come here. */
  | { readonly kind: 'refused'; readonly stage: 'greeting' | 'ehlo'; readonly reply: Reply }
  /** Feed the body from the start or go on: one `body` event for each `readBody`. */
  | { readonly kind: 'readBody' }
  /** The whole body has been written, without the dot: send `dotAllowed` when the far side has nearly all. */
  | { readonly kind: 'dotHeld' }
  /** The final dot is written: from now on, silence is doubt. */
  | { readonly kind: 'dotSent' }
  /** One reply came: `stage` tells of what. Lets the driver feed health and timers. */
  | { readonly kind: 'replied'; readonly stage: ClientStage; readonly reply: Reply }
  /** The transaction is over; the session is idle again unless `close` follows. One entry for each forward-path, in order. */
  | { readonly kind: 'result'; readonly recipients: readonly RecipientReply[]; readonly dotSent: boolean }
  /** What is awaited now and how long RFC 5321 section 4.5.3.2 lets it take, in ms; null: nothing is awaited. */
  | { readonly kind: 'await'; readonly stage: ClientStage; readonly timeoutMs: number | null }
  /** The driver ends the connection. `protocol` names a breach by the far side (over-long line, reply out of turn). */
  | { readonly kind: 'close'; readonly why: 'quit' | 'refused' | 'protocol' | '421'; readonly text: string };
