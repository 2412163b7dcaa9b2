import type { ServerLimits } from './server-session-types.ts';

/** How often a client was wrong or idle since its last message was taken; each call tells whether that is now too much. */
export class ClientPatience {
  readonly #limits: Pick<ServerLimits, 'errors' | 'idleCommands'>;
  #errors = 0;
  #idle = 0;
  /** Recipients beyond the limit in this transaction. */
  #overshoot = 0;

  constructor(limits: Pick<ServerLimits, 'errors' | 'idleCommands'>) {
    this.#limits = limits;
  }

  refused(): boolean {
    return ++this.#errors > this.#limits.errors;
  }

  /** A command that brought no message nearer. */
  idled(): boolean {
    return ++this.#idle > this.#limits.idleCommands;
  }

  overshot(): boolean {
    return ++this.#overshoot > 10 * this.#limits.idleCommands;
  }

  transactionBegan(): void {
    this.#overshoot = 0;
  }

  messageTaken(): void {
    this.#errors = 0;
    this.#idle = 0;
  }
}
