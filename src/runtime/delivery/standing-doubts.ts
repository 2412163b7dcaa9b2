import type { LeasedRecipient } from '../../decision/queue/queued.ts';
import type { Session } from './session.ts';

/** A cut leaves as many as sessions were busy; what is beyond is given up, and resolved by sending again. */
const sessionLimit = 2_000;
/** Longer than a commit takes, shorter than any wait for the next attempt. */
const answeredMs = 60_000;

/**
 * Recipients whose message went out whole by an egress that went down before the answer came. The session stands, in
 * case the answer comes late; it is forgotten when the message is sent again.
 */
export class StandingDoubts {
  readonly #sessions = new Map<string, Session>();
  /** Answered late, and when: a lease that was asked for before that is written down may still bring them. */
  readonly #answered = new Map<string, number>();

  note(leased: LeasedRecipient, session: Session): void {
    if (this.#sessions.size >= sessionLimit) this.#dropOldest();
    this.#sessions.set(keyOf(leased), session);
  }

  /** Gives the session, if it was still waited for. */
  forget(leased: LeasedRecipient): Session | null {
    if (this.#sessions.size === 0) return null;
    const key = keyOf(leased);
    const session = this.#sessions.get(key) ?? null;
    this.#sessions.delete(key);
    return session;
  }

  /** `now`: monotonic ms. */
  noteAnswered(leased: LeasedRecipient, now: number): void {
    for (const [key, at] of this.#answered) if (now - at > answeredMs) this.#answered.delete(key);
    this.#answered.set(keyOf(leased), now);
  }

  /** Was it answered a moment ago, so that a lease may have crossed the answer? */
  takeAnswered(leased: LeasedRecipient, now: number): boolean {
    if (this.#answered.size === 0) return false;
    const key = keyOf(leased);
    const at = this.#answered.get(key);
    this.#answered.delete(key);
    return at !== undefined && now - at <= answeredMs;
  }

  abandonAll(): void {
    for (const session of this.#sessions.values()) session.abandon();
    this.#sessions.clear();
  }

  #dropOldest(): void {
    const [oldest] = this.#sessions;
    if (oldest === undefined) return;
    this.#sessions.delete(oldest[0]);
    oldest[1].abandon();
  }
}

const keyOf = ({ recipient }: LeasedRecipient): string => `${recipient.message}/${recipient.index}`;
