import type { ListenerSetting } from '../admission/listener.ts';
import type { EgressSetting, Family, UplinkSetting } from '../egress/egress.ts';
import { standingFaults } from './care-findings.ts';
import { inboundNames } from './inbound-names.ts';
import {
  entryLines,
  entryText,
  type MasterEntry,
  optionsOf,
  serviceKey,
  withOptions,
  withoutOptions,
} from './master-entry.ts';
import { isAtLeast, lacksOf, oldestVersion } from './parameters.ts';
import { type PostfixEdit, parameterEdit, serviceEdit } from './postfix-edit.ts';
import { logNameOf, type PostfixFacts } from './postfix-facts.ts';
import type { PostfixFinding } from './postfix-finding.ts';
import { uplinkOfTransport, type WantedTransport, wantedTransport } from './transports.ts';

export type CarePlan = {
  /**
   * In the order of writing: services that come or change, parameters, services that go. After each of the three Postfix
   * is sound: a transport is there before it is named, and no longer named when it goes.
   */
  readonly edits: readonly PostfixEdit[];
  readonly findings: readonly PostfixFinding[];
  /** What this version cannot do. */
  readonly lacks: readonly string[];
  /** Why none of it may be applied, and what to do; null: it may be. */
  readonly blocked: string | null;
  /** Those that stand when the plan is applied. */
  readonly transports: readonly WantedTransport[];
};

export type CareWishes = {
  readonly uplinks: readonly UplinkSetting[];
  readonly listeners: readonly ListenerSetting[];
  /** The address of an egress as it is on the host now; null: it has none. */
  readonly addressOf: (egress: EgressSetting) => string | null;
};

/** Limits of the queue manager that are set by a transport's name (`NAME_destination_rate_delay`). */
const schedulerSuffixes = [
  'delivery_slot_cost',
  'delivery_slot_discount',
  'delivery_slot_loan',
  'destination_concurrency_failed_cohort_limit',
  'destination_concurrency_limit',
  'destination_concurrency_negative_feedback',
  'destination_concurrency_positive_feedback',
  'destination_rate_delay',
  'destination_recipient_limit',
  'extra_recipient_limit',
  'initial_destination_concurrency',
  'minimum_delivery_slots',
  'recipient_limit',
  'recipient_refill_delay',
  'recipient_refill_limit',
  'transport_rate_delay',
];

/** What no transport of ours may have from another, or from a time before: an address that is not its uplink's. */
const addressOptions = new Set(['smtp_bind_address', 'smtp_bind_address6', 'smtp_bind_address_enforce']);

/** What Postfix needs so that each uplink has its transport, and what is wrong with what it has. Planned twice, it is empty. */
export function planCare(facts: PostfixFacts, wishes: CareWishes): CarePlan {
  const findings: PostfixFinding[] = [];
  const traits = { version: facts.version, families: familiesOf(facts), logName: logNameOf(facts) };
  const transports: WantedTransport[] = [];
  for (const uplink of wishes.uplinks) {
    const wanted = wantedTransport(uplink, traits, wishes.addressOf);
    findings.push(...wanted.findings);
    if (wanted.transport !== null) transports.push(wanted.transport);
  }
  const inbound = inboundNames(facts, wishes.listeners);
  findings.push(...inbound.findings, ...standingFaults(facts));
  const base = baseTransport(facts);
  const edits = [
    ...transports.flatMap(transport => transportEdit(facts, transport, base?.entry ?? null)),
    ...inbound.edits,
    ...transports.flatMap(transport => limitEdits(facts, transport, base)),
    ...defaultTransportEdit(facts, wishes.uplinks, transports),
    ...leftOver(facts, wishes.uplinks),
  ];
  return {
    edits,
    findings,
    lacks: lacksOf(facts.version),
    blocked: blockedBy(facts, transports),
    transports,
  };
}

/** The parts of a `transport:nexthop` value. */
function transportAndNextHop(value: string): { readonly transport: string; readonly nextHop: string } {
  const colon = value.indexOf(':');
  return colon < 0
    ? { transport: value, nextHop: '' }
    : { transport: value.slice(0, colon), nextHop: value.slice(colon + 1) };
}

function familiesOf({ expanded }: PostfixFacts): ReadonlySet<Family> {
  const words = (expanded.get('inet_protocols') ?? 'all').split(/[\s,]+/);
  const all = words.includes('all');
  return new Set<Family>([
    ...(all || words.includes('ipv4') ? [4 as const] : []),
    ...(all || words.includes('ipv6') ? [6 as const] : []),
  ]);
}

type Base = { readonly name: string; readonly entry: MasterEntry; readonly isOurs: boolean };

/** The transport that carries mail to the world until now: what ours are made like. */
function baseTransport({ master, expanded }: PostfixFacts): Base | null {
  const { transport } = transportAndNextHop(expanded.get('default_transport') ?? '');
  const isOurs = uplinkOfTransport(transport) !== null;
  const name = isOurs ? 'smtp' : transport;
  const entry = master.find(service => serviceKey(service) === `${name}/unix` && service.program === 'smtp');
  return entry === undefined ? null : { name, entry, isOurs };
}

const plain: Omit<MasterEntry, 'name'> = {
  type: 'unix',
  columns: ['-', '-', 'n', '-', '-'],
  program: 'smtp',
  words: [],
};

function transportEdit(
  { master }: PostfixFacts,
  transport: WantedTransport,
  base: MasterEntry | null,
): readonly PostfixEdit[] {
  const key = `${transport.name}/unix`;
  const present = master.find(service => serviceKey(service) === key) ?? null;
  const wanted = new Map(transport.options.map(({ name, value }) => [name, value]));
  const usable = present?.program === 'smtp' ? present : null;
  const from = withoutOptions(usable ?? base ?? { name: '', ...plain }, addressOptions);
  if (usable !== null && hasOptions(usable, wanted)) return [];
  const next = withOptions({ ...from, name: transport.name, type: 'unix' }, wanted);
  return [
    serviceEdit(
      present,
      next,
      transport.options,
      usable === null
        ? `mail by ${transport.uplink} leaves from its own address, under its own name`
        : `the transport of ${transport.uplink} is not as postern.yaml says`,
    ),
  ];
}

/** No more and no less of what is ours to say. */
function hasOptions(entry: MasterEntry, wanted: ReadonlyMap<string, string>): boolean {
  const own = optionsOf(entry);
  for (const [name, value] of wanted) if (own.get(name) !== value) return false;
  for (const name of addressOptions) if (own.has(name) && !wanted.has(name)) return false;
  return true;
}

/** Limits that were set for the transport before hold for ours too, until it has its own. */
function limitEdits(
  facts: PostfixFacts,
  transport: WantedTransport,
  base: Base | null,
): readonly PostfixEdit[] {
  const isThere = facts.master.some(service => serviceKey(service) === `${transport.name}/unix`);
  if (base === null || (base.isOurs && isThere)) return [];
  return schedulerSuffixes.flatMap(suffix => {
    const from = `${base.name}_${suffix}`;
    const to = `${transport.name}_${suffix}`;
    if (!facts.explicit.has(from) || facts.main.get(to) === `$${from}`) return [];
    return [
      parameterEdit(
        facts,
        to,
        `$${from}`,
        `${from} was set for mail to the world, and a new transport would forget it`,
        null,
      ),
    ];
  });
}

/** Whichever of ours it is stays: the watch may have chosen it. */
function defaultTransportEdit(
  facts: PostfixFacts,
  uplinks: readonly UplinkSetting[],
  transports: readonly WantedTransport[],
): readonly PostfixEdit[] {
  const now = facts.expanded.get('default_transport') ?? '';
  if (transports.some(({ name }) => name === now)) return [];
  const preferred = uplinks
    .filter(({ name }) => transports.some(({ uplink }) => uplink === name))
    .toSorted((one, other) => one.preference - other.preference)[0];
  const transport = transports.find(({ uplink }) => uplink === preferred?.name);
  if (transport === undefined) return [];
  return [
    parameterEdit(
      facts,
      'default_transport',
      transport.name,
      `mail to the world leaves by ${transport.uplink}, the uplink of the best preference`,
      'EGRESS-WRONG-WAY',
    ),
  ];
}

/** Transports of uplinks that are configured no more. */
function leftOver({ master }: PostfixFacts, uplinks: readonly UplinkSetting[]): readonly PostfixEdit[] {
  return master.flatMap(entry => {
    const uplink = entry.type === 'unix' ? uplinkOfTransport(entry.name) : null;
    if (uplink === null || uplinks.some(({ name }) => name === uplink)) return [];
    return [
      {
        file: 'master.cf',
        name: serviceKey(entry),
        value: null,
        was: entryText(entry),
        before: entryLines(entry),
        after: [],
        reason: `${uplink} is no uplink of postern.yaml any more`,
      },
    ];
  });
}

function blockedBy(facts: PostfixFacts, transports: readonly WantedTransport[]): string | null {
  if (!isAtLeast(facts.version, oldestVersion))
    return `This Postfix is ${facts.versionText}; Postern cares for ${oldestVersion.major}.${oldestVersion.minor} and newer. Put Postern in front of it instead.`;
  if (transports.length === 0)
    return 'No uplink of postern.yaml can have a transport; what stands in the way is told above.';
  const value = facts.expanded.get('default_transport') ?? '';
  const { transport, nextHop } = transportAndNextHop(value);
  if (uplinkOfTransport(transport) !== null) return null;
  const program = facts.master.find(service => serviceKey(service) === `${transport}/unix`)?.program;
  if (program !== 'smtp')
    return `default_transport is ${value}, which is no SMTP to the world (${program ?? 'master.cf has no such service'}); what sends mail elsewhere is not changed. If mail shall leave by the uplinks, set it to smtp first.`;
  if (nextHop !== '')
    return `default_transport is ${value}, which sends all mail to one host; that is not changed. If mail shall leave by the uplinks, set it to ${transport} first.`;
  return null;
}
