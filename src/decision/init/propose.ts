import type { FoundAddress, Surroundings } from './surroundings.ts';

/** What the operator said himself; what is missing is proposed. */
export type InitAnswers = {
  readonly hostname?: string;
  readonly domains?: readonly string[];
  readonly uplinks?: readonly ProposedUplink[];
  /** Where the mail store listens, as `address:port`. */
  readonly store?: string;
  /** Who may send to the world. */
  readonly networks?: readonly string[];
  /** The primary is elsewhere: this host is its backup. */
  readonly backup?: boolean;
};

export type ProposedUplink = {
  readonly name: string;
  readonly address: string;
  /** Behind NAT, what the world sees. */
  readonly publicAddress: string | null;
  /** Of an answer '' where it was left to us. */
  readonly ehlo: string;
};

/** The layouts of the case: one shared name, a name for each uplink, or a second machine as backup. */
export type Layout = 'A' | 'B' | 'C';

export type Proposal = {
  readonly hostname: string;
  readonly layout: Layout;
  /** A whole sentence. */
  readonly reason: string;
  readonly uplinks: readonly ProposedUplink[];
  /** The name of the listener on each uplink: what an MX leads there by today, else a new one. */
  readonly doors: readonly string[];
  /** Addresses that SPF of the domain names and the host does not have: public ones of its NAT, perhaps. */
  readonly spfElsewhere: readonly string[];
  readonly domains: readonly string[];
  readonly isBackup: boolean;
  readonly store: string | null;
  readonly networks: readonly string[];
  /** The private address that a relay listener takes; null: the host has none. */
  readonly inside: string | null;
};

export type Proposed =
  | { readonly ok: true; readonly value: Proposal }
  | { readonly ok: false; readonly error: string };

/** Chooses a layout and fills in what was not said. The error is a sentence that names the flag to give. */
export function propose(found: Surroundings, said: InitAnswers): Proposed {
  const hostname = said.hostname ?? found.postfix?.hostname ?? found.hostname;
  if (hostname === null)
    return no('This host has no fully qualified name; say it, as in --hostname mail.example.com.');
  const domains = said.domains ?? (found.domains.length > 0 ? found.domains : [parentOf(hostname)]);
  const [first] = domains;
  if (first === undefined || !first.includes('.'))
    return no('No domain was found whose mail this host takes; say it, as in --domain example.com.');
  const uplinks = said.uplinks?.map(withEhlo(hostname)) ?? uplinksOf(found.addresses, hostname);
  if (uplinks.length === 0)
    return no(
      'No address was found by which this host reaches the Internet; say it, as in --uplink isp1=198.51.100.30.',
    );
  const isBackup = said.backup ?? isBackupOf(found, uplinks);
  const { layout, reason } =
    said.uplinks === undefined || isBackup
      ? layoutOf(found, uplinks, first, isBackup && said.backup === true ? 'said' : isBackup)
      : layoutOfNames(uplinks);
  const named =
    said.uplinks === undefined && layout === 'A'
      ? uplinks.map(uplink => ({ ...uplink, ehlo: hostname }))
      : uplinks;
  return {
    ok: true,
    value: {
      hostname,
      layout,
      reason,
      uplinks: named,
      doors: named.map((uplink, place) => doorOf(found, uplink, isBackup ? null : `mx${place + 1}.${first}`)),
      spfElsewhere: spfElsewhere(found, named),
      domains,
      isBackup,
      store: said.store ?? null,
      networks: said.networks ?? found.postfix?.networks ?? [],
      inside: insideOf(found.addresses, uplinks),
    },
  };
}

const no = (error: string): Proposed => ({ ok: false, error });

const parentOf = (hostname: string): string => hostname.slice(hostname.indexOf('.') + 1);

/** One for each interface that leads out; the name of the PTR is the EHLO name where it is a name of our own. */
function uplinksOf(addresses: readonly FoundAddress[], hostname: string): ProposedUplink[] {
  const seen = new Set<string>();
  const ways = addresses.filter(({ interface: device, leavesBy, family }) => {
    if (leavesBy === null || family === 6 || seen.has(device)) return false;
    seen.add(device);
    return true;
  });
  return ways.map(({ address, names, scope }, place) => ({
    name: `isp${place + 1}`,
    address,
    publicAddress: scope === 'private' ? '' : null,
    ehlo: names.find(name => name.endsWith(`.${parentOf(hostname)}`)) ?? ehloAt(place, hostname),
  }));
}

const withEhlo =
  (hostname: string) =>
  (uplink: ProposedUplink, place: number): ProposedUplink =>
    uplink.ehlo === '' ? { ...uplink, ehlo: ehloAt(place, hostname) } : uplink;

/** That of the host for the first uplink; from the second on `mail.example.com` becomes `mail2.example.com`. */
const ehloAt = (place: number, hostname: string): string =>
  place === 0 ? hostname : hostname.replace('.', `${place + 1}.`);

/** The domain has an MX elsewhere that comes before ours. */
function isBackupOf(found: Surroundings, uplinks: readonly ProposedUplink[]): boolean {
  const ours = new Set(uplinks.map(({ address, publicAddress }) => publicAddress ?? address));
  const own = found.mx.filter(({ addresses }) => addresses.some(address => ours.has(address)));
  // The set has no order but its preferences, and our best one counts. None of ours: none is better.
  const best = own.length === 0 ? 0 : Math.min(...own.map(({ preference }) => preference));
  const better = found.mx.filter(({ preference }) => preference < best);
  return better.some(({ addresses }) => addresses.length > 0);
}

function layoutOf(
  found: Surroundings,
  uplinks: readonly ProposedUplink[],
  domain: string,
  isBackup: boolean | 'said',
): { readonly layout: Layout; readonly reason: string } {
  if (isBackup === 'said')
    return {
      layout: 'C',
      reason: `This host is the backup of ${domain}, whose primary stands elsewhere: a single server fails more often than a connection does.`,
    };
  if (isBackup)
    return {
      layout: 'C',
      reason: `A better MX of ${domain} stands elsewhere, so this host is its backup: a single server fails more often than a connection does.`,
    };
  const names = new Set(
    found.addresses
      .filter(({ address }) => uplinks.some(uplink => uplink.address === address))
      .flatMap(each => each.names),
  );
  if (uplinks.length > 1 && names.size === 1)
    return {
      layout: 'A',
      reason: `The addresses share one name (${[...names].join()}), so one EHLO name for all of them is sound and needs no change at the providers.`,
    };
  return layoutOfNames(uplinks);
}

/** What the EHLO names make of it. */
function layoutOfNames(uplinks: readonly ProposedUplink[]): {
  readonly layout: Layout;
  readonly reason: string;
} {
  const [first] = uplinks;
  if (uplinks.length <= 1)
    return {
      layout: 'B',
      reason: `There is one way to the Internet (${first?.name ?? 'isp1'}); a second can be added later.`,
    };
  if (new Set(uplinks.map(({ ehlo }) => ehlo)).size === 1)
    return {
      layout: 'A',
      reason: `All uplinks say ${first?.ehlo}, so that name must lead to each address, and each address to that name.`,
    };
  return {
    layout: 'B',
    reason:
      'Each uplink gets a name of its own, so that address, PTR and EHLO agree on each and a test of one says nothing wrong of the other.',
  };
}

/** `fresh`: the name where no MX leads to the uplink yet; null: its EHLO name, for mx1 and mx2 are the primary's. */
function doorOf({ mx }: Surroundings, uplink: ProposedUplink, fresh: string | null): string {
  const seen = uplink.publicAddress ?? uplink.address;
  return mx.find(({ addresses }) => addresses.includes(seen))?.exchange ?? fresh ?? uplink.ehlo;
}

function spfElsewhere({ spf, addresses }: Surroundings, uplinks: readonly ProposedUplink[]): string[] {
  const own = new Set([
    ...addresses.map(({ address }) => address),
    ...uplinks.flatMap(({ address, publicAddress }) => [address, publicAddress]),
  ]);
  const named = [...(spf ?? '').matchAll(/ \+?ip4:([\d.]+)(?:\/32)?(?= |$)/gi)].flatMap(
    ([, address]) => address ?? [],
  );
  return named.filter(address => !own.has(address));
}

/** A private address that is no way out. */
function insideOf(addresses: readonly FoundAddress[], uplinks: readonly ProposedUplink[]): string | null {
  const used = new Set(uplinks.map(({ address }) => address));
  return (
    addresses.find(({ address, scope, family }) => scope === 'private' && family === 4 && !used.has(address))
      ?.address ?? null
  );
}
