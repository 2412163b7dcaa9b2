import type { NetworkErrorKind, Observation } from './observation.ts';
import { evidenceNetwork, type HostAddress } from './route.ts';

/** One failure through an egress that nothing has refuted yet. Instants are monotonic. */
export type Failure = {
  readonly site: string;
  readonly to: HostAddress;
  readonly startedAt: number;
  readonly at: number;
  readonly error: NetworkErrorKind;
  /** Told by the network or by the full time limit; not by our impatience. */
  readonly hard: boolean;
  readonly probe: boolean;
  readonly stage: 'connect' | 'greeting';
  /** The egress that reached the same host about then. */
  readonly reachedBy: string | null;
};

/** What others testify. */
export type Testimony = {
  /** Another egress that reached this host between the two instants; null: none did. */
  reachedElsewhere(to: HostAddress, from: number, until: number): string | null;
  /** Every other egress that could have reached this host has failed to, or cannot be used. */
  unreachedByAll(to: HostAddress): boolean;
  /** This host has answered us before, lately. */
  isWitness(to: HostAddress): boolean;
  /** How many hosts of different sites and networks have answered us lately. */
  readonly witnesses: number;
};

export type Verdict = { readonly reason: string; readonly hasty: boolean; readonly needsGreeting: boolean };

/** Failures older than this testify no more. */
const evidenceAgeMs = 60_000;
/** A host that another egress reached so long before or after is alive for the purpose of evidence. */
const beforeMs = 1_000;
const afterMs = 5_000;
/** Where nothing answers anywhere, so many of the known sites must have failed (or all, where fewer are known). */
const sitesForAll = 3;

export function failureOf(
  observation: Extract<Observation, { kind: 'failed' }>,
  testimony: Testimony,
): Failure {
  const { site, to, at, error, waitedMs, overtaken, probe, stage = 'connect' } = observation;
  const startedAt = at - waitedMs;
  return {
    site,
    to,
    startedAt,
    at,
    error: error.kind,
    hard: !overtaken,
    probe,
    stage,
    reachedBy: observation.reachedBy ?? testimony.reachedElsewhere(to, startedAt - beforeMs, at + afterMs),
  };
}

/**
 * Do these failures convict the egress? Null: not yet.
 *
 * They do when hosts of two sites in different networks failed, each reached by another egress, and at least one of the
 * failures is hard or a probe's, for a single race may be lost by chance. Where only one site is known, its second
 * failure decides. Where no egress reaches anything, all known sites (three, where more are known) must have failed hard
 * through each of them; unknown hosts testify nothing then. `hardOnly`: short waits do not count, as the link is known
 * to be slow.
 */
export function verdictOn(
  failures: readonly Failure[],
  testimony: Testimony,
  hardOnly: boolean,
  now: number,
): Verdict | null {
  const lasting = failures.filter(
    failure => now - failure.at <= evidenceAgeMs && (failure.hard || !hardOnly),
  );
  if (lasting.length === 0) return null;
  return (
    byOthers(
      lasting.map(failure => withReach(failure, testimony)),
      testimony,
    ) ?? byAll(lasting, testimony)
  );
}

type Reached = Failure & { readonly reachedBy: string };

function withReach(failure: Failure, testimony: Testimony): Failure {
  if (failure.reachedBy !== null) return failure;
  const { to, startedAt, at } = failure;
  return { ...failure, reachedBy: testimony.reachedElsewhere(to, startedAt - beforeMs, at + afterMs) };
}

function byOthers(failures: readonly Failure[], testimony: Testimony): Verdict | null {
  const reached = failures.filter((failure): failure is Reached => failure.reachedBy !== null);
  if (!reached.some(failure => failure.hard || failure.probe)) return null;
  const [first] = reached;
  if (first === undefined) return null;
  const pair = independentPair(reached);
  if (pair !== null) {
    const [one, other] = pair;
    return {
      reason: `${told(one)} and ${told(other)}, while ${reachers(one, other)} reached both`,
      ...manner([one, other]),
    };
  }
  const second = reached.find(failure => failure !== first);
  if (testimony.witnesses > 1 || second === undefined) return null;
  return {
    reason: `${told(first)} twice, while ${reachers(first, second)} reached it; no other site is known, so the second failure decided`,
    ...manner([first, second]),
  };
}

function independentPair(failures: readonly Reached[]): readonly [Reached, Reached] | null {
  for (const [index, one] of failures.entries()) {
    for (const other of failures.slice(index + 1)) {
      if (one.site === other.site) continue;
      if (evidenceNetwork(one.to.address) !== evidenceNetwork(other.to.address)) return [one, other];
    }
  }
  return null;
}

function byAll(failures: readonly Failure[], testimony: Testimony): Verdict | null {
  const hard = failures.filter(
    failure => failure.hard && testimony.isWitness(failure.to) && testimony.unreachedByAll(failure.to),
  );
  const [first, second] = hard;
  if (first === undefined || second === undefined) return null;
  const sites = new Set(hard.map(failure => failure.site));
  if (sites.size < Math.min(sitesForAll, Math.max(1, testimony.witnesses))) return null;
  const named =
    sites.size === 1 ? `${first.to.host}, the only site known` : [...hosts(hard)].slice(0, 3).join(', ');
  return {
    reason: `no uplink reaches ${named}: ${sites.size === 1 ? 'it, or every uplink, is dead' : 'every uplink seems dead'}; probes go on, and the first answer ends this`,
    hasty: false,
    needsGreeting: false,
  };
}

const hosts = (failures: readonly Failure[]): ReadonlySet<string> =>
  new Set(failures.map(failure => failure.to.host));

function manner(failures: readonly Failure[]): Pick<Verdict, 'hasty' | 'needsGreeting'> {
  return {
    hasty: failures.some(failure => !failure.hard),
    needsGreeting: failures.some(failure => failure.stage === 'greeting'),
  };
}

function reachers(one: Reached, other: Reached): string {
  return one.reachedBy === other.reachedBy ? one.reachedBy : `${one.reachedBy} and ${other.reachedBy}`;
}

function told({ to, error, stage }: Failure): string {
  return `${to.host} ${stage === 'greeting' ? 'gave no greeting' : words[error]}`;
}

const words: Readonly<Record<NetworkErrorKind, string>> = {
  timeout: 'did not answer',
  aborted: 'did not answer',
  refused: 'refused',
  reset: 'reset the connection',
  closed: 'closed the connection',
  host_unreachable: 'was unreachable',
  network_unreachable: 'was unreachable (no route)',
  prohibited: 'was prohibited',
  address_absent: 'could not be called',
  resources: 'could not be called',
  other: 'could not be called',
};
