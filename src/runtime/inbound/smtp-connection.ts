import { type AdmissionRules, admitRecipient } from '../../decision/admission/admit.ts';
import { Liveliness } from '../../decision/admission/full-house.ts';
import { domainOf } from '../../protocol/smtp/address.ts';
import { type Reply, reply, replyText } from '../../protocol/smtp/reply.ts';
import { ServerSession } from '../../protocol/smtp/server-session.ts';
import type {
  ServerAction,
  ServerEvent,
  ServerLimits,
  ServerQuestion,
} from '../../protocol/smtp/server-session-types.ts';
import type { CertificateChoice, Connection, Timer, TlsFacts } from '../ports.ts';
import { IncomingMessage, type IncomingParts } from './incoming-message.ts';
import type { RecipientCheck } from './recipient-check.ts';

/** How long a stranger must wait for our greeting: whoever talks into it is no mail server (RFC 5321 section 3.1). */
const greetingPauseMs = 200;

/** How long a client may keep the connection after our last word. */
export const partingMs = 3_000;

/** How long a client may take for the handshake of TLS. */
const handshakeMs = 30_000;

/** Ends of a session that nobody needs to hear of. */
const inOrder: ReadonlySet<string> = new Set(['quit', 'shutdown']);

/** What one connection works with. `ours` and `rules` are asked at each recipient, so a new configuration holds for open sessions too. */
export type SmtpConnectionParts = IncomingParts & {
  /** Is the client in `relay.from_networks`? */
  readonly ours: () => boolean;
  readonly limits: ServerLimits;
  readonly rules: () => AdmissionRules;
  /** Left out: every recipient of our domains is taken. */
  readonly recipientCheck?: RecipientCheck;
  /** Does what this client asked for, now (null) or when its turn comes: then gives the way to withdraw it. */
  readonly turn: (work: () => void) => (() => void) | null;
  /** Null: STARTTLS is not offered. */
  readonly certificates: CertificateChoice | null;
  /** A handshake is over; `facts` is null where it failed. */
  readonly handshake: (facts: TlsFacts | null, error: string | null) => void;
  /** The connection is over; `reason` is null where it ended as it should. */
  readonly closed: (reason: string | null) => void;
  /** A fault of our own: this connection ends, and nothing else. */
  readonly failed: (error: unknown) => void;
};

type RecipientAsked = Extract<ServerQuestion, { kind: 'recipient' }>;

/** Drives one `ServerSession` over one connection: bytes in, actions out, the body to the queue. */
export class SmtpConnection {
  readonly #connection: Connection;
  readonly #parts: SmtpConnectionParts;
  readonly #session: ServerSession;
  readonly #liveliness: Liveliness;
  /** What admission made of the recipients of the transaction under way. */
  #forwardPaths: string[] = [];
  #incoming: IncomingMessage | null = null;
  #tls: TlsFacts | null = null;
  /** A handshake begins when all that was said in clear is written. */
  #tlsDue = false;
  #timer: Timer | null = null;
  #timerAt = Number.POSITIVE_INFINITY;
  #heldBySession = false;
  #heldByBody = false;
  /** What it said waits for its turn; this withdraws it. */
  #heldByTurn: (() => void) | null = null;
  /** The greeting's pause goes on, or it waits for its turn; this withdraws it. */
  #heldGreeting: (() => void) | null = null;
  /** It does not read our replies. */
  #heldByReplies = false;
  #securing = false;
  readonly #events: ServerEvent[] = [];
  #stepping = false;
  #replies: Buffer[] = [];
  #closing = false;
  /** The client will say no more. */
  #farEnded = false;
  /** A reply that somebody else decides on is still to come. */
  #awaited = false;
  #parting: Timer | null = null;
  #closeReason: string | null = null;
  #discardReason: string | null = null;
  #over = false;
  #greeted = false;

  constructor(connection: Connection, parts: SmtpConnectionParts) {
    this.#connection = connection;
    this.#parts = parts;
    this.#liveliness = new Liveliness(parts.clock.monotonic());
    this.#session = new ServerSession({
      name: parts.listener.name,
      limits: parts.limits,
      bareNewline: parts.listener.bareNewline,
      startTls: parts.certificates !== null,
    });
    connection.handle({
      data: chunk => this.#hear(chunk),
      drained: () => {
        this.#heldByReplies = false;
        this.#read();
      },
      ended: () => {
        this.#farEnded = true;
        // It left before a word was said.
        if (!this.#greeted && this.#heldByTurn === null && !this.#closing) connection.destroy();
        else this.#partWhenAllIsSaid();
      },
      closed: () => this.#ended(),
    });
    if (parts.listener.role === 'mx') this.#greetLater();
    else this.#greet();
  }

  /** Postern is stopping: 421 as soon as no transaction is under way. */
  shutdown(): void {
    if (this.#over) return;
    if (this.#greeted) this.#step({ kind: 'shutdown', at: this.#parts.clock.monotonic() });
    else this.#part();
  }

  /** The client waits for our answer, or is on its way out. */
  get engaged(): boolean {
    return this.#over || this.#closing || this.#awaited;
  }

  /** The client has said next to nothing since then, monotonic ms; null while it is lively. */
  quietSince(now: number): number | null {
    return this.#liveliness.quietSince(now);
  }

  /** Its place is given to somebody else: 421 where the client can be told, whatever transaction is under way. */
  displace(): void {
    this.#step({ kind: 'displaced' });
    if (!this.#closing) this.#connection.destroy();
  }

  destroy(): void {
    this.#connection.destroy();
  }

  #greetLater(): void {
    const { clock, turn } = this.#parts;
    const pause = clock.timer(greetingPauseMs, () => {
      this.#heldGreeting = turn(() => this.#greet());
    });
    this.#heldGreeting = () => pause.cancel();
  }

  #greet(): void {
    if (this.#over || this.#greeted) return;
    this.#greeted = true;
    this.#step({ kind: 'opened', at: this.#parts.clock.monotonic() });
  }

  /** Nothing more is read of a client whose words wait for their turn. */
  #hear(chunk: Buffer): void {
    if (this.#closing) return;
    this.#liveliness.heard(chunk.length);
    const { turn, clock } = this.#parts;
    this.#heldByTurn = turn(() => {
      this.#step({ kind: 'bytes', chunk, at: clock.monotonic() });
      if (this.#heldByTurn === null) return;
      this.#heldByTurn = null;
      this.#read();
      this.#partWhenAllIsSaid();
    });
    if (this.#heldByTurn !== null) this.#connection.pause();
  }

  /** Steps until nothing is left to do; answers given meanwhile wait their turn, and all replies leave in one write. */
  #step(event: ServerEvent): void {
    this.#events.push(event);
    if (this.#stepping) return;
    this.#stepping = true;
    try {
      for (let next = this.#events.shift(); next !== undefined && !this.#over; next = this.#events.shift()) {
        for (const action of this.#session.step(next)) this.#act(action);
      }
      this.#stepping = false;
      this.#flush();
      if (this.#tlsDue) this.#beginTls();
      this.#partWhenAllIsSaid();
      this.#armTimer();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** The boundary of one connection: what is a bug ends here. The client hears nothing, and sends its message again. */
  #fail(error: unknown): void {
    this.#parts.failed(error);
    this.#connection.destroy();
  }

  #flush(): void {
    if (this.#replies.length === 0 || this.#over) return;
    const replies = this.#replies;
    this.#replies = [];
    if (this.#connection.write(replies)) return;
    this.#heldByReplies = true;
    this.#connection.pause();
  }

  #act(action: ServerAction): void {
    switch (action.kind) {
      case 'write':
        this.#replies.push(action.bytes);
        return;
      case 'ask':
        this.#ask(action.ask, action.question);
        return;
      case 'body':
        this.#addToBody(action.chunk.subarray(action.start, action.end));
        return;
      case 'discard':
        this.#discardReason = action.reason;
        if (this.#incoming)
          this.#parts.rejected('message', `a message from <${this.#incoming.reversePath}>: ${action.reason}`);
        this.#discard();
        return;
      case 'startTls':
        this.#tlsDue = true;
        return;
      case 'hold':
        this.#heldBySession = true;
        this.#connection.pause();
        return;
      case 'resume':
        this.#heldBySession = false;
        this.#read();
        return;
      case 'close':
        this.#closeReason = action.reason;
        this.#closing = true;
        return;
      default:
        action satisfies never;
    }
  }

  #ask(ask: number, question: ServerQuestion): void {
    switch (question.kind) {
      case 'mail':
        this.#forwardPaths = [];
        return this.#answer(ask, reply(250, '2.1.0', 'Sender taken.'));
      case 'recipient':
        return this.#admit(ask, question);
      case 'data':
        return this.#answer(ask, this.#open(question));
      case 'message':
        return void this.#commit(ask).catch((error: unknown) => this.#fail(error));
      default:
        question satisfies never;
    }
  }

  #answer(ask: number, verdict: Reply): void {
    this.#step({ kind: 'answer', ask, reply: verdict, at: this.#parts.clock.monotonic() });
  }

  #admit(ask: number, { reversePath, forwardPath }: RecipientAsked): void {
    const { listener, ours, rules, recipientCheck } = this.#parts;
    const client = { listener, ours: ours() };
    const admission = admitRecipient(forwardPath, domainOf(forwardPath), client, rules());
    if (admission.kind === 'refused')
      return this.#refuseRecipient(ask, reversePath, forwardPath, admission.reply);
    const domain = domainOf(admission.forwardPath);
    if (recipientCheck === undefined || !rules().domains.has(domain))
      return this.#takeRecipient(ask, admission.forwardPath);
    const word = recipientCheck({
      forwardPath: admission.forwardPath,
      domain,
      reversePath,
      client: this.#connection.remoteAddress,
    });
    const settle = (refusal: Reply | null): void =>
      refusal === null
        ? this.#takeRecipient(ask, admission.forwardPath)
        : this.#refuseRecipient(ask, reversePath, forwardPath, refusal);
    if (!(word instanceof Promise)) return settle(word);
    this.#awaited = true;
    void word
      .then(refusal => {
        this.#awaited = false;
        settle(refusal);
      })
      .catch((error: unknown) => this.#fail(error));
  }

  #takeRecipient(ask: number, forwardPath: string): void {
    this.#forwardPaths.push(forwardPath);
    this.#answer(ask, reply(250, '2.1.5', 'Recipient taken.'));
  }

  #refuseRecipient(ask: number, reversePath: string, forwardPath: string, refusal: Reply): void {
    const reason = `mail from <${reversePath}> for <${forwardPath}>: ${replyText(refusal)}`;
    this.#parts.rejected('recipient', reason);
    this.#answer(ask, refusal);
  }

  #open(question: Extract<ServerQuestion, { kind: 'data' }>): Reply {
    const incoming: IncomingMessage = new IncomingMessage(
      this.#parts,
      {
        question,
        forwardPaths: this.#forwardPaths,
        clientAddress: this.#connection.remoteAddress,
        tls: this.#tls,
      },
      () => {
        if (this.#incoming === incoming) this.#releaseBody();
      },
    );
    this.#incoming = incoming;
    this.#forwardPaths = [];
    return reply(354, null, 'Send the message; end with a dot on a line by itself.');
  }

  #addToBody(span: Buffer): void {
    const incoming = this.#incoming;
    if (!incoming) return;
    incoming.add(span);
    if (incoming.congested && !this.#heldByBody) {
      this.#heldByBody = true;
      this.#connection.pause();
    }
  }

  async #commit(ask: number): Promise<void> {
    const incoming = this.#takeIncoming();
    if (!incoming)
      return this.#answer(ask, reply(451, '4.3.0', 'The message was lost on its way in; send it again.'));
    this.#awaited = true;
    const verdict = await incoming.commit();
    this.#awaited = false;
    this.#answer(ask, verdict);
  }

  /** Called while nothing is unread, so what comes from now on is the handshake's (RFC 3207). */
  #beginTls(): void {
    const { certificates, handshake, clock } = this.#parts;
    this.#tlsDue = false;
    if (certificates === null || this.#over) return;
    this.#securing = true;
    void this.#connection
      .startTls({ side: 'server', certificates, timeoutMs: handshakeMs })
      .then(secured => {
        if (!secured.ok) {
          if (secured.error.kind !== 'aborted') handshake(null, secured.error.message);
          return;
        }
        this.#securing = false;
        this.#tls = secured.value;
        handshake(secured.value, null);
        this.#step({ kind: 'secured', at: clock.monotonic() });
        this.#read();
      })
      .catch((error: unknown) => this.#fail(error));
  }

  #discard(): void {
    const incoming = this.#takeIncoming();
    if (incoming) void incoming.abandon();
  }

  /** The message is no longer read, so the client is no longer held by it. */
  #takeIncoming(): IncomingMessage | null {
    const incoming = this.#incoming;
    this.#incoming = null;
    this.#releaseBody();
    return incoming;
  }

  #releaseBody(): void {
    if (!this.#heldByBody) return;
    this.#heldByBody = false;
    this.#read();
  }

  #read(): void {
    const held = this.#heldBySession || this.#heldByBody || this.#heldByTurn !== null || this.#heldByReplies;
    if (!held && !this.#securing && !this.#over) this.#connection.resume();
  }

  /** Ends our half when the session is over, or the client has ended its own and waits for nothing more. */
  #partWhenAllIsSaid(): void {
    if (this.#closing || (this.#farEnded && !this.#awaited && this.#heldByTurn === null)) this.#part();
  }

  /** A client that does not end its half too, or does not read, is not waited for. */
  #part(): void {
    if (this.#over || this.#parting !== null) return;
    this.#connection.end();
    this.#connection.resume();
    if (!this.#over) this.#parting = this.#parts.clock.timer(partingMs, () => this.#connection.destroy());
  }

  /** One timer a connection, moved only when it fires: deadlines move with every command. */
  #armTimer(): void {
    const { deadline } = this.#session;
    if (this.#over || deadline === null || deadline >= this.#timerAt) return;
    this.#timer?.cancel();
    this.#timerAt = deadline;
    this.#timer = this.#parts.clock.timer(Math.max(0, deadline - this.#parts.clock.monotonic()), () => {
      this.#timer = null;
      this.#timerAt = Number.POSITIVE_INFINITY;
      const now = this.#parts.clock.monotonic();
      if ((this.#session.deadline ?? Number.POSITIVE_INFINITY) <= now) this.#step({ kind: 'tick', at: now });
      else this.#armTimer();
    });
  }

  #ended(): void {
    if (this.#over) return;
    this.#over = true;
    this.#heldByTurn?.();
    this.#heldGreeting?.();
    this.#timer?.cancel();
    this.#parting?.cancel();
    this.#discard();
    const isTold = inOrder.has(this.#closeReason ?? 'quit') || this.#closeReason === this.#discardReason;
    this.#parts.closed(isTold ? null : this.#closeReason);
  }
}
