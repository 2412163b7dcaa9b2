import type { Session } from './session.ts';

/** Ends an idle session of its site. */
export type Dismiss = (session: Session) => void;

/** The sessions of all sites that carry nothing, in the order in which they became idle. */
export class IdleSessions {
  readonly #dismissals = new Map<Session, Dismiss>();

  get count(): number {
    return this.#dismissals.size;
  }

  /** It has no job; `dismiss` leads back to its site, which calls `rouse` in it. */
  rest(session: Session, dismiss: Dismiss): void {
    this.#dismissals.delete(session);
    this.#dismissals.set(session, dismiss);
  }

  /** It has a job again, or is its site's no more. */
  rouse(session: Session): void {
    this.#dismissals.delete(session);
  }

  /** Ends the session that has been idle longest, of those that are asked for; false: there is none. */
  dismissLongest(isAskedFor: (session: Session) => boolean = () => true): boolean {
    for (const [session, dismiss] of this.#dismissals) {
      if (!isAskedFor(session)) continue;
      dismiss(session);
      return true;
    }
    return false;
  }
}
