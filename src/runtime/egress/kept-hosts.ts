import type { Clock, QueueStore } from '../ports.ts';
import type { KnownHosts } from './known-hosts.ts';

const key = 'egress.hosts';

/** Hosts that answered lately are kept over restarts, so that a new life has witnesses. */
export class KeptHosts {
  readonly #hosts: KnownHosts;
  readonly #clock: Clock;
  readonly #store: Pick<QueueStore, 'remember' | 'recall'>;
  #saved = '';

  constructor(hosts: KnownHosts, clock: Clock, store: Pick<QueueStore, 'remember' | 'recall'>) {
    this.#hosts = hosts;
    this.#clock = clock;
    this.#store = store;
  }

  async load(): Promise<void> {
    const stored = await this.#store.recall(key);
    if (stored.ok && stored.value !== null) this.#hosts.load(stored.value, this.#clock.now());
  }

  /** Writes where something changed since the last time. */
  async save(): Promise<void> {
    const text = this.#hosts.save(this.#clock.now());
    if (text === this.#saved) return;
    this.#saved = text;
    await this.#store.remember(key, text);
  }
}
