import { chooseTransport, type TransportView } from '../../decision/postfix/choose-transport.ts';
import type { EventStream } from '../events.ts';
import type { Clock, Result, Timer } from '../ports.ts';
import type { PostfixHost } from './postfix-host.ts';

/** default_transport is looked at so often even where nothing told of a change: the operator may have written it. */
const lookMs = 5_000;
const pendingKey = 'postfix.reload_pending';

export type TransportSwitchParts = {
  readonly host: PostfixHost;
  readonly clock: Clock;
  readonly events: EventStream;
  readonly views: () => readonly TransportView[];
  /** A fact that outlives us: main.cf is written and Postfix may not know it yet. */
  readonly remember: (key: string, value: string | null) => Promise<unknown>;
  readonly recall: (key: string) => Promise<Result<string | null, unknown>>;
  /** Runs `act` while nobody else of ours writes; the error is a sentence. */
  readonly alone: (act: () => Promise<Result<void, string>>) => Promise<Result<void, string>>;
  /** main.cf was replaced, and need not cool down (`CareFolder.cool`). */
  readonly cool: (nowMs: number) => Promise<void>;
  readonly changed: () => void;
};

/**
 * Keeps `default_transport` at the uplink that is to be used: written by postconf, one replacement of main.cf, and taken
 * into use by a reload. One at a time; killed in between, the next start reloads. Each decision is told once.
 */
export class TransportSwitch {
  readonly #parts: TransportSwitchParts;
  #current: string | null = null;
  /** By the last decision there was an uplink of ours that could be used. */
  #inUse = false;
  #told = '';
  #running: Promise<void> | null = null;
  #again = false;
  #stopped = false;
  #timer: Timer | null = null;

  constructor(parts: TransportSwitchParts) {
    this.#parts = parts;
  }

  /** The transport that Postfix has in use; null: nothing of ours. */
  get current(): string | null {
    return this.#current;
  }

  async start(): Promise<void> {
    const { recall, host } = this.#parts;
    const pending = await recall(pendingKey);
    if (pending.ok && pending.value !== null && (await host.isRunning())) await this.#reload();
    await this.look();
  }

  /** Something changed; resolves when it was acted on. */
  look(): Promise<void> {
    this.#again = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  /** What is under way is finished. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#running;
  }

  async #run(): Promise<void> {
    this.#timer?.cancel();
    while (this.#again && !this.#stopped) {
      this.#again = false;
      await this.#decide();
    }
    if (!this.#stopped) this.#timer = this.#parts.clock.timer(lookMs, () => void this.look());
  }

  async #decide(): Promise<void> {
    const { host, views, changed } = this.#parts;
    const asked = await host.parameter('default_transport');
    if (!asked.ok) return this.#tell('warning', `Postfix's default_transport cannot be read: ${asked.error}`);
    const before = asked.value;
    const choice = chooseTransport(before, views());
    const wasInUse = this.#inUse;
    this.#inUse = choice.kind === 'keep' || choice.kind === 'switch';
    switch (choice.kind) {
      case 'foreign':
        this.#current = null;
        return this.#tell('warning', choice.reason);
      case 'none':
        this.#current = before;
        return this.#tell('warning', choice.reason);
      case 'keep':
        if (this.#current === before && wasInUse) return;
        this.#current = before;
        this.#tell('notice', `default_transport stays ${before}: ${choice.reason}`);
        return changed();
      case 'switch': {
        const done = await this.#switch(choice.to);
        if (!done.ok)
          return this.#tell(
            'warning',
            `Mail could not be moved from ${before} to ${choice.to}, which is tried again: ${done.error}`,
          );
        this.#current = choice.to;
        this.#tell('notice', `default_transport is ${choice.to} now and was ${before}: ${choice.reason}`);
        return changed();
      }
      default:
        choice satisfies never;
    }
  }

  #switch(to: string): Promise<Result<void, string>> {
    const { host, clock, alone, remember, cool } = this.#parts;
    return alone(async () => {
      await remember(pendingKey, to);
      const written = await host.setParameters([{ name: 'default_transport', value: to }]);
      if (!written.ok) return written;
      await cool(clock.now());
      return this.#reload();
    });
  }

  async #reload(): Promise<Result<void, string>> {
    const { host, remember } = this.#parts;
    const reloaded = await host.reload();
    if (!reloaded.ok && (await host.isRunning())) return reloaded;
    // A Postfix that does not run reads main.cf when it is started.
    await remember(pendingKey, null);
    return { ok: true, value: undefined };
  }

  /** Once, until there is something else to say. */
  #tell(kind: 'warning' | 'notice', message: string): void {
    if (message === this.#told) return;
    this.#told = message;
    const { clock, events } = this.#parts;
    events.emit({ kind, at: clock.now(), subject: 'postfix', message });
  }
}
