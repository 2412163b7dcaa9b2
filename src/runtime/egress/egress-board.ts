import type { EgressSnapshot, EgressState, EgressView } from '../../decision/egress/health-state.ts';
import type { EgressEntry } from './egress-entry.ts';

type Listener = (view: EgressView, previous: EgressState) => void;

/** The picture of all egresses that everyone reads, and those who want to hear of its changes. */
export class EgressBoard {
  #snapshot: EgressSnapshot = { version: 0, egresses: [] };
  readonly #listeners = new Set<Listener>();
  readonly #addressListeners = new Set<() => void>();

  get snapshot(): EgressSnapshot {
    return this.#snapshot;
  }

  publish(entries: Iterable<EgressEntry>): void {
    const egresses = Array.from(entries, entry => entry.view());
    this.#snapshot = { version: this.#snapshot.version + 1, egresses };
  }

  /** Gives the way to stop listening. */
  onChange(listener: Listener): () => void {
    const own: Listener = (view, previous) => listener(view, previous);
    this.#listeners.add(own);
    return () => {
      this.#listeners.delete(own);
    };
  }

  /** Gives the way to stop listening. */
  onAddress(listener: () => void): () => void {
    const own = (): void => listener();
    this.#addressListeners.add(own);
    return () => {
      this.#addressListeners.delete(own);
    };
  }

  tell(view: EgressView, previous: EgressState): void {
    for (const listener of this.#listeners) listener(view, previous);
  }

  tellAddress(): void {
    for (const listener of this.#addressListeners) listener();
  }
}
