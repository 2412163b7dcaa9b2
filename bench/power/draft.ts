import type { SimRandom } from '../../test/simulation/sim-random.ts';

/** Did the change at this place reach the disk, in this sector? */
export type Draft = (place: number, sector: number) => boolean;

/**
 * Draws which of `count` changes that were not synced reached the disk: none; all; those up to one of them, and of that one
 * a first part; each change for itself; or each sector of each change.
 */
export function draftOf(count: number, random: SimRandom): Draft {
  const likely = random.pick([0.1, 0.5, 0.9]);
  switch (random.pick(['none', 'all', 'in order', 'by change', 'by sector'])) {
    case 'none':
      return () => false;
    case 'all':
      return () => true;
    case 'in order': {
      const last = random.between(0, count + 1);
      let sectors = random.between(0, 16);
      return place => place < last || (place === last && sectors-- > 0);
    }
    case 'by change': {
      const kept = Array.from({ length: count }, () => random.chance(likely));
      return place => kept[place] === true;
    }
    default:
      return () => random.chance(likely);
  }
}
