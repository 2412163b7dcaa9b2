import type { DeferredMail } from '../../decision/postfix/deferred-mail.ts';
import type { EventStream } from '../events.ts';
import type { Clock } from '../ports.ts';
import type { PostfixHost } from './postfix-host.ts';

/** Between two messages at least; and never less than one took, so that Postfix has half of the time for itself. */
const leastWaitMs = 10;

export type SendOnParts = {
  readonly host: PostfixHost;
  readonly clock: Clock;
  readonly events: EventStream;
  readonly deferred: DeferredMail;
  /** The transport that mail takes now, of an uplink that can be used; null: none, so nothing is hurried. */
  readonly current: () => string | null;
};

/** Lets what a dead uplink deferred leave at once by the one that took its place, one message after the other. */
export class SendOn {
  readonly #parts: SendOnParts;
  #running: Promise<void> | null = null;
  #stopped = false;

  constructor(parts: SendOnParts) {
    this.#parts = parts;
  }

  /** Something is deferred, or the transport has changed. */
  wake(): void {
    if (this.#stopped) return;
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    const { host, clock, events, deferred, current } = this.#parts;
    let sent = 0;
    let failed = '';
    for (;;) {
      const transport = current();
      const id = transport === null || this.#stopped ? null : deferred.next(transport);
      if (id === null) break;
      deferred.forget(id);
      const begun = clock.monotonic();
      const flushed = await host.flush(id);
      if (flushed.ok) sent += 1;
      else failed = flushed.error;
      await clock.sleep(Math.max(leastWaitMs, clock.monotonic() - begun));
    }
    const at = clock.now();
    if (sent > 0)
      events.emit({
        kind: 'notice',
        at,
        subject: 'postfix queue',
        message: `${sent} deferred ${sent === 1 ? 'message was' : 'messages were'} given another try at once by ${current() ?? 'the uplink in use'}, for what deferred them was the network.`,
      });
    if (failed !== '')
      events.emit({
        kind: 'warning',
        at,
        subject: 'postfix queue',
        message: `Some deferred mail could not be given another try at once, and waits for Postfix's own time: ${failed}`,
      });
  }
}
