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
import type { Clock, Connection, QueueStore, Timer } from '../ports.ts';
import { BodyFeed, dotHoldBytes, needsHeldDot } from './body-feed.ts';
import type { EgressGuide } from './egress-guide.ts';
import type { Job } from './job.ts';

/** Greetings come late from sound hosts too, and a body may wait for a slow line. */
const shortestGreetingSilenceMs = 1_500;
const shortestBodySilenceMs = 1_000;
const shortestDotSilenceMs = 5_000;
const longestSilenceMs = 60_000;
/** An answer is due well before its silence is suspicious: so much of the time. */
const dueShare = 0.7;
/** QUIT is a courtesy: nobody waits for its answer longer. */
const quitMs = 5_000;
/** The host's own figures of what is unacknowledged may be 50 ms old. */
const dotPollMs = 60;
/** One observation of life tells as much as many. */
const aliveEveryMs = 50;

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
  readonly owner: SessionOwner;
  readonly site: string;
  readonly candidate: Candidate;
  readonly to: HostAddress;
  readonly connection: Connection;
};

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
  /** Whoever opened it, then whoever gives it jobs. */
  owner: SessionOwner;
  readonly #parts: SessionParts;
  readonly #machine: ClientSession;
  readonly #connection: Connection;
  #job: Job | null = null;
  #jobAt = 0;
  #stage: ClientStage = 'greeting';
  #events: ClientEvent[] = [];
  #stepping = false;
  #writes: Buffer[] = [];
  #congested = false;
  #feed: BodyFeed | null = null;
  #ready = false;
  #over = false;
  #closing: string | null = null;
  #writtenAt: number;
  #heardAt: number;
  #aliveAt = Number.NEGATIVE_INFINITY;
  #deadline: number;
  #silenceAt = Number.POSITIVE_INFINITY;
  #dueAt = Number.POSITIVE_INFINITY;
  #patience = 1;
  #usualReplyMs = 0;
  #timer: Timer | null = null;
  #timerAt = Number.POSITIVE_INFINITY;

  constructor(parts: SessionParts) {
    const now = parts.clock.monotonic();
    this.#parts = parts;
    this.owner = parts.owner;
    this.candidate = parts.candidate;
    this.to = parts.to;
    this.#connection = parts.connection;
    this.#machine = new ClientSession(parts.candidate.egress.ehlo);
    this.#writtenAt = now;
    this.#heardAt = now;
    this.#deadline = now + 300_000;
    this.#usualReplyMs = this.#askUsual();
    this.#expect('greeting', now);
    this.#arm();
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

  get isReady(): boolean {
    return this.#ready;
  }

  get isOver(): boolean {
    return this.#over;
  }

  get stage(): ClientStage {
    return this.#stage;
  }

  /** Monotonic ms of the last sign of life. */
  get heardAt(): number {
    return this.#heardAt;
  }

  /** When the answer that is missing should have come, in monotonic ms. */
  get dueAt(): number {
    return this.#dueAt;
  }

  /** How long the job under way has taken. */
  get jobMs(): number {
    return this.#parts.clock.monotonic() - this.#jobAt;
  }

  /** Only while idle. */
  start(job: Job): void {
    const { message, recipients } = job;
    this.#job = job;
    this.#jobAt = this.#parts.clock.monotonic();
    this.#patience = 1;
    this.#usualReplyMs = this.#askUsual();
    this.dotAt = null;
    this.#step({
      kind: 'start',
      transaction: {
        reversePath: message.reversePath,
        forwardPaths: recipients.map(({ recipient }) => recipient.forwardPath),
        sizeBytes: message.sizeBytes,
        bodyType: message.bodyType,
        holdDot: needsHeldDot(job.body, this.candidate.egress),
      },
    });
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

  /** The far side was asked, and lives: it may take its time, twice as long as before. */
  bePatient(): void {
    this.#patience *= 4;
    const now = this.#parts.clock.monotonic();
    const silent = Math.min(longestSilenceMs, this.#usualSilenceMs() * this.#patience);
    this.#silenceAt = now + silent;
    this.#dueAt = now + silent * dueShare;
    this.#arm();
  }

  #heard(chunk: Buffer): void {
    this.#heardAt = this.#parts.clock.monotonic();
    this.#step({ kind: 'bytes', chunk });
  }

  #drained(): void {
    this.#congested = false;
    this.#progress();
    this.#feed?.more();
  }

  #closed(why: string, cut: boolean): void {
    if (this.#over) return;
    this.#closing ??= why;
    this.#step({ kind: 'ended' });
    if (this.#over) return;
    this.#end();
    this.owner.ended(this, this.#closing, cut);
  }

  /** Steps the machine until nothing is left to do; all that it writes leaves in one write. */
  #step(event: ClientEvent): void {
    this.#events.push(event);
    if (this.#stepping) return;
    this.#stepping = true;
    let result: Extract<ClientAction, { kind: 'result' }> | null = null;
    let becameReady = false;
    for (let next = this.#events.shift(); next !== undefined && !this.#over; next = this.#events.shift()) {
      for (const action of this.#machine.step(next)) {
        if (action.kind === 'result') result = action;
        else if (action.kind === 'ready') becameReady = true;
        else this.#act(action);
      }
    }
    this.#stepping = false;
    this.#flush();
    if (becameReady) this.#ready = true;
    if (result !== null) this.#finish(result);
    else if (becameReady) this.#rest();
    if (this.#closing !== null && !this.#over) this.#connection.end();
    if (!this.#over) this.#arm();
  }

  #act(action: Exclude<ClientAction, { kind: 'result' | 'ready' }>): void {
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
        this.#await(action.stage, action.timeoutMs);
        return;
      case 'close':
        this.#closing = action.text;
        this.#deadline = this.#parts.clock.monotonic() + quitMs;
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
    this.#progress();
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

  /** The kernel takes bytes long before the far side has them: the dot waits, so that a cut leaves little in doubt. */
  async #holdDot(): Promise<void> {
    const job = this.#job;
    let least = Number.POSITIVE_INFINITY;
    for (;;) {
      await this.#parts.clock.sleep(dotPollMs);
      if (this.#job !== job || this.#over) return;
      const unsent = await this.#connection.unsentBytes();
      if (this.#job !== job || this.#over) return;
      if (unsent === null || unsent <= dotHoldBytes) return this.#step({ kind: 'dotAllowed' });
      if (unsent < least) {
        least = unsent;
        this.#progress();
      }
    }
  }

  #breakOff(why: string): void {
    this.#closing ??= why;
    this.#connection.destroy();
  }

  /** The body moves: silence begins anew. */
  #progress(): void {
    const now = this.#parts.clock.monotonic();
    this.#deadline = now + 180_000;
    this.#expect('body', now);
    this.#arm();
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

  #await(stage: ClientStage, timeoutMs: number | null): void {
    const now = this.#parts.clock.monotonic();
    this.#stage = stage;
    if (this.#closing !== null) return;
    const limitMs = stage === 'quit' ? quitMs : timeoutMs;
    this.#deadline = limitMs === null ? Number.POSITIVE_INFINITY : now + limitMs;
    this.#expect(stage, now);
  }

  #expect(stage: ClientStage, now: number): void {
    this.#stage = stage;
    const silent =
      this.candidate.egress.kind === 'local' || stage === 'idle' || stage === 'quit'
        ? Number.POSITIVE_INFINITY
        : this.#usualSilenceMs() * this.#patience;
    this.#silenceAt = now + silent;
    this.#dueAt = now + silent * dueShare;
  }

  #usualSilenceMs(): number {
    const usual = this.#usualReplyMs;
    switch (this.#stage) {
      case 'greeting':
        return Math.max(shortestGreetingSilenceMs, usual);
      case 'body':
        return Math.max(shortestBodySilenceMs, usual);
      case 'dot':
        return Math.max(shortestDotSilenceMs, usual);
      default:
        return usual;
    }
  }

  #askUsual(): number {
    return this.#parts.guide.expectedReplyMs(this.egressId, this.#parts.site);
  }

  /** One timer, moved only where it would come too late: deadlines move with every reply. */
  #arm(): void {
    const at = Math.min(this.#deadline, this.#silenceAt);
    if (this.#over || at >= this.#timerAt || at === Number.POSITIVE_INFINITY) return;
    this.#timer?.cancel();
    this.#timerAt = at;
    this.#timer = this.#parts.clock.timer(Math.max(1, at - this.#parts.clock.monotonic()), () =>
      this.#rang(),
    );
  }

  #rang(): void {
    this.#timerAt = Number.POSITIVE_INFINITY;
    this.#timer = null;
    const now = this.#parts.clock.monotonic();
    if (now >= this.#deadline) {
      this.#breakOff(`There was no answer in the time that RFC 5321 gives (${this.#stage}).`);
      this.#deadline = Number.POSITIVE_INFINITY;
      return;
    }
    if (now >= this.#silenceAt) {
      this.#silenceAt = now + this.#usualSilenceMs();
      if (this.#parts.guide.isEvidenceTrusted()) {
        this.#silenceAt = Number.POSITIVE_INFINITY;
        this.owner.silent(this);
      }
    }
    this.#arm();
  }

  #end(): void {
    this.#over = true;
    this.#feed = null;
    this.#events = [];
    this.#timer?.cancel();
    this.#timer = null;
  }
}
