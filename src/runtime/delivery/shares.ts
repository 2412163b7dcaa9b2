import { BoundedMap } from '../../decision/bounded-map.ts';
import type { Favour } from '../../decision/egress/choice.ts';
import type { UplinkSetting } from '../../decision/egress/egress.ts';
import { uniformOf } from '../../decision/egress/rendezvous.ts';

/** Sites whose messages are counted; the one that was longest without any is forgotten. */
const mostSites = 10_000;

type Share = { readonly uplink: string; readonly share: number; readonly reason: string };

/**
 * Which messages of a site go by an uplink though a better one is up: of each site's messages so many, evenly, by
 * counting. Where a site's first one falls depends on its name, so that small sites together give their share too.
 */
export class Shares {
  #standing: readonly Share[] = [];
  readonly #favours = new Set<Share>();
  /** By site: how much of the next message has gathered for each uplink. */
  readonly #gathered = new BoundedMap<string, Map<string, number>>(mostSites);

  configure(uplinks: readonly Pick<UplinkSetting, 'name' | 'warmShare'>[]): void {
    this.#standing = uplinks
      .filter(({ warmShare }) => warmShare > 0)
      .map(({ name, warmShare }) => ({
        uplink: name,
        share: warmShare,
        reason: `for its warm_share of ${Math.round(warmShare * 10_000) / 100}% of the site's mail`,
      }));
  }

  get isNone(): boolean {
    return this.#standing.length === 0 && this.#favours.size === 0;
  }

  /** For a while this uplink carries so much (0 to 1) of each site's mail. Gives the way to end it. */
  favour(uplink: string, share: number): () => void {
    const favour = { uplink, share, reason: 'for a drill' };
    this.#favours.add(favour);
    return () => {
      this.#favours.delete(favour);
    };
  }

  /** Whose turn the next message of this site is; null: it goes as always. */
  next(site: string): Favour | null {
    if (this.isNone) return null;
    const gathered = this.#gathered.get(site) ?? new Map<string, number>();
    this.#gathered.set(site, gathered);
    let turn: Share | null = null;
    for (const each of this.#all()) {
      const before = gathered.get(each.uplink) ?? uniformOf(each.uplink, site);
      const now = before + Math.min(1, each.share);
      if (now >= 1 && turn === null) {
        turn = each;
        gathered.set(each.uplink, now - 1);
      } else gathered.set(each.uplink, Math.min(now, 1));
    }
    return turn;
  }

  /** Of an uplink that is favoured, its favour. */
  *#all(): Iterable<Share> {
    yield* this.#favours;
    for (const each of this.#standing)
      if (![...this.#favours].some(({ uplink }) => uplink === each.uplink)) yield each;
  }
}
