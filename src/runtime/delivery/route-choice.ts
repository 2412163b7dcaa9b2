import { isIPv6 } from 'node:net';
import type { Candidate, Choice } from '../../decision/egress/choice.ts';
import { chooseEgresses } from '../../decision/egress/choose.ts';
import type { LocalEgress } from '../../decision/egress/egress.ts';
import type { HostAddress } from '../../decision/egress/route.ts';
import type { NextHopHost } from '../../decision/next-hop/next-hop.ts';
import { needsPreferredEgress } from '../../decision/queue/outcome.ts';
import type { LeasedRecipient } from '../../decision/queue/queued.ts';
import type { EgressGuide } from './egress-guide.ts';

/**
 * One address to try, with its place in the order of preference. `backup`: its host is none of the best MX set, which
 * names the site, so it may take mail of some of the site's domains and not of others.
 */
export type Target = {
  readonly to: HostAddress;
  readonly local: boolean;
  readonly mxPreference: number;
  readonly backup: boolean;
};

/** Where mail of one domain goes within its site. `backups` names the hosts beside the best set, '' where there are none. */
export type HostList = { readonly targets: readonly Target[]; readonly backups: string };

/** What jobs of one lane have in common: by which egresses they may leave. */
export type Lane = {
  readonly key: string;
  readonly lastEgress: { readonly id: string; readonly since: number } | null;
  /** A stand-in was refused for good: only the preferred egress may ask again. */
  readonly preferredOnly: boolean;
};

/** No reason for anything but the usual choice. */
export const plainLane: Lane = { key: '', lastEgress: null, preferredOnly: false };

/** The lane of a recipient; most are in the plain one. */
export function laneOf({ recipient }: LeasedRecipient): Lane {
  const { lastEgress } = recipient;
  if (needsPreferredEgress(recipient.lastReply)) return { key: '!', lastEgress: null, preferredOnly: true };
  if (lastEgress === null) return plainLane;
  return { key: `${lastEgress.id} ${lastEgress.since}`, lastEgress, preferredOnly: false };
}

/** The addresses in the order to try: by host, and by address within it. */
export function hostListOf(site: string, hosts: readonly NextHopHost[]): HostList {
  const best = new Set(site.split(','));
  const targets = hosts.flatMap(({ name, addresses, local, mxPreference }) =>
    addresses.map(to => ({ to, local, mxPreference, backup: !local && !best.has(name) })),
  );
  return { targets, backups: backupsOf(site, hosts) };
}

/** The names of the hosts beside the best set: domains of one site that differ in them never share a transaction. */
export function backupsOf(site: string, hosts: readonly NextHopHost[]): string {
  if (hosts.length === 1 && hosts[0]?.name === site) return '';
  const best = new Set(site.split(','));
  const others = hosts.filter(({ name, local }) => !local && !best.has(name));
  return others
    .map(({ name }) => name)
    .toSorted()
    .join(',');
}

/** Whom to try for one address; the mail store behind us is reached by no uplink. `now` is wall ms. */
export function candidatesFor(
  target: Target,
  lane: Lane,
  site: string,
  guide: EgressGuide,
  local: LocalEgress,
  now: number,
): Choice {
  if (target.local) {
    const candidate: Candidate = { egress: local, reason: 'local: it crosses no uplink', standIn: false };
    return { kind: 'candidates', candidates: [candidate] };
  }
  const { lastEgress } = lane;
  const choice = chooseEgresses({
    snapshot: guide.snapshot(),
    site,
    family: isIPv6(target.to.address) ? 6 : 4,
    lastEgress:
      lastEgress === null ? null : { id: lastEgress.id, sinceMs: Math.max(0, now - lastEgress.since) },
    penalised: guide.penalties(target.to),
  });
  if (choice.kind === 'none' || !lane.preferredOnly) return choice;
  const [first] = choice.candidates.filter(({ standIn }) => !standIn);
  if (first) return { kind: 'candidates', candidates: [first] };
  return {
    kind: 'none',
    reason: 'The receiver refused the stand-in egress; the message waits for the preferred one.',
  };
}

/** Could an egress for this address come up again, or has the configuration none for it? */
export function mayComeUp(target: Target, guide: EgressGuide): boolean {
  const family = isIPv6(target.to.address) ? 6 : 4;
  return guide.snapshot().egresses.some(view => (view.family ?? view.egress?.family ?? family) === family);
}
