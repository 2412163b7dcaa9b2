/** A handshake that fails is told at once; of the next ones at that listener in this time only their number. */
const quietMs = 10_000;

type Quiet = { readonly since: number; unsaid: number };

/** Who speaks no TLS after STARTTLS may do so a thousand times a second; the log does not. */
export class HandshakeNotices {
  readonly #quiet = new Map<string, Quiet>();

  /** What to tell of a failure at `at` (monotonic ms); null: nothing. `listener` is one of ours. */
  failed(listener: string, why: string, at: number): string | null {
    const quiet = this.#quiet.get(listener);
    if (quiet !== undefined && at - quiet.since < quietMs) {
      quiet.unsaid += 1;
      return null;
    }
    this.#quiet.set(listener, { since: at, unsaid: 0 });
    const unsaid = quiet?.unsaid ?? 0;
    const more = unsaid === 0 ? '' : ` ${unsaid} more handshakes failed here since the last such notice.`;
    return why + more;
  }
}
