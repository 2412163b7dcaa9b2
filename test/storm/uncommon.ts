import type { Random } from '../../src/runtime/ports.ts';
import type { Treatment } from '../simulation/sim-process-connection.ts';
import type { SimRandom } from '../simulation/sim-random.ts';

/**
 * Rare branches, forced. Each of these is drawn for a quarter of the runs, and each is something that a port or an
 * operator may do without breaking a promise; production knows nothing of them.
 */
export type Uncommon = {
  /** Whatever happens to the process is told late, by chance and by at most so many ms, and so out of order; 0: never. */
  readonly lateMs: number;
  /** A read gives a few bytes. */
  readonly pieces: boolean;
  /** A write is over its mark. */
  readonly fullWrites: boolean;
  /** Chance gives its ends: 0 and almost 1. */
  readonly extremes: boolean;
  /** How long a commit takes. */
  readonly commitMs: number;
  /** Fewer connections than there are clients. */
  readonly fewConnections: boolean;
  readonly expireMs: number;
  readonly delayNoticeMs: number;
  readonly doubtWaitMs: number;
};

const minute = 60_000;

export function drawUncommon(random: SimRandom): Uncommon {
  const rarely = <Value>(common: Value, uncommon: () => Value): Value => {
    const drawn = uncommon();
    return random.chance(0.25) ? drawn : common;
  };
  return {
    lateMs: rarely(0, () => Math.round(10 ** (random.next() * 3))),
    pieces: rarely(false, () => true),
    fullWrites: rarely(false, () => true),
    extremes: rarely(false, () => true),
    commitMs: rarely(1, () => Math.round(10 ** (random.next() * 3.3))),
    fewConnections: rarely(false, () => true),
    expireMs: rarely(5 * 24 * 60 * minute, () => random.between(10, 60) * minute),
    delayNoticeMs: rarely(4 * 60 * minute, () => random.between(1, 20) * minute),
    doubtWaitMs: rarely(10 * minute, () => Math.round(random.next() * 2 * minute)),
  };
}

/** What the process meets, by draws of its own. */
export function treatmentOf({ lateMs, pieces, fullWrites }: Uncommon, random: SimRandom): Treatment {
  return {
    ...(lateMs === 0 ? null : { lateness: () => (random.chance(0.1) ? 1 + random.next() * lateMs : 0) }),
    ...(pieces ? { pieceBytes: length => Math.max(random.between(1, 12), Math.ceil(length / 24)) } : null),
    ...(fullWrites ? { holdsWrite: () => random.chance(0.5) } : null),
  };
}

/** The least and the most that `Random` may give, in place of half of its draws. */
export function chanceOf({ extremes }: Uncommon, random: SimRandom): Random {
  const most = 1 - 2 ** -32;
  return {
    next: () => {
      const drawn = random.next();
      return extremes && random.chance(0.5) ? (drawn < 0.5 ? 0 : most) : drawn;
    },
  };
}
