import { getRandomValues } from 'node:crypto';
import { setTimeout as sleepFor } from 'node:timers/promises';
import type { Clock, Random } from './ports.ts';

/** Node fires a longer timer at once. */
const longestMs = 2 ** 31 - 1;

/**
 * The machine's own clocks. Timers do not keep the process alive: what must live holds a socket or a worker. One of more
 * than 24 days fires after 24 days.
 */
export const realClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  timer(ms, fire) {
    if (ms <= 0) {
      // One that is unref'd would not keep the loop from waiting for something else first.
      const soon = setImmediate(fire);
      return { cancel: () => clearImmediate(soon) };
    }
    const handle = setTimeout(fire, fitMs(ms));
    handle.unref();
    return { cancel: () => clearTimeout(handle) };
  },
  async sleep(ms, signal) {
    await sleepFor(fitMs(ms), undefined, signal ? { signal } : {}).catch((error: Error) => {
      if (error.name !== 'AbortError') throw error;
    });
  },
};

function fitMs(ms: number): number {
  return Math.min(Math.max(ms, 0), longestMs);
}

/** Runs when all that has come in until now has been heard: what it causes can go out together. */
export function afterThisTurn(run: () => void): void {
  setImmediate(run);
}

const drawn = new Uint32Array(1_024);
let unused = 0;

/** Unforeseeable: the IDs of DNS queries are drawn from it. Drawn from the system a kilobyte at a time. */
export const realRandom: Random = {
  next() {
    if (unused === 0) {
      getRandomValues(drawn);
      unused = drawn.length;
    }
    unused -= 1;
    return (drawn[unused] ?? 0) / 0x1_0000_0000;
  },
};
