import { waitsForNetwork } from './log-line.ts';

/**
 * Reads what `postqueue -j` prints, a message a line; gives the queue IDs of those that wait, all their recipients, because
 * the network failed them, the eldest first. What cannot be understood is left out.
 */
export function waitingForNetwork(listing: string): readonly string[] {
  const found = listing.split('\n').flatMap(line => {
    const message = messageOf(line);
    return message === null ? [] : [message];
  });
  return found.toSorted((one, other) => one.arrival - other.arrival).map(({ id }) => id);
}

type Waiting = { readonly id: string; readonly arrival: number };

/** Null: it does not wait for the network. */
function messageOf(line: string): Waiting | null {
  const { queue_name: queue, queue_id: id, arrival_time: arrival, recipients } = fieldsOf(line);
  if (queue !== 'deferred' || typeof id !== 'string' || !/^[0-9A-Za-z]{6,24}$/.test(id)) return null;
  if (!Array.isArray(recipients) || recipients.length === 0) return null;
  const isForNetwork = recipients.every(recipient => {
    const { delay_reason: why }: { readonly delay_reason?: unknown } = Object(recipient);
    return typeof why === 'string' && waitsForNetwork(why);
  });
  return isForNetwork ? { id, arrival: typeof arrival === 'number' ? arrival : 0 } : null;
}

function fieldsOf(line: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(line));
  } catch {
    return {};
  }
}
