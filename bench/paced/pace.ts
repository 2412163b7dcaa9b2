import { setTimeout as sleep } from 'node:timers/promises';
import { contentOf } from '../content.ts';
import { openSession, type SmtpSession } from './smtp-session.ts';
import type { StampingSink } from './stamping-sink.ts';

export type Pace = {
  readonly perS: number;
  readonly seconds: number;
  readonly connections: number;
  readonly sizeBytes: number;
};

/** Of one message, in ms of one clock: when it was due, when its 250 came, when the sink had it (null: never). */
export type Stamps = {
  readonly dueAt: number;
  readonly acceptedAt: number;
  readonly deliveredAt: number | null;
};

/** How long stragglers have after the last was accepted. */
const patienceMs = 10_000;

/**
 * Sends at a steady pace, whatever the gateway makes of it: a message that is due takes the next connection that is free,
 * and waits for one where there is none. Sender and sink share this process and its clock.
 */
export async function keepPace(port: number, sink: StampingSink, pace: Pace): Promise<Stamps[]> {
  const content = contentOf(pace.sizeBytes);
  const wanted = Math.round(pace.perS * pace.seconds);
  const sessions = await Promise.all(Array.from({ length: pace.connections }, () => openSession(port)));
  const accepted: { number: number; dueAt: number; acceptedAt: number }[] = [];
  const start = performance.now();
  const dueAt = (at: number): number => start + (1_000 * at) / pace.perS;
  let next = 0;
  const work = async (session: SmtpSession): Promise<void> => {
    while (next < wanted) {
      const at = next++;
      const early = dueAt(at) - performance.now();
      if (early > 0) await sleep(early);
      const number = sink.expect();
      await session.send(`n${number}@example.net`, content);
      accepted.push({ number, dueAt: dueAt(at), acceptedAt: performance.now() });
    }
    session.close();
  };
  await Promise.all(sessions.map(work));
  const end = performance.now() + patienceMs;
  while (sink.missing > 0 && performance.now() < end) await sleep(10);
  return accepted.map(({ number, ...stamps }) => ({ ...stamps, deliveredAt: sink.deliveredAt(number) }));
}
