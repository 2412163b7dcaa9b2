import type { SmartHost } from '../next-hop/route-setting.ts';

/**
 * The way out of the host that a message takes: one source address and the one name that goes with it.
 *
 * Source address and EHLO name travel in this value and never apart (RFC 5321 section 4.1.1.1,
 * receivers' forward-confirmed reverse DNS). What is stored (`lastEgress`, health, trace) names its `id`,
 * because the address of an interface may change or be absent.
 */
export type Egress = UplinkEgress | LocalEgress;

export type Family = 4 | 6;

/** One address of one uplink. */
export type UplinkEgress = {
  readonly kind: 'uplink';
  /** `uplink/address`, or `uplink/interface` (`…/interface/6` for IPv6): stable over address changes and restarts. */
  readonly id: string;
  readonly uplink: string;
  readonly family: Family;
  /** The address that the host binds. */
  readonly source: string;
  /** What the world sees: `source`, unless a router rewrites it. Identity, records and "ourselves in the MX set" use it. */
  readonly publicAddress: string;
  readonly ehlo: string;
};

/** The way to what never crosses an uplink: the mail store on loopback or in the private network. Unbound, never moved, never evidence. */
export type LocalEgress = { readonly kind: 'local'; readonly id: 'local'; readonly ehlo: string };

export const localEgress = (ehlo: string): LocalEgress => ({ kind: 'local', id: 'local', ehlo });

/** One configured way out, whether or not its address is on the host now. */
export type EgressSetting = {
  readonly id: string;
  readonly uplink: string;
  readonly ehlo: string;
  readonly family: Family;
  /** Exactly one of `address` and `interface` is set. */
  readonly address: string | null;
  readonly interface: string | null;
  /** The public address behind NAT; null where the source address is public itself. */
  readonly publicAddress: string | null;
};

/** A mail server by its name, or by an address. */
export type MailServer = { readonly host: string; readonly port: number };

/** One configured uplink, and what `choose` orders it by. */
export type UplinkSetting = {
  readonly name: string;
  /** Lower first. */
  readonly preference: number;
  /** Among equal preferences, the share of receiving sites. */
  readonly weight: number;
  readonly egresses: readonly EgressSetting[];
  /** Resolvers that answer only on this uplink. */
  readonly dns: readonly { readonly address: string; readonly port: number }[];
  /** Mail servers that the operator lets us probe at any rate. */
  readonly probe: readonly MailServer[];
  readonly health: HealthSettings;
  /** Messages a second that its mail may take; more waits, and never spills to another uplink. Null: no limit. */
  readonly maxRatePerS: number | null;
  readonly maxConnections: number | null;
  /** The share (0 to 1) of each site's messages that it carries even while a better uplink is up. */
  readonly warmShare: number;
  /** What becomes of mail while its identity does not stand: used last, held back, or used all the same. */
  readonly whenUnfit: WhenUnfit;
  /** All its mail goes through this server; null: straight to the receivers. */
  readonly smartHost: SmartHost | null;
};

export type WhenUnfit = 'last' | 'hold' | 'use';

/** Mail by the spare uplink for a while, to see that it still carries it. */
export type DrillSetting = { readonly everyMs: number; readonly forMs: number };

/** All in milliseconds. */
export type HealthSettings = {
  /** Between probes while all is sound. */
  readonly intervalMs: number;
  /** Between probes after a first failure, while down and while proving. */
  readonly suspectIntervalMs: number;
  /** How long a probe may take to be answered. */
  readonly timeoutMs: number;
  /** How long an egress must prove itself before it comes back. */
  readonly proveMs: number;
};
