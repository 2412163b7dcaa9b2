import type { TraceEvent } from '../../src/runtime/events.ts';
import type { QueueStore } from '../../src/runtime/ports.ts';
import type { Delivery } from '../../src/surface/demo/receiver-session.ts';
import { must, type ReferenceNetwork } from './reference-network.ts';

/** A message that the client saw acknowledged. Each has a reverse-path of its own, by which the trace knows it. */
export type Acknowledged = {
  readonly messageId: string;
  readonly reversePath: string;
  readonly bodyDigest: string;
};

/** All that one simulated run has left behind. */
export type History = {
  readonly acknowledged: readonly Acknowledged[];
  /** Message-IDs that the client offered more than once, because it saw no answer: it may have made two of them itself. */
  readonly offeredAgain: ReadonlySet<string>;
  readonly deliveries: readonly Delivery[];
  readonly trace: readonly TraceEvent[];
  /** Reverse-paths of what is still in the queue. */
  readonly queued: ReadonlySet<string>;
};

/** Reads what is left in the queue. */
export async function queuedReversePaths(world: ReferenceNetwork, store: QueueStore): Promise<Set<string>> {
  const messages = must(await world.clock.await(store.list({}, 100_000, null)));
  return new Set(messages.map(({ message }) => message.reversePath));
}

/**
 * What must hold whatever the network did, as sentences about what does not:
 * acknowledged mail arrives, is bounced or is still queued; it arrives twice only after a recorded doubt, and whole;
 * no source address ever gives another egress's name; every decision in the trace says why.
 */
export function faultsOf(history: History, identities: ReadonlyMap<string, string>): string[] {
  return [
    ...lostOrDoubled(history),
    ...foreignNames(history, identities),
    ...history.trace
      .filter(event => event.event !== 'accepted' && event.event !== 'delivered' && !event.reason)
      .map(event => `The trace does not say why ${event.sender} was ${event.event}.`),
  ];
}

function lostOrDoubled(history: History): string[] {
  const arrivals = new Map<string, Delivery[]>();
  const bounced = new Set<string>();
  for (const delivery of history.deliveries) {
    if (delivery.mailFrom === '') for (const path of delivery.rcptTo) bounced.add(path);
    if (delivery.messageId === null) continue;
    arrivals.set(delivery.messageId, [...(arrivals.get(delivery.messageId) ?? []), delivery]);
  }
  const doubted = new Set(
    history.trace.flatMap(({ event, sender }) => (event === 'in_doubt' ? [sender] : [])),
  );
  return history.acknowledged.flatMap(({ messageId, reversePath, bodyDigest }) => {
    const arrived = arrivals.get(messageId) ?? [];
    const faults: string[] = [];
    if (arrived.length === 0 && !bounced.has(reversePath) && !history.queued.has(reversePath))
      faults.push(`${messageId} was acknowledged and is lost.`);
    if (arrived.length > 1 && !doubted.has(reversePath) && !history.offeredAgain.has(messageId))
      faults.push(`${messageId} arrived ${arrived.length} times, and no doubt was recorded.`);
    if (arrived.some(delivery => delivery.bodyDigest !== bodyDigest))
      faults.push(`${messageId} arrived with another body.`);
    return faults;
  });
}

function foreignNames(history: History, identities: ReadonlyMap<string, string>): string[] {
  const wrong = (address: string, ehlo: string): boolean =>
    identities.has(address) && identities.get(address) !== ehlo;
  return [
    ...history.deliveries
      .filter(({ remoteAddress, ehlo }) => wrong(remoteAddress, ehlo))
      .map(({ remoteAddress, ehlo, messageId }) => `${messageId} came from ${remoteAddress} as ${ehlo}.`),
    ...history.trace
      .filter(({ source, ehlo }) => source !== null && ehlo !== null && wrong(source, ehlo))
      .map(({ source, ehlo, id }) => `The trace of ${id} says ${source} as ${ehlo}.`),
  ];
}
