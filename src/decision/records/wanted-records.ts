import type { DomainSetting } from '../admission/domain.ts';
import type { UplinkSetting } from '../egress/egress.ts';
import type { GatewaySettings } from '../gateway-settings.ts';
import { isLocalAddress } from '../next-hop/local-address.ts';
import { type DkimSigner, dkimName, dkimText } from './dkim-record.ts';
import { reverseName } from './reverse-name.ts';
import type { WantedRecord, WantedRecords } from './wanted-record.ts';

/** What of the settings the records follow from, and what only the host knows. */
export type RecordFacts = Pick<GatewaySettings, 'uplinks' | 'listeners' | 'domains' | 'routes'> & {
  /** The address that an interface has now, by egress ID; those without one are missing. */
  readonly interfaceAddresses: ReadonlyMap<string, string>;
  /** SHA-256 of the public key that a listener shows, in hex, by `address:port` of the setting; those without TLS are missing. */
  readonly keyDigests: ReadonlyMap<string, string>;
  readonly dkimSigners: readonly DkimSigner[];
  /** Hosts elsewhere that back up what we are primary for; canonical names. */
  readonly backupMx: readonly string[];
};

const ttlS = 3600;
/** The preference of a backup's MX: worse than any that a primary is likely to have. */
const backupPreference = 100;

/** One address that sends, with its name. */
type Sender = { readonly uplink: UplinkSetting; readonly address: string; readonly ehlo: string };
/** One listener that the world calls. */
type Door = {
  readonly name: string;
  readonly address: string;
  readonly uplink: UplinkSetting | null;
  readonly key: string;
};

/**
 * All records that the world needs to see for this configuration: names and addresses of what sends and what receives,
 * MX, SPF for every uplink, and what is advised beside them. In the order in which a person would set them.
 */
export function wantedRecords(facts: RecordFacts): WantedRecords {
  const notes: string[] = [];
  const senders = sendersOf(facts, notes);
  const doors = doorsOf(facts);
  const policies = new Map<string, string>();
  const records = [
    ...addressRecords(senders, doors, facts),
    ...reverseRecords(senders, notes),
    ...facts.domains.flatMap(domain => [
      ...mxRecords(domain, doors, facts),
      ...(isPrimary(domain) ? backupMxRecords(domain, doors, facts) : []),
    ]),
    ...facts.domains.filter(isPrimary).map(domain => domainSpf(domain, senders, facts)),
    ...ehloSpf(senders, facts),
    ...facts.dkimSigners.flatMap(signer => dkimRecords(signer, facts)),
    ...facts.domains.filter(isPrimary).flatMap(domain => reportRecords(domain, facts)),
    ...tlsaRecords(doors, facts, notes),
    ...facts.domains.filter(isPrimary).flatMap(domain => policyRecords(domain, doors, facts, policies)),
  ];
  return {
    records: onceEach(records),
    notes: [...notes, ...smartHostNotes(facts), ...dkimNotes(facts)],
    policies,
  };
}

const isPrimary = ({ role }: DomainSetting): boolean => role === 'primary';

function sendersOf({ uplinks, interfaceAddresses }: RecordFacts, notes: string[]): Sender[] {
  return uplinks
    .filter(({ smartHost }) => smartHost === null)
    .flatMap(uplink =>
      uplink.egresses.flatMap(egress => {
        const address = egress.publicAddress ?? egress.address ?? interfaceAddresses.get(egress.id) ?? null;
        if (address !== null && !isLocalAddress(address)) return [{ uplink, address, ehlo: egress.ehlo }];
        notes.push(
          address === null
            ? `${egress.id} has no address now, so its records cannot be told; run this again when ${egress.interface} is up.`
            : `${egress.id} sends from the private address ${address}; write what the world sees as public in its source.`,
        );
        return [];
      }),
    );
}

function doorsOf({ uplinks, listeners }: RecordFacts): Door[] {
  return listeners.flatMap(({ role, name, address, port, publicAddress }) => {
    if (role !== 'mx') return [];
    const uplink =
      uplinks.find(({ egresses }) =>
        egresses.some(
          egress =>
            egress.address === address || (publicAddress !== null && egress.publicAddress === publicAddress),
        ),
      ) ?? null;
    const called = publicAddress ?? address;
    return isLocalAddress(called) || called === '0.0.0.0' || called === '::'
      ? []
      : [{ name, address: called, uplink, key: `${address}:${port}` }];
  });
}

function addressRecords(
  senders: readonly Sender[],
  doors: readonly Door[],
  facts: RecordFacts,
): WantedRecord[] {
  const record = (name: string, address: string, why: string): WantedRecord => ({
    name,
    type: address.includes(':') ? 'AAAA' : 'A',
    data: address,
    ttlS,
    zone: zoneOf(name, facts),
    setBy: 'you',
    weight: 'needed',
    why,
  });
  return [
    ...senders.map(({ ehlo, address, uplink }) =>
      record(ehlo, address, `${uplink.name} says EHLO ${ehlo} from ${address}, so the name must lead there.`),
    ),
    ...doors.map(({ name, address }) => record(name, address, `${name} receives mail at ${address}.`)),
  ];
}

function reverseRecords(senders: readonly Sender[], notes: string[]): WantedRecord[] {
  const byAddress = new Map<string, Sender>();
  for (const sender of senders) {
    const other = byAddress.get(sender.address);
    if (other === undefined) byAddress.set(sender.address, sender);
    else if (other.ehlo !== sender.ehlo)
      notes.push(
        `${sender.address} says EHLO ${other.ehlo} by ${other.uplink.name} and ${sender.ehlo} by ${sender.uplink.name}; a PTR leads to one name, so give both one EHLO name.`,
      );
  }
  return [...byAddress.values()].map(({ address, ehlo, uplink }) => {
    const { name, zone } = reverseName(address);
    return {
      name,
      type: 'PTR',
      data: `${ehlo}.`,
      ttlS,
      zone,
      setBy: `the provider of ${uplink.name}`,
      weight: 'needed',
      why: `Receivers ask who ${address} is, and the answer must be a name that leads back to it (Gmail refuses mail without).`,
    };
  });
}

function mxRecords(domain: DomainSetting, doors: readonly Door[], facts: RecordFacts): WantedRecord[] {
  const best = new Map<string, number>();
  for (const { name, uplink } of doors) {
    const preference = preferenceOf(uplink) + (isPrimary(domain) ? 0 : backupPreference);
    best.set(name, Math.min(preference, best.get(name) ?? preference));
  }
  return [...best]
    .toSorted(([, one], [, other]) => one - other)
    .map(([name, preference]) =>
      isPrimary(domain)
        ? {
            ...mxRecord(domain, name, preference, facts),
            why: `Mail for ${domain.name} is received by ${name}.`,
          }
        : {
            ...mxRecord(domain, name, preference, facts),
            isBackupMx: true,
            setBy: `the owner of ${domain.name}`,
            why: `${name} keeps mail for ${domain.name} while its primary is away; the number must be larger than the primary's.`,
          },
    );
}

/** Those of the backups elsewhere, which come after every door of ours. */
function backupMxRecords(domain: DomainSetting, doors: readonly Door[], facts: RecordFacts): WantedRecord[] {
  const last = Math.max(...doors.map(({ uplink }) => preferenceOf(uplink)), 0);
  return facts.backupMx.map(name => ({
    ...mxRecord(domain, name, last + backupPreference, facts),
    isBackupMx: true,
    why: `${name} keeps mail for ${domain.name} while this host is away; its number must be larger than those of this host.`,
  }));
}

const preferenceOf = (uplink: UplinkSetting | null): number => uplink?.preference ?? 10;

function mxRecord(
  { name: domain }: DomainSetting,
  name: string,
  preference: number,
  facts: RecordFacts,
): WantedRecord {
  return {
    name: domain,
    type: 'MX',
    data: `${preference} ${name}.`,
    ttlS,
    zone: zoneOf(domain, facts),
    setBy: 'you',
    weight: 'needed',
    why: '',
  };
}

function domainSpf(domain: DomainSetting, senders: readonly Sender[], facts: RecordFacts): WantedRecord {
  return {
    name: domain.name,
    type: 'TXT',
    data: spfFor(senders),
    ttlS,
    zone: zoneOf(domain.name, facts),
    setBy: 'you',
    weight: 'needed',
    why: `Mail of ${domain.name} leaves from these addresses; an uplink that is missing here fails on the day it is needed.`,
  };
}

/** Bounces have no sender but the EHLO name, so SPF judges them by it (RFC 7208 section 2.4). */
function ehloSpf(senders: readonly Sender[], facts: RecordFacts): WantedRecord[] {
  const names = new Set(senders.map(({ ehlo }) => ehlo));
  const domains = new Set(facts.domains.map(({ name }) => name));
  return [...names]
    .filter(name => !domains.has(name))
    .map(name => ({
      name,
      type: 'TXT',
      data: spfFor(senders.filter(({ ehlo }) => ehlo === name)),
      ttlS,
      zone: zoneOf(name, facts),
      setBy: 'you',
      weight: 'advised',
      why: `Bounces have no sender, so receivers judge them by the SPF of ${name}.`,
    }));
}

function dkimRecords({ selector, domain, key }: DkimSigner, facts: RecordFacts): WantedRecord[] {
  const domains = domain === null ? sharedDomains(selector, facts) : [domain];
  return domains.map(name => ({
    name: dkimName(selector, name),
    type: 'TXT',
    data: dkimText(key),
    ttlS,
    zone: zoneOf(dkimName(selector, name), { domains: [...facts.domains, { name }] }),
    setBy: 'you',
    weight: 'needed',
    why: `Mail of ${name} is signed as ${selector}, and without this key every signature fails.`,
  }));
}

/** The primary domains that have no key of their own under this selector. */
function sharedDomains(selector: string, { domains, dkimSigners }: RecordFacts): string[] {
  const own = dkimSigners.filter(signer => signer.selector === selector).map(({ domain }) => domain);
  return domains.filter(isPrimary).flatMap(({ name }) => (own.includes(name) ? [] : [name]));
}

/** Addresses only: no look-up is spent (RFC 7208 section 4.6.4), and nothing depends on another's zone. */
function spfFor(senders: readonly Sender[]): string {
  const addresses = new Set(senders.map(({ address }) => address));
  const terms = [...addresses].map(address => (address.includes(':') ? `ip6:${address}` : `ip4:${address}`));
  return ['v=spf1', ...terms, '-all'].join(' ');
}

function reportRecords(domain: DomainSetting, facts: RecordFacts): WantedRecord[] {
  const text = (name: string, data: string, why: string): WantedRecord => ({
    name,
    type: 'TXT',
    data,
    ttlS,
    zone: zoneOf(domain.name, facts),
    setBy: 'you',
    weight: 'advised',
    why,
  });
  return [
    text(
      `_dmarc.${domain.name}`,
      `v=DMARC1; p=none; rua=mailto:postmaster@${domain.name}`,
      'Large receivers want a DMARC policy of those who send much; this one asks for reports and changes nothing.',
    ),
    text(
      `_smtp._tls.${domain.name}`,
      `v=TLSRPTv1; rua=mailto:postmaster@${domain.name}`,
      'Senders then report where TLS to you failed.',
    ),
  ];
}

/** The key and not the certificate (3 1 1), so that a renewal with the same key changes nothing (RFC 7671 section 5.1). */
function tlsaRecords(doors: readonly Door[], facts: RecordFacts, notes: string[]): WantedRecord[] {
  const records = doors.flatMap(({ name, key }): WantedRecord[] => {
    const digest = facts.keyDigests.get(key);
    if (digest === undefined) return [];
    return [
      {
        name: `_25._tcp.${name}`,
        type: 'TLSA',
        data: `3 1 1 ${digest}`,
        ttlS,
        zone: zoneOf(name, facts),
        setBy: 'you',
        weight: 'advised',
        why: `Senders that know DANE then insist on TLS with the key that ${name} shows; it counts in a signed zone only.`,
      },
    ];
  });
  if (records.length > 0)
    notes.push(
      'Set a new TLSA record before the key of a certificate changes, and keep the old one until the change is done.',
    );
  return records;
}

/** One MTA-STS policy for each domain whose doors all show a certificate (RFC 8461). */
function policyRecords(
  domain: DomainSetting,
  doors: readonly Door[],
  facts: RecordFacts,
  policies: Map<string, string>,
): WantedRecord[] {
  if (doors.length === 0 || !doors.every(({ key }) => facts.keyDigests.has(key))) return [];
  const names = [...new Set(doors.map(({ name }) => name))];
  const lines = [
    'version: STSv1',
    'mode: testing',
    ...names.map(name => `mx: ${name}`),
    'max_age: 604800',
    '',
  ];
  const policy = lines.join('\r\n');
  policies.set(`mta-sts.${domain.name}`, policy);
  return [
    {
      name: `_mta-sts.${domain.name}`,
      type: 'TXT',
      data: `v=STSv1; id=${policyId(policy)}`,
      ttlS,
      zone: zoneOf(domain.name, facts),
      setBy: 'you',
      weight: 'advised',
      why: `It announces the policy at https://mta-sts.${domain.name}/.well-known/mta-sts.txt; lead that name to a web server with a certificate for it, and set this only when the page is served.`,
    },
  ];
}

/** Changes with the policy and only then, as the RFC asks (section 3.1); FNV-1a, in hex. */
function policyId(policy: string): string {
  let hash = 0x811c9dc5;
  for (const character of policy) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return hash.toString(16).padStart(8, '0');
}

function dkimNotes({ dkimSigners, domains }: RecordFacts): string[] {
  if (dkimSigners.length > 0 || !domains.some(isPrimary)) return [];
  return [
    'DKIM is not covered, for Postern signs nothing: where your mail store or Postfix signs, name its selector and key, as in --selector s1=/etc/dkim/s1.pem.',
  ];
}

function smartHostNotes({ uplinks, routes }: RecordFacts): string[] {
  const hosts = new Set(
    [...uplinks, ...routes].flatMap(({ smartHost }) => (smartHost === null ? [] : [smartHost.host])),
  );
  return [...hosts].map(
    host =>
      `Mail also leaves through ${host}, from addresses that only its owner knows: put what he says of SPF (an include, most often) into the SPF records before -all.`,
  );
}

/** The configured domain that holds the name; else the name's own parent. */
function zoneOf(
  name: string,
  { domains }: { readonly domains: readonly { readonly name: string }[] },
): string {
  const holding = domains
    .map(domain => domain.name)
    .filter(domain => name === domain || name.endsWith(`.${domain}`))
    .toSorted((one, other) => other.length - one.length)[0];
  return holding ?? name.slice(name.indexOf('.') + 1);
}

function onceEach(records: readonly WantedRecord[]): WantedRecord[] {
  const seen = new Set<string>();
  return records.filter(({ name, type, data }) => {
    const key = `${name} ${type} ${data}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
