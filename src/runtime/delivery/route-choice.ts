import { isIPv6 } from 'node:net';
import type { Candidate, Choice } from '../../decision/egress/choice.ts';
import { chooseEgresses } from '../../decision/egress/choose.ts';
import type { LocalEgress } from '../../decision/egress/egress.ts';
import type { HostAddress } from '../../decision/egress/route.ts';
import type { NextHopHost } from '../../decision/next-hop/next-hop.ts';
import { type ConnectTerms, plainTerms } from './connect-terms.ts';
import type { EgressGuide } from './egress-guide.ts';
import type { Lane } from './lane.ts';

/**
 * One address to try, with its place in the order of preference. `backup`: its host is none of the best MX set, which
 * names the site, so it may take mail of some of the site's domains and not of others.
 */
export type Target = {
  readonly to: HostAddress;
  readonly local: boolean;
  readonly mxPreference: number;
  readonly backup: boolean;
  readonly terms: ConnectTerms;
};

/** A mail store of our own that judges clients itself. */
const storeTerms: ConnectTerms = { ...plainTerms, xclient: true };

/** Where mail of one domain goes within its site. `backups` names the hosts beside the best set, '' where there are none. */
export type HostList = { readonly targets: readonly Target[]; readonly backups: string };

/** The addresses in the order to try: by host, and by address within it. */
export function hostListOf(site: string, hosts: readonly NextHopHost[]): HostList {
  const backups = backupsOf(site, hosts);
  const others = backups === '' ? [] : backups.split(',');
  const targets = hosts.flatMap(({ name, addresses, local, mxPreference, xclient }) => {
    const backup = !local && others.includes(name);
    const terms = xclient === true ? storeTerms : plainTerms;
    return addresses.map(to => ({ to, local, mxPreference, backup, terms }));
  });
  return { targets, backups };
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

/**
 * Whom to try for one of `targets`; the mail store behind us is reached by no uplink. Where an address before it would
 * have been called, were the egresses of its family not down, all are stand-ins. `now` is wall ms.
 */
export function candidatesFor(
  targets: readonly Target[],
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
  const choiceFor = ({ to }: Target): Choice =>
    chooseEgresses({
      snapshot: guide.snapshot(),
      site,
      family: familyOf(to),
      lastEgress:
        lastEgress === null ? null : { id: lastEgress.id, sinceMs: Math.max(0, now - lastEgress.since) },
      penalised: guide.penalties(to),
    });
  let choice = choiceFor(target);
  if (choice.kind === 'none') return choice;
  for (const other of targets) {
    if (other === target) break;
    if (other.local || familyOf(other.to) === familyOf(target.to) || !mayComeUp(other, guide)) continue;
    const missed = choiceFor(other);
    if (missed.kind === 'none') {
      choice = asStandIns(choice, `stand-in of the other family, for ${missed.reason}`);
      break;
    }
  }
  if (!lane.preferredOnly) return choice;
  const [first] = choice.candidates.filter(({ standIn }) => !standIn);
  if (first) return { kind: 'candidates', candidates: [first] };
  return {
    kind: 'none',
    reason: 'The receiver refused the stand-in egress; the message waits for the preferred one.',
  };
}

function asStandIns({ candidates: [first, ...rest] }: Candidates, reason: string): Candidates {
  const standIn = (candidate: Candidate): Candidate => ({ ...candidate, standIn: true, reason });
  return { kind: 'candidates', candidates: [standIn(first), ...rest.map(standIn)] };
}

type Candidates = Extract<Choice, { kind: 'candidates' }>;

const familyOf = ({ address }: HostAddress): 4 | 6 => (isIPv6(address) ? 6 : 4);

/** Could an egress for this address come up again, or has the configuration none for it? */
export function mayComeUp(target: Target, guide: EgressGuide): boolean {
  const family = familyOf(target.to);
  return guide.snapshot().egresses.some(view => (view.family ?? view.egress?.family ?? family) === family);
}
