import type { BodyType, MessageDsn, RecipientDsn } from './envelope.ts';
import type { Extensions } from './extensions.ts';
import type { Reply } from './reply.ts';
import type { XclientFacts } from './xclient.ts';

/** Where in the conversation a reply belongs, or is missing. */
export type ClientStage =
  | 'greeting'
  | 'ehlo'
  | 'starttls'
  | 'tls'
  | 'auth'
  | 'xclient'
  | 'mail'
  | 'rcpt'
  | 'data'
  | 'body'
  | 'dot'
  | 'idle'
  | 'rset'
  | 'quit';

/** By what terms a session is opened. */
export type ClientTerms = {
  /** The name that we give. */
  readonly ehlo: string;
  /** `may`: STARTTLS where offered. `verify`: no mail without it; whether the certificate holds, the driver sees to. */
  readonly tls: 'may' | 'verify' | 'none';
  /** Told only under `verify` (RFC 4954). */
  readonly login: { readonly user: string; readonly password: string } | null;
};

/** One message to one host for some recipients. */
export type ClientTransaction = {
  readonly reversePath: string;
  readonly forwardPaths: readonly string[];
  readonly sizeBytes: number;
  readonly bodyType: BodyType;
  /** Hold the final dot, or what stands for it, until a `dotAllowed` event: for bodies over 64 KiB. */
  readonly holdDot: boolean;
  /** Its sender asked for SMTPUTF8. */
  readonly smtpUtf8?: boolean;
  /** What was asked of reports (RFC 3461), of the message and for each forward-path. */
  readonly dsn?: MessageDsn;
  readonly recipientDsn?: readonly (RecipientDsn | undefined)[];
  /** To be told by XCLIENT, where that is offered; null: a message of our own. Left out: nobody's business. */
  readonly client?: XclientFacts | null;
};

/** What became of one recipient: the stage at which the deciding reply came. `reply` is null where the session broke first. */
export type RecipientReply = {
  readonly stage: ClientStage;
  readonly reply: Reply | null;
  /** Set where the far side was not asked and `reply` is our own word: the message cannot be sent to such a host (RFC 6152, RFC 1870, RFC 6531). */
  readonly local?: 'no-8bitmime' | 'no-smtputf8' | 'too-large';
};

/** Where a session stands: a transaction can `start` only in `idle`. */
export type ClientState =
  | 'greeting'
  | 'ehlo'
  | 'helo'
  | 'starttls'
  | 'tls'
  | 'auth'
  | 'idle'
  | 'xclient'
  | 'busy'
  | 'quitting'
  | 'closed';

export type ClientEvent =
  | { readonly kind: 'bytes'; readonly chunk: Buffer }
  /** The handshake that `startTls` asked for is done. */
  | { readonly kind: 'secured' }
  /** Only in state idle; the answer is a `result` action. */
  | { readonly kind: 'start'; readonly transaction: ClientTransaction }
  /** The next piece of the body, as answer to `readBody`; `last` with the final piece (which may be empty). Never held or changed after. */
  | { readonly kind: 'body'; readonly chunk: Buffer; readonly last: boolean }
  /** As answer to `inspectBody`. */
  | { readonly kind: 'inspected'; readonly content: BodyContent }
  /** The far side has acknowledged nearly all: the held final dot may go. */
  | { readonly kind: 'dotAllowed' }
  | { readonly kind: 'quit' }
  /** The connection has ended; a `result` follows if a transaction was under way. */
  | { readonly kind: 'ended' };

export type ClientAction =
  | { readonly kind: 'write'; readonly chunks: readonly Buffer[] }
  /** STARTTLS was answered and no byte came with it: the driver goes over, then sends `secured`, or ends the session. */
  | { readonly kind: 'startTls' }
  /** Greeted, EHLO (or HELO) done. */
  | { readonly kind: 'ready'; readonly extensions: Extensions }
  /** The greeting, EHLO or HELO was refused: no transaction is possible. 421 and 554 greetings come here. */
  | { readonly kind: 'refused'; readonly stage: 'greeting' | 'ehlo'; readonly reply: Reply }
  /** The host lacks what the message declares: does the body need it? */
  | { readonly kind: 'inspectBody' }
  /** Feed the body from the start or go on: one `body` event for each `readBody`. */
  | { readonly kind: 'readBody' }
  /** The whole body has been written, without the dot: send `dotAllowed` when the far side has nearly all. */
  | { readonly kind: 'dotHeld' }
  /** The final dot is written: from now on, silence is doubt. */
  | { readonly kind: 'dotSent' }
  /** One reply came: `stage` tells of what. Lets the driver feed health and timers. */
  | { readonly kind: 'replied'; readonly stage: ClientStage; readonly reply: Reply }
  /**
   * The transaction is over; the session is idle again unless `close` follows. One entry for each forward-path, in
   * order. `dsnPassed`: the far side knows DSN, and reports from now on (RFC 3461 section 5.2.2).
   */
  | {
      readonly kind: 'result';
      readonly recipients: readonly RecipientReply[];
      readonly dotSent: boolean;
      readonly dsnPassed: boolean;
    }
  /** What is awaited now and how long RFC 5321 section 4.5.3.2 lets it take, in ms; null: nothing is awaited. */
  | { readonly kind: 'await'; readonly stage: ClientStage; readonly timeoutMs: number | null }
  /**
   * The driver ends the connection. `protocol` names a breach by the far side (over-long line, reply out of turn);
   * `tls`: there is no TLS to be had; `auth`: our login is not taken.
   */
  | { readonly kind: 'close'; readonly why: CloseReason; readonly text: string };

export type CloseReason = 'quit' | 'refused' | 'protocol' | '421' | 'tls' | 'auth';

/** What a body turned out to be. */
export type BodyContent = { readonly isAscii: boolean; readonly headerIsAscii: boolean };
