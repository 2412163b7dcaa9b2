import type { Delivery } from '../../src/surface/demo/receiver-session.ts';
import type { Acknowledged, Outcome } from './outcome.ts';
import { smartHosts } from './town-settings.ts';

const second = 1_000;
const minute = 60 * second;

/** What comes when the last session that waits for its reply has ended (RFC 5321 section 4.5.3.2.6) leaves soon. */
const settledAfterMs = 12 * minute;
const leavesWithinMs = 2 * minute;
/** Sessions of all sites, clients, probes and questions by TCP together. */
const socketsAtMost = 700;
/** Attempts of one recipient: the schedule's in the run's hours, and what moves and doubts add. */
const attemptsAtMost = 60;
/**
 * What happens to the gateway and is done by it, beside hearing its clients. A recipient that it took costs attempts and
 * settlements. A call that ends unserved costs the replies and one try of the store, and its client calls again: five times
 * a second while a disk is full. A second costs timers, probes and look-ups. The sum is twice what the worst seeds take.
 */
const stepsByRecipient = 200;
const stepsBySecond = 30;
const stepsByCall = 20;

/** What must hold whatever went wrong, as sentences about what does not. */
export function faultsOf(outcome: Outcome): string[] {
  return [
    ...outcome.complaints,
    ...lostOrDoubled(outcome),
    ...undoubted(outcome),
    ...foreignNames(outcome),
    ...inClear(outcome),
    ...withoutReason(outcome),
    ...bouncedForNothing(outcome),
    ...expiredEarly(outcome),
    ...unbounded(outcome),
    ...notAlive(outcome),
  ];
}

const keyOf = (messageId: string, recipient: string): string => `${messageId} ${recipient}`;

/** Acknowledged mail arrives, is bounced or is still queued; it arrives whole, and once more for each recorded doubt. */
function lostOrDoubled(outcome: Outcome): string[] {
  const arrivals = new Map<string, Delivery[]>();
  const reported = new Set<string>();
  for (const delivery of outcome.deliveries) {
    if (delivery.mailFrom === '') for (const path of delivery.rcptTo) reported.add(path);
    for (const path of delivery.rcptTo) {
      const key = keyOf(delivery.messageId ?? '', path);
      arrivals.set(key, [...(arrivals.get(key) ?? []), delivery]);
    }
  }
  const traced = (...events: readonly string[]): Set<string> =>
    new Set(
      outcome.trace.flatMap(({ event, sender, recipient }) =>
        events.includes(event) ? [keyOf(sender, recipient ?? '')] : [],
      ),
    );
  const copies = copiesAllowed(outcome);
  const givenUp = traced('bounced', 'expired');
  return outcome.acknowledged.flatMap(message =>
    message.recipients.flatMap(recipient => {
      const { messageId, reversePath, bodyDigest } = message;
      const arrived = arrivals.get(keyOf(messageId, recipient)) ?? [];
      const key = keyOf(reversePath, recipient);
      const isReported = givenUp.has(key) && reported.has(reversePath);
      const faults: string[] = [];
      if (arrived.length === 0 && !isReported && !outcome.queued.has(reversePath))
        faults.push(`${messageId} was acknowledged and is lost for ${recipient}.`);
      if (arrived.length > (copies.get(key) ?? 1))
        faults.push(
          `${messageId} came ${arrived.length} times to ${recipient}, more than its doubts explain.`,
        );
      if (arrived.some(delivery => delivery.bodyDigest !== bodyDigest))
        faults.push(`${messageId} came to ${recipient} with another body.`);
      return faults;
    }),
  );
}

/**
 * How often a recipient may get a message: once for each time that its client offered it, which makes a message with an
 * ID of its own, and once more for each doubt.
 */
function copiesAllowed({ trace }: Outcome): ReadonlyMap<string, number> {
  const ids = new Map<string, Set<string>>();
  const doubts = new Map<string, number>();
  for (const { id, sender, recipient, event } of trace) {
    const key = keyOf(sender, recipient ?? '');
    ids.set(key, (ids.get(key) ?? new Set()).add(id));
    if (event === 'in_doubt') doubts.set(key, (doubts.get(key) ?? 0) + 1);
  }
  return new Map([...ids].map(([key, { size }]) => [key, size + (doubts.get(key) ?? 0)]));
}

/** What was under way as the gateway ended is in doubt, and the trace says so before anything else comes of it. */
function undoubted({ trace, severed }: Outcome): string[] {
  const places = new Map<string, number[]>();
  for (const [place, { id, recipient }] of trace.entries()) {
    const key = keyOf(id, recipient ?? '');
    places.set(key, places.get(key) ?? []);
    places.get(key)?.push(place);
  }
  return severed.flatMap(({ id, recipient, traced }) => {
    const next = places.get(keyOf(id, recipient))?.find(place => place >= traced);
    if (next !== undefined && trace[next]?.event === 'in_doubt') return [];
    return [`${id} was under way to ${recipient} as the gateway ended, and no doubt was recorded.`];
  });
}

/** No source address ever gives another egress's name. */
function foreignNames({ identities, deliveries, trace, given }: Outcome): string[] {
  const wrong = (address: string | null, ehlo: string | null): boolean =>
    address !== null && ehlo !== null && identities.has(address) && identities.get(address) !== ehlo;
  return [
    ...deliveries
      .filter(({ remoteAddress, ehlo }) => wrong(remoteAddress, ehlo))
      .map(({ remoteAddress, ehlo, messageId }) => `${messageId} came from ${remoteAddress} as ${ehlo}.`),
    ...trace
      .filter(({ source, ehlo }) => wrong(source, ehlo))
      .map(({ source, ehlo, id }) => `The trace of ${id} says ${source} as ${ehlo}.`),
    ...[...given].flatMap(each => {
      const [address = '', ehlo = ''] = each.split(' ');
      return identities.has(address) && !wrong(address, ehlo)
        ? []
        : [`A receiver heard ${ehlo} from ${address}.`];
    }),
  ];
}

/** A smart host is spoken with under TLS and by a login, or not at all. */
function inClear({ deliveries }: Outcome): string[] {
  const addresses = new Set<string>(smartHosts.map(({ address }) => address));
  return deliveries
    .filter(({ to, tls, login }) => addresses.has(to) && (tls === null || login === null))
    .map(({ messageId, to }) => `${messageId} was given to ${to} in clear or without a login.`);
}

/** Every decision says why, and what it says does not end where the reason should begin. */
function withoutReason({ trace }: Outcome): string[] {
  return trace
    .filter(
      ({ event, reason }) =>
        event !== 'accepted' && event !== 'delivered' && /(?:^|:)\s*$/.test(reason ?? ''),
    )
    .map(({ sender, event }) => `The trace does not say why a message of ${sender} was ${event}.`);
}

/** Mail is given back for what its receiver said of it, and never for what a route or an egress did. */
function bouncedForNothing({ trace, refusedForGood }: Outcome): string[] {
  return trace
    .filter(({ event, sender }) => event === 'bounced' && sender !== '')
    .filter(({ recipient, sender }) => !recipient?.startsWith('nobody@') && !refusedForGood.has(sender))
    .map(({ sender, recipient, reason }) => `A message of ${sender} to ${recipient} bounced: ${reason}`);
}

/** By the clock that the gateway read, with all its jumps. */
function expiredEarly({ trace, plan }: Outcome): string[] {
  const { expireMs } = plan.uncommon;
  const acceptedAt = new Map(trace.flatMap(({ event, id, at }) => (event === 'accepted' ? [[id, at]] : [])));
  return trace.flatMap(({ event, id, at }) => {
    const since = acceptedAt.get(id);
    if (event !== 'expired' || since === undefined || at - since >= expireMs) return [];
    return [`${id} expired ${Math.round((at - since) / minute)} minutes after it came.`];
  });
}

/** Connections and work stay within bounds, and nothing is left when all is over. */
function unbounded(outcome: Outcome): string[] {
  const { mostSockets, leftSockets, leftTimers, acknowledged, simulatedMs, trace } = outcome;
  const { steps, calls, heard } = outcome.work;
  const faults: string[] = [];
  if (mostSockets > socketsAtMost) faults.push(`The mail host had ${mostSockets} sockets.`);
  if (leftSockets > 0) faults.push(`${leftSockets} sockets are left when all is over.`);
  if (leftTimers > 0) faults.push(`The stopped gateway has ${leftTimers} timers.`);
  const recipients = acknowledged.reduce((sum, message) => sum + message.recipients.length, 0);
  const seconds = Math.round(simulatedMs / second);
  // How much a client says, and in how many pieces that is heard, is not the gateway's doing.
  const own = steps - heard;
  const mostSteps = recipients * stepsByRecipient + calls * stepsByCall + seconds * stepsBySecond;
  if (own > mostSteps)
    faults.push(
      `${own} steps for ${recipients} recipients, ${calls} calls and ${seconds} s are more than ${mostSteps}.`,
    );
  const attempts = new Map<string, number>();
  for (const { event, id, recipient } of trace) {
    if (event !== 'attempt') continue;
    const key = keyOf(id, recipient ?? '');
    attempts.set(key, (attempts.get(key) ?? 0) + 1);
  }
  for (const [key, times] of attempts)
    if (times > attemptsAtMost) faults.push(`${key} was attempted ${times} times.`);
  return faults;
}

/** Once nothing is wrong any more, all leaves. That every egress is in use again is looked at as it happens. */
function notAlive({ queued, acknowledged, deliveries, calmAt }: Outcome): string[] {
  const firstArrival = new Map<string, number>();
  for (const { messageId, at } of deliveries)
    if (messageId !== null && !firstArrival.has(messageId)) firstArrival.set(messageId, at);
  return [
    ...[...queued].map(path => `A message of ${path} is still queued hours after all was healed.`),
    ...late(acknowledged, firstArrival, calmAt),
  ];
}

/** What comes when all has been well for a while leaves soon. From then on the wall does not jump. */
function late(
  acknowledged: readonly Acknowledged[],
  firstArrival: ReadonlyMap<string, number>,
  calmAt: number,
): string[] {
  return acknowledged.flatMap(({ messageId, at, monotonicAt, recipients }) => {
    if (monotonicAt < calmAt + settledAfterMs || recipients.some(path => path.startsWith('nobody@')))
      return [];
    const waited = (firstArrival.get(messageId) ?? Number.POSITIVE_INFINITY) - at;
    return waited > leavesWithinMs ? [`${messageId}, sent in calm, took ${waited / second} s.`] : [];
  });
}
