import { isIPv6 } from 'node:net';
import type { Candidate, Choice } from '../../decision/egress/choice.ts';
import { chooseEgresses } from '../../decision/egress/choose.ts';
import type { Family, LocalEgress } from '../../decision/egress/egress.ts';
import type { HostAddress } from '../../decision/egress/route.ts';
import type { NextHopHost } from '../../decision/next-hop/next-hop.ts';
import type { Clock } from '../ports.ts';
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

type ChoicePorts = {
  readonly guide: EgressGuide;
  readonly local: () => LocalEgress;
  readonly clock: Pick<Clock, 'now'>;
};

/** Whom to call one of `targets` by: as `choiceFor`, but the way through a smart host does not lead there. */
export function candidatesFor(
  targets: readonly Target[],
  target: Target,
  lane: Lane,
  site: string,
  ports: ChoicePorts,
): Choice {
  const choice = choiceFor(targets, target, lane, site, ports);
  if (choice.kind === 'none' || choice.candidates[0].throughSmartHost !== true) return choice;
  return { kind: 'none', reason: `its way is another one now: ${choice.candidates[0].reason}` };
}

/**
 * Whom to try for one of `targets`; the mail store behind us is reached by no uplink. Where an address before it would
 * have been called, were the egresses of its family not down, all are stand-ins.
 */
export function choiceFor(
  targets: readonly Target[],
  target: Target,
  lane: Lane,
  site: string,
  { guide, local, clock }: ChoicePorts,
): Choice {
  if (target.local) {
    const candidate: Candidate = { egress: local(), reason: 'local: it crosses no uplink', standIn: false };
    return { kind: 'candidates', candidates: [candidate] };
  }
  const { lastEgress, onlyUplinks, smartHosts, favoured, way } = lane;
  const now = clock.now();
  const ofFamily = ({ to }: Target): Choice =>
    chooseEgresses({
      snapshot: guide.snapshot(),
      site,
      family: familyOf(to),
      lastEgress:
        lastEgress === null ? null : { id: lastEgress.id, sinceMs: Math.max(0, now - lastEgress.since) },
      penalised: guide.penalties(to),
      onlyUplinks,
      smartHosts,
      favoured,
    });
  let choice = ofFamily(target);
  if (choice.kind === 'none') return choice;
  for (const other of targets) {
    if (other === target) break;
    if (other.local || familyOf(other.to) === familyOf(target.to) || !mayComeUp(other, guide)) continue;
    const missed = ofFamily(other);
    if (missed.kind === 'none') {
      const reason = `stand-in of the other family, for ${missed.reason}`;
      choice = told(choice, { reason, standIn: true });
      break;
    }
  }
  if (way !== null) choice = told(choice, way);
  if (!lane.preferredOnly) return choice;
  const [first] = choice.candidates.filter(({ standIn }) => !standIn);
  if (first) return { kind: 'candidates', candidates: [first] };
  return {
    kind: 'none',
    reason: 'The receiver refused the stand-in egress; the message waits for the preferred one.',
  };
}

/**
 * Whom to call a mail host of our own domains by, without a message: no attempt went before, and a smart host would
 * lead back to us. `onlyUplinks`: those that the operator's route allows; null: all.
 */
export function choiceForCall(
  to: HostAddress,
  site: string,
  onlyUplinks: readonly string[] | null,
  guide: Pick<EgressGuide, 'snapshot' | 'penalties'>,
): Choice {
  return chooseEgresses({
    snapshot: guide.snapshot(),
    site,
    family: familyOf(to),
    lastEgress: null,
    penalised: guide.penalties(to),
    onlyUplinks,
    smartHosts: 'avoid',
  });
}

/** With a reason that is known beside the egresses. */
function told(
  { candidates: [first, ...rest] }: Candidates,
  { reason, standIn }: { readonly reason: string; readonly standIn: boolean },
): Candidates {
  const tell = (candidate: Candidate): Candidate => ({
    ...candidate,
    standIn: standIn || candidate.standIn,
    reason,
  });
  return { kind: 'candidates', candidates: [tell(first), ...rest.map(tell)] };
}

type Candidates = Extract<Choice, { kind: 'candidates' }>;

export const familyOf = ({ address }: HostAddress): Family => (isIPv6(address) ? 6 : 4);

/** Could an egress for this address come up again, or has the configuration none for it? */
export function mayComeUp(target: Target, guide: EgressGuide): boolean {
  const family = familyOf(target.to);
  return guide.snapshot().egresses.some(view => view.family === family);
}
