import type { Candidate } from '../../decision/egress/choice.ts';
import type { HostAddress } from '../../decision/egress/route.ts';
import { ClientSession } from '../../protocol/smtp/client-session.ts';
import type {
  ClientAction,
  ClientEvent,
  ClientStage,
  RecipientReply,
} from '../../protocol/smtp/client-session-types.ts';
import type { Reply } from '../../protocol/smtp/reply.ts';
import type { EventStream } from '../events.ts';
import type { Clock, Connection, QueueStore, TlsFacts } from '../ports.ts';
import { contentOf } from './body-content.ts';
import { BodyFeed, nearlyArrived } from './body-feed.ts';
import type { ConnectTerms } from './connect-terms.ts';
import type { EgressGuide } from './egress-guide.ts';
import type { Job } from './job.ts';
import { Patience } from './patience.ts';
import { transactionOf } from './transaction-of.ts';

/** One observation of life tells as much as many. */
const aliveEveryMs = 50;
/** A host that offers TLS and does not come to it keeps nobody longer. */
const handshakeMs = 30_000;

/** What a session tells its owner. `ended` comes once, last; a `result` before it where a job was under way. */
export interface SessionOwner {
  /** Greeted: jobs may come. Also after each `result` that left the session whole. */
  idle(session: Session): void;
  /** No job will ever be taken: the greeting or EHLO was refused. `ended` follows. */
  refused(session: Session, stage: ClientStage, reply: Reply): void;
  result(
    session: Session,
    job: Job,
    recipients: readonly RecipientReply[],
    dotSent: boolean,
    why: string,
  ): void;
  /** Silent past what is usual: is the link dead? */
  silent(session: Session): void;
  /** `cut`: the network broke it, not the far side in order. */
  ended(session: Session, why: string, cut: boolean): void;
}

export type SessionParts = {
  readonly clock: Clock;
  readonly store: Pick<QueueStore, 'readRange'>;
  readonly guide: EgressGuide;
  readonly events: EventStream;
  readonly owner: SessionOwner;
  readonly site: string;
  readonly candidate: Candidate;
  readonly to: HostAddress;
  readonly connection: Connection;
  readonly terms: ConnectTerms;
  /** TLS with this host failed a moment ago, and it need not be. */
  readonly clear: boolean;
};

/** Why a session was no use: there was no TLS with this host, or our login was refused. */
export type Unmet = 'tls' | 'auth';

/**
 * One connection to one host by one egress, with its name: carries jobs one after another. Times are monotonic ms but
 * for `dotAt`.
 */
export class Session {
  readonly candidate: Candidate;
  readonly to: HostAddress;
  /** Jobs that were carried to their end before the one under way. */
  carried = 0;
  /** When it became idle. */
  idleSince = 0;
  /** To be closed as soon as it has no job. */
  retired = false;
  /** Wall ms of the final dot of the job under way; null before it. */
  dotAt: number | null = null;
  /** The protocol and cipher in use, as the trace shows them; null: clear text. */
  tls: string | null = null;
  /** What the terms wanted and the host did not give; the session ends for it. */
  unmet: Unmet | null = null;
  /** During `result`: the far side knows DSN, and reports on the message from now on. */
  dsnPassed = false;
  /** Whoever opened it, then whoever gives it jobs. */
  owner: SessionOwner;
  readonly #parts: SessionParts;
  readonly #machine: ClientSession;
  readonly #connection: Connection;
  #job: Job | null = null;
  #jobAt = 0;
  #events: ClientEvent[] = [];
  #stepping = false;
  #writes: Buffer[] = [];
  #congested = false;
  #feed: BodyFeed | null = null;
  /** A handshake is under way. */
  #goingOver = false;
  #over = false;
  #closing: string | null = null;
  #writtenAt: number;
  #heardAt: number;
  #aliveAt = Number.NEGATIVE_INFINITY;
  readonly #patience: Patience;

  constructor(parts: SessionParts) {
    const now = parts.clock.monotonic();
    this.#parts = parts;
    this.owner = parts.owner;
    this.candidate = parts.candidate;
    this.to = parts.to;
    this.#connection = parts.connection;
    const { tls, login } = parts.terms;
    this.#machine = new ClientSession({
      ehlo: parts.candidate.egress.ehlo,
      tls: parts.clear && tls === 'may' ? 'none' : tls,
      login,
    });
    this.#writtenAt = now;
    this.#heardAt = now;
    this.#patience = new Patience(parts, parts.candidate.egress, {
      over: stage => this.#breakOff(`There was no answer in the time that RFC 5321 gives (${stage}).`),
      silent: () => this.owner.silent(this),
    });
    parts.connection.handle({
      data: chunk => this.#heard(chunk),
      drained: () => this.#drained(),
      closed: error => this.#closed(error?.message ?? 'The far side closed the connection.', error !== null),
    });
  }

  get egressId(): string {
    return this.candidate.egress.id;
  }

  get job(): Job | null {
    return this.#job;
  }

  get isOver(): boolean {
    return this.#over;
  }

  /** Monotonic ms of the last sign of life. */
  get heardAt(): number {
    return this.#heardAt;
  }

  /** When the answer that is missing should have come, in monotonic ms. */
  get dueAt(): number {
    return this.#patience.dueAt;
  }

  /** How long the job under way has taken. */
  get jobMs(): number {
    return this.#parts.clock.monotonic() - this.#jobAt;
  }

  /** Only while idle. */
  start(job: Job): void {
    this.#job = job;
    this.#jobAt = this.#parts.clock.monotonic();
    this.#patience.jobBegan();
    this.dotAt = null;
    this.#step({ kind: 'start', transaction: transactionOf(job, this.candidate.egress, this.#parts.terms) });
  }

  /** Ends an idle session politely. */
  quit(): void {
    if (this.#over) return;
    this.retired = true;
    this.#step({ kind: 'quit' });
  }

  /** Gone at once, without a word to the owner; gives the job that was under way. */
  abandon(): Job | null {
    const job = this.#job;
    this.#job = null;
    this.#end();
    this.#connection.destroy();
    return job;
  }

  /** The far side was asked, and lives: it may take its time. */
  bePatient(): void {
    this.#patience.bePatient();
  }

  #heard(chunk: Buffer): void {
    this.#heardAt = this.#parts.clock.monotonic();
    this.#step({ kind: 'bytes', chunk });
  }

  #drained(): void {
    this.#congested = false;
    this.#patience.progress();
    this.#feed?.more();
  }

  #closed(why: string, cut: boolean): void {
    if (this.#over) return;
    this.#closing ??= why;
    if (this.#goingOver) {
      this.unmet = 'tls';
      this.#tellTls(null, this.#closing);
    }
    this.#step({ kind: 'ended' });
    if (this.#over) return;
    this.#end();
    this.owner.ended(this, this.#closing, cut && this.unmet === null);
  }

  /** Steps the machine until nothing is left to do; all that it writes leaves in one write. */
  #step(event: ClientEvent): void {
    this.#events.push(event);
    if (this.#stepping) return;
    this.#stepping = true;
    let result: Extract<ClientAction, { kind: 'result' }> | null = null;
    let becameReady = false;
    let goesOver = false;
    for (let next = this.#events.shift(); next !== undefined && !this.#over; next = this.#events.shift()) {
      for (const action of this.#machine.step(next)) {
        if (action.kind === 'result') result = action;
        else if (action.kind === 'ready') becameReady = true;
        else if (action.kind === 'startTls') goesOver = true;
        else this.#act(action);
      }
    }
    this.#stepping = false;
    this.#flush();
    if (goesOver) void this.#goOver();
    if (result !== null) this.#finish(result);
    else if (becameReady) this.#rest();
    if (this.#closing !== null && !this.#over) this.#connection.end();
    if (!this.#over) this.#patience.arm();
  }

  #act(action: Exclude<ClientAction, { kind: 'result' | 'ready' | 'startTls' }>): void {
    switch (action.kind) {
      case 'write':
        for (const chunk of action.chunks) this.#writes.push(chunk);
        return;
      case 'refused':
        this.owner.refused(this, action.stage, action.reply);
        return;
      case 'readBody':
        this.#readBody();
        return;
      case 'inspectBody':
        void this.#inspectBody();
        return;
      case 'dotHeld':
        void this.#holdDot();
        return;
      case 'dotSent':
        this.dotAt = this.#parts.clock.now();
        this.#feed = null;
        return;
      case 'replied':
        this.#replied(action.stage);
        return;
      case 'await':
        if (this.#closing === null) this.#patience.await(action.stage, action.timeoutMs);
        return;
      case 'close':
        this.#closing = action.text;
        if (action.why === 'tls' || action.why === 'auth') this.unmet = action.why;
        this.#patience.closing();
        return;
      default:
        action satisfies never;
    }
  }

  #flush(): void {
    if (this.#writes.length === 0 || this.#over) return;
    const writes = this.#writes;
    this.#writes = [];
    this.#writtenAt = this.#parts.clock.monotonic();
    if (!this.#connection.write(writes)) this.#congested = true;
  }

  #finish(result: Extract<ClientAction, { kind: 'result' }>): void {
    const job = this.#job;
    this.#job = null;
    this.#feed = null;
    if (job === null) return;
    const why = this.#closing ?? 'The session ended.';
    this.dsnPassed = result.dsnPassed;
    this.owner.result(this, job, result.recipients, result.dotSent, why);
    this.carried += 1;
    if (this.#closing === null && !this.#over) this.#rest();
  }

  #rest(): void {
    this.idleSince = this.#parts.clock.monotonic();
    this.dotAt = null;
    this.owner.idle(this);
  }

  #readBody(): void {
    const job = this.#job;
    if (job === null) return;
    this.#patience.progress();
    if (job.body.kind === 'inline') {
      this.#events.push({ kind: 'body', chunk: job.body.bytes, last: true });
      return;
    }
    this.#feed ??= new BodyFeed(this.#parts.store, job.body, {
      chunk: (chunk, last) => {
        if (this.#job === job && !this.#over) this.#step({ kind: 'body', chunk, last });
      },
      failed: why => {
        if (this.#job === job && !this.#over) this.#breakOff(`The body cannot be read: ${why}`);
      },
    });
    this.#feed.want();
    if (!this.#congested) queueMicrotask(() => this.#feed?.more());
  }

  async #holdDot(): Promise<void> {
    const job = this.#job;
    const arrived = await nearlyArrived(this.#connection, this.#parts.clock, {
      isPointless: () => this.#job !== job || this.#over,
      progress: () => this.#patience.progress(),
    });
    if (arrived) this.#step({ kind: 'dotAllowed' });
  }

  async #inspectBody(): Promise<void> {
    const job = this.#job;
    if (job === null) return;
    const content = await contentOf(this.#parts.store, job.body);
    if (this.#job !== job || this.#over) return;
    if (content.ok) this.#step({ kind: 'inspected', content: content.value });
    else this.#breakOff(`The body cannot be read: ${content.error}`);
  }

  async #goOver(): Promise<void> {
    this.#goingOver = true;
    const { terms, site } = this.#parts;
    const { host, address, port } = this.to;
    const secured = await this.#connection.startTls({
      side: 'client',
      serverName: terms.serverName ?? host,
      verify: terms.tls === 'verify',
      sessionKey: `${this.egressId} ${site} ${address}:${port}`,
      timeoutMs: handshakeMs,
    });
    if (this.#over) return;
    if (!secured.ok) {
      // `closed` follows.
      this.#closing ??= secured.error.message;
      return;
    }
    this.#goingOver = false;
    this.tls = `${secured.value.protocol} ${secured.value.cipher}`;
    this.#tellTls(secured.value, null);
    this.#heardAt = this.#parts.clock.monotonic();
    this.#step({ kind: 'secured' });
  }

  #tellTls(facts: TlsFacts | null, error: string | null): void {
    const { clock, events } = this.#parts;
    events.emit({ kind: 'tls', at: clock.now(), side: 'client', with: this.to.host, facts, error });
  }

  #breakOff(why: string): void {
    this.#closing ??= why;
    this.#connection.destroy();
  }

  #replied(stage: ClientStage): void {
    const { egress } = this.candidate;
    if (egress.kind === 'local') return;
    const { guide, site } = this.#parts;
    const now = this.#heardAt;
    if (now - this.#aliveAt >= aliveEveryMs) {
      this.#aliveAt = now;
      guide.observe(egress.id, { kind: 'answered', at: now, site, to: this.to, probe: false });
    }
    // Replies to one group come together: only the first of them tells how long an answer takes.
    if (this.#writtenAt === Number.NEGATIVE_INFINITY || stage === 'greeting' || stage === 'dot') return;
    guide.recordReply(egress.id, site, now - this.#writtenAt);
    this.#writtenAt = Number.NEGATIVE_INFINITY;
  }

  #end(): void {
    this.#over = true;
    this.#feed = null;
    this.#events = [];
    this.#patience.end();
  }
}
