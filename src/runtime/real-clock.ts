import { setTimeout as sleepFor } from 'node:timers/promises';
import type { Clock, Random } from './ports.ts';

/** The machine's own clocks. Timers do not keep the process alive: what must live holds a socket or a worker. */
export const realClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  timer(ms, fire) {
    const handle = setTimeout(fire, ms);
    handle.unref();
    return { cancel: () => clearTimeout(handle) };
  },
  async sleep(ms, signal) {
    await sleepFor(ms, undefined, signal ? { signal } : {}).catch((error: Error) => {
      if (error.name !== 'AbortError') throw error;
    });
  },
};

export const realRandom: Random = { next: () => Math.random() };
