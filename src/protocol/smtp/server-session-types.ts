import type { Chunk, MailCommand } from './command.ts';
import type { RecipientDsn } from './envelope.ts';
import type { Reply } from './reply.ts';

/** Bounds on what a client may do. Size and recipients are configured, the rest is the driver's to set. */
export type ServerLimits = {
  readonly messageSizeBytes: number;
  readonly recipients: number;
  /** Commands answered with 5xx since the last message was taken; one more gets 421 and close. 4xx is our trouble and does not count. */
  readonly errors: number;
  /**
   * Commands that bring no message nearer (all but RCPT, DATA, QUIT, and BDAT with octets or LAST) since the last message was
   * taken, however right: one more gets 421 and close. And RCPTs beyond `recipients` in one transaction, ten times as many.
   */
  readonly idleCommands: number;
  /** Bytes of one command line with its CRLF; RFC 5321 section 4.5.3.1.4 asks for 512, extensions for more. */
  readonly lineBytes: number;
  /** How long a client may take for its next command, and between two reads of a body (RFC 5321 section 4.5.3.2.7: 5 min). */
  readonly commandTimeoutMs: number;
  readonly dataTimeoutMs: number;
  /** The whole session, however busy. */
  readonly sessionTimeoutMs: number;
};

/** What a session needs to know of its listener. */
export type ServerSettings = {
  /** In the greeting and the EHLO reply. */
  readonly name: string;
  readonly limits: ServerLimits;
  readonly bareNewline: 'refuse' | 'clean';
  /** STARTTLS is offered. */
  readonly startTls: boolean;
};

/** What the driver is asked in the middle of a session. The place of the reply is kept; input waits. */
export type ServerQuestion =
  | { readonly kind: 'mail'; readonly command: MailCommand }
  | {
      readonly kind: 'recipient';
      readonly reversePath: string;
      readonly forwardPath: string;
      readonly dsn: RecipientDsn | null;
      readonly taken: number;
    }
  /**
   * DATA, or the first BDAT, was asked for with recipients taken: the driver opens its body and answers 354, which a
   * client that sends BDAT does not hear, or 4xx.
   */
  | {
      readonly kind: 'data';
      readonly envelope: TakenEnvelope;
      readonly ehlo: string;
      readonly protocol: 'SMTP' | 'ESMTP';
      /** Null: by DATA. */
      readonly chunk: Chunk | null;
    }
  /** The whole body has passed as `body` spans: the driver commits, and only then answers 250. */
  | { readonly kind: 'message'; readonly sizeBytes: number };

/** What MAIL said, and the recipients that were taken. */
export type TakenEnvelope = MailCommand & {
  readonly forwardPaths: readonly string[];
  /** In the order of `forwardPaths`. */
  readonly recipientDsn: readonly (RecipientDsn | null)[];
};

export type ServerEvent =
  | { readonly kind: 'opened'; readonly at: number }
  | { readonly kind: 'bytes'; readonly chunk: Buffer; readonly at: number }
  /** The answer to `ask` number `ask`, never within the step that asked. A 2xx (354 for `data`) goes on; anything else refuses. */
  | { readonly kind: 'answer'; readonly ask: number; readonly reply: Reply; readonly at: number }
  /** The handshake that `startTls` asked for is done. After one that failed the connection is over, and nothing more comes. */
  | { readonly kind: 'secured'; readonly at: number }
  /** The deadline that `deadline` named has passed, or may have. */
  | { readonly kind: 'tick'; readonly at: number }
  /** Postern is stopping: 421 at the next moment when no transaction is under way. */
  | { readonly kind: 'shutdown'; readonly at: number }
  /** Somebody else needs the place: 421 now, in whatever transaction, unless the client waits for us. */
  | { readonly kind: 'displaced' };

export type ServerAction =
  | { readonly kind: 'write'; readonly bytes: Buffer }
  | { readonly kind: 'ask'; readonly ask: number; readonly question: ServerQuestion }
  /** A span of the message's body, dot-unstuffed where DATA sent it, line ends CRLF: `chunk.subarray(start, end)`, never copied by the session. */
  | { readonly kind: 'body'; readonly chunk: Buffer; readonly start: number; readonly end: number }
  /** The message is given up (limit, bare newline, disconnect): the driver drops what it has of the body. */
  | { readonly kind: 'discard'; readonly reason: string }
  /** Write what is pending and begin the handshake of TLS as its server; nothing is unread. `secured` tells its success. */
  | { readonly kind: 'startTls' }
  /** Stop reading from the socket until `resume`. */
  | { readonly kind: 'hold' }
  | { readonly kind: 'resume' }
  /** Write what is pending, then close; `reason` for the log. */
  | { readonly kind: 'close'; readonly reason: string };
