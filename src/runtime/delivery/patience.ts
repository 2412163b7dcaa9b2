import type { Egress } from '../../decision/egress/egress.ts';
import { stageTimeoutsMs } from '../../protocol/smtp/client-session.ts';
import type { ClientStage } from '../../protocol/smtp/client-session-types.ts';
import type { Clock, Timer } from '../ports.ts';
import type { EgressGuide } from './egress-guide.ts';

/** Greetings come late from sound hosts too, a handshake is work for both, and a body may wait for a slow line. */
const shortestGreetingSilenceMs = 1_500;
const shortestHandshakeSilenceMs = 3_000;
const shortestBodySilenceMs = 1_000;
const shortestDotSilenceMs = 5_000;
const longestSilenceMs = 60_000;
/** An answer is due well before its silence is suspicious: so much of the time. */
const dueShare = 0.7;
/** QUIT is a courtesy: nobody waits for its answer longer. */
const quitMs = 5_000;

/** How long a session waits for its far side; each is told once for each time that it is armed. */
export interface PatienceOwner {
  /** There was no answer in the time that RFC 5321 gives. */
  over(stage: ClientStage): void;
  /** Silent past what is usual of this host by this egress. */
  silent(): void;
}

/** Deadlines of one session: those of RFC 5321, and the much shorter ones of what is usual. Times are monotonic ms. */
export class Patience {
  #stage: ClientStage = 'greeting';
  readonly #clock: Clock;
  readonly #guide: EgressGuide;
  readonly #site: string;
  readonly #egress: Egress;
  readonly #owner: PatienceOwner;
  #deadline: number;
  #silenceAt = Number.POSITIVE_INFINITY;
  #dueAt = Number.POSITIVE_INFINITY;
  #factor = 1;
  #usualReplyMs = 0;
  #timer: Timer | null = null;
  #timerAt = Number.POSITIVE_INFINITY;
  #over = false;

  constructor(
    parts: { readonly clock: Clock; readonly guide: EgressGuide; readonly site: string },
    egress: Egress,
    owner: PatienceOwner,
  ) {
    this.#clock = parts.clock;
    this.#guide = parts.guide;
    this.#site = parts.site;
    this.#egress = egress;
    this.#owner = owner;
    const now = this.#clock.monotonic();
    this.#deadline = now + stageTimeoutsMs.greeting;
    this.#usualReplyMs = this.#askUsual();
    this.#expect(now);
    this.arm();
  }

  /** When the answer that is missing should have come. */
  get dueAt(): number {
    return this.#dueAt;
  }

  jobBegan(): void {
    this.#factor = 1;
    this.#usualReplyMs = this.#askUsual();
  }

  /** This is awaited from now on; `timeoutMs` null: for as long as it takes. Takes effect with `arm`. */
  await(stage: ClientStage, timeoutMs: number | null): void {
    const now = this.#clock.monotonic();
    this.#stage = stage;
    const limitMs = stage === 'quit' ? quitMs : timeoutMs;
    this.#deadline = limitMs === null ? Number.POSITIVE_INFINITY : now + limitMs;
    this.#expect(now);
  }

  /** The body moves: silence begins anew. */
  progress(): void {
    const now = this.#clock.monotonic();
    this.#stage = 'body';
    this.#deadline = now + stageTimeoutsMs.body;
    this.#expect(now);
    this.arm();
  }

  /** The far side was asked, and lives: it may take its time. */
  bePatient(): void {
    this.#factor *= 4;
    const silent = Math.min(longestSilenceMs, this.#usualSilenceMs() * this.#factor);
    this.#silentFrom(this.#clock.monotonic(), silent);
    this.arm();
  }

  /** All is said; only the end of the connection is awaited. */
  closing(): void {
    this.#deadline = this.#clock.monotonic() + quitMs;
  }

  /** One timer, moved only where it would come too late: deadlines move with every reply. */
  arm(): void {
    const at = Math.min(this.#deadline, this.#silenceAt);
    if (this.#over || at >= this.#timerAt || at === Number.POSITIVE_INFINITY) return;
    this.#timer?.cancel();
    this.#timerAt = at;
    this.#timer = this.#clock.timer(Math.max(1, at - this.#clock.monotonic()), () => this.#rang());
  }

  end(): void {
    this.#over = true;
    this.#timer?.cancel();
    this.#timer = null;
  }

  #expect(now: number): void {
    const unwatched = this.#egress.kind === 'local' || this.#stage === 'idle' || this.#stage === 'quit';
    this.#silentFrom(now, unwatched ? Number.POSITIVE_INFINITY : this.#usualSilenceMs() * this.#factor);
  }

  #silentFrom(now: number, silentMs: number): void {
    this.#silenceAt = now + silentMs;
    this.#dueAt = now + silentMs * dueShare;
  }

  #usualSilenceMs(): number {
    const usual = this.#usualReplyMs;
    switch (this.#stage) {
      case 'greeting':
        return Math.max(shortestGreetingSilenceMs, usual);
      case 'tls':
        return Math.max(shortestHandshakeSilenceMs, usual);
      case 'body':
        return Math.max(shortestBodySilenceMs, usual);
      case 'dot':
        return Math.max(shortestDotSilenceMs, usual);
      default:
        return usual;
    }
  }

  #askUsual(): number {
    return this.#guide.expectedReplyMs(this.#egress.id, this.#site);
  }

  #rang(): void {
    this.#timerAt = Number.POSITIVE_INFINITY;
    this.#timer = null;
    const now = this.#clock.monotonic();
    if (now >= this.#deadline) {
      this.#owner.over(this.#stage);
      this.#deadline = Number.POSITIVE_INFINITY;
      return;
    }
    if (now >= this.#silenceAt) {
      this.#silenceAt = now + this.#usualSilenceMs();
      if (this.#guide.isEvidenceTrusted()) {
        this.#silenceAt = Number.POSITIVE_INFINITY;
        this.#owner.silent();
      }
    }
    this.arm();
  }
}
