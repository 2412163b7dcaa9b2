/** So many are remembered; the eldest is forgotten, and waits for Postfix's own time. */
const most = 50_000;

/** Messages that wait in Postfix for a reason of the network, by queue ID, with the transport that had them last. */
export class DeferredMail {
  readonly #transports = new Map<string, string>();

  get size(): number {
    return this.#transports.size;
  }

  note(id: string, transport: string): void {
    this.#transports.delete(id);
    this.#transports.set(id, transport);
    if (this.#transports.size <= most) return;
    const [eldest] = this.#transports.keys();
    if (eldest !== undefined) this.#transports.delete(eldest);
  }

  /** It has left, or it is tried now. */
  forget(id: string): void {
    this.#transports.delete(id);
  }

  /** A transport whose uplink was dead works again: what it had is worth another try, by itself too. */
  revive(transport: string): void {
    for (const [id, last] of this.#transports) if (last === transport) this.#transports.set(id, '');
  }

  /** The eldest that another transport than `current` had, or that one before it was revived; null: none waits for this one. */
  next(current: string): string | null {
    for (const [id, transport] of this.#transports) if (transport !== current) return id;
    return null;
  }
}
