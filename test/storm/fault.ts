import type { PendingWrite } from '../simulation/memory-store.ts';
import type { CutKind, LinkQuality } from '../simulation/sim-link.ts';

export const uplinkNames = ['isp1', 'isp2', 'isp3'] as const;
export const insideNames = ['inside', 'client', 'store'] as const;
export type LinkName = (typeof uplinkNames)[number] | (typeof insideNames)[number];

/** Chances that a receiver refuses what it would take, at each stage: for now, for good, and by ending the session. */
export type Mood = { readonly later: number; readonly never: number; readonly hangUp: number };

/** What goes wrong for a while. */
export type Spell =
  | { readonly kind: 'cut'; readonly link: LinkName; readonly cut: CutKind }
  | { readonly kind: 'bad link'; readonly link: LinkName; readonly quality: Partial<LinkQuality> }
  /** Packets from the one to the other are lost; those of the other way are not. */
  | { readonly kind: 'one way'; readonly from: string; readonly to: string }
  /** Whims by their place in `receiverWhims` and `smartHostWhims`. */
  | { readonly kind: 'receiver'; readonly receiver: number; readonly whim: number }
  | { readonly kind: 'smart host'; readonly host: number; readonly whim: number }
  | { readonly kind: 'mood'; readonly receiver: number; readonly mood: Mood }
  /** The receiver refuses whatever comes from isp2's address, by X.7.1. */
  | { readonly kind: 'dislike'; readonly receiver: number }
  | { readonly kind: 'password'; readonly file: number; readonly text: string | null }
  /** Names that match are not in DNS. */
  | { readonly kind: 'names'; readonly without: string }
  | {
      readonly kind: 'name server';
      readonly silent: boolean;
      readonly servfail: boolean;
      readonly truncate: boolean;
    }
  /** By its place in `changedSettings`. */
  | { readonly kind: 'configuration'; readonly change: number }
  | { readonly kind: 'drain'; readonly uplink: string }
  | { readonly kind: 'disk'; readonly trouble: 'full' | 'broken' | 'slow' }
  /** SIGSTOP, and SIGCONT at the end. */
  | { readonly kind: 'pause' };

/** What goes wrong once. */
export type Blow =
  | { readonly kind: 'clock'; readonly jumpMs: number }
  | { readonly kind: 'drill' }
  | { readonly kind: 'restart' }
  /** Killed before the step that comes after so many more, and started again `downMs` later. */
  | {
      readonly kind: 'crash';
      readonly steps: number;
      readonly pending: PendingWrite;
      readonly downMs: number;
    };

/** `at` and `forMs` in simulated ms since mail began to flow; a blow takes no time. */
export type Fault = {
  readonly number: number;
  readonly at: number;
  readonly forMs: number;
  readonly what: Spell | Blow;
};

/** One line for a person. */
export function faultText({ number, at, forMs, what }: Fault): string {
  const { kind, ...how } = what;
  const when = `${(at / 60_000).toFixed(1)} min`;
  const long = forMs > 0 ? ` for ${Math.round(forMs / 1_000)} s` : '';
  const words = Object.entries(how).map(([key, value]) => `${key} ${JSON.stringify(value)}`);
  return `#${number} at ${when}${long}: ${[kind, ...words].join(', ')}`;
}
