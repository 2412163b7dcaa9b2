import type { Contestant } from '../relay/contestants.ts';
import { whileListening } from '../relay/running.ts';
import { type Latency, latencyOf } from './latency.ts';
import { keepPace, type Pace } from './pace.ts';
import { StampingSink } from './stamping-sink.ts';

const warmUpS = 2;

/** A gateway, started afresh, at a steady pace for so many seconds after two of warm-up. */
export async function measurePaced(contestant: Contestant, pace: Pace): Promise<Latency> {
  const sink = await StampingSink.start();
  try {
    return await whileListening(contestant, sink.port, false, async ({ port }) => {
      const stamps = await keepPace(port, sink, { ...pace, seconds: pace.seconds + warmUpS });
      return latencyOf(stamps, 1_000 * warmUpS);
    });
  } finally {
    sink.stop();
  }
}
