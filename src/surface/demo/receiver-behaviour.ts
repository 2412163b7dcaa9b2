/** Where in a session a receiver can be told to misbehave. */
export type ReceiverStage = 'connect' | 'ehlo' | 'mail' | 'rcpt' | 'data' | 'dot';

/** Where a receiver can be moody. */
export type WhimStage = Exclude<ReceiverStage, 'connect'>;

/** How a receiver treats those who call: plain data, so that it can be sent to a receiver in another process. */
export type ReceiverBehaviour = {
  /** Silence before the greeting, in ms; a client that talks into it is refused. */
  readonly greetingDelayMs: number;
  /** The line in place of `220 …`, after which the receiver hangs up: `421 4.3.2 Come later`, `554 5.7.1 Not you`. */
  readonly greeting: string | null;
  /** Silence before each later reply, in ms (a tarpit). */
  readonly replyDelayMs: number;
  /** Silence before the replies to MAIL and to each RCPT, in ms. */
  readonly mailDelayMs: number;
  readonly rcptDelayMs: number;
  /** So many tries of one (network, reverse-path, forward-path) are told `450 4.7.1` before one is taken. */
  readonly greylistTries: number;
  /** Reply lines for forward-paths that are refused, by path or by `@domain`. */
  readonly refuse: Readonly<Record<string, string>>;
  /** Hangs up without a word when the session gets here. */
  readonly dropAt: ReceiverStage | null;
  /** Stays connected and says nothing more when the session gets here; what the client sent is still taken. */
  readonly muteAt: ReceiverStage | null;
  /** Silence between the final dot and its reply, in ms; the message counts as taken at the dot. */
  readonly dotDelayMs: number;
  /** Hangs up after so many messages of a session; null: never of itself. */
  readonly messagesPerSession: number | null;
  readonly eightBitMime: boolean;
  readonly chunking: boolean;
  readonly smtpUtf8: boolean;
  readonly dsn: boolean;
  readonly xclient: boolean;
  readonly startTls: ReceiverTls | null;
  /** The login without which no mail is taken; only to be shown under TLS. */
  readonly login: { readonly user: string; readonly password: string } | null;
};

/** How STARTTLS goes: by this certificate, or not at all. */
export type ReceiverTls = {
  readonly chain: string;
  readonly key: string;
  /**
   * `refused`: 454. `junk`: what is no TLS follows the 220. `hang`: nothing follows it. `injected`: a reply in clear
   * comes in one piece with it. `left`: it hangs up after the handshake, as for a certificate that it misses.
   */
  readonly whim: 'none' | 'refused' | 'junk' | 'hang' | 'injected' | 'left';
};

/** A receiver without whims. */
export const plainBehaviour: ReceiverBehaviour = {
  greetingDelayMs: 0,
  greeting: null,
  replyDelayMs: 0,
  mailDelayMs: 0,
  rcptDelayMs: 0,
  greylistTries: 0,
  refuse: {},
  dropAt: null,
  muteAt: null,
  dotDelayMs: 0,
  messagesPerSession: null,
  eightBitMime: true,
  chunking: false,
  smtpUtf8: false,
  dsn: false,
  xclient: false,
  startTls: null,
  login: null,
};
