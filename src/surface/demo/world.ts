import type { Network, Result } from '../../runtime/ports.ts';
import type { IdentityTables } from './peer-protocol.ts';
import type { Delivery } from './receiver-session.ts';

/** The world around the demo's gateway: receivers, a name server, and a cable that can be pulled. */
export type DemoWorld = {
  /** One sentence: what the cable is. */
  readonly cable: string;
  /** The network port that the gateway is given. */
  readonly network: Network;
  /** The source address of each uplink. */
  readonly sources: { readonly isp1: string; readonly isp2: string };
  /** `address:port` of the name server. */
  readonly nameServer: string;
  /** The port of the receivers. */
  readonly smtpPort: number;
  /** Where the gateway shall take mail. */
  readonly listen: { readonly address: string; readonly port: number };
  /** Pulls the cable of isp1. */
  readonly pull: () => Promise<Result<void, string>>;
  readonly restore: () => Promise<Result<void, string>>;
  readonly close: () => Promise<void>;
};

export type OnDelivery = (delivery: Delivery) => void;

export const names = { isp1: 'mail.example.com', isp2: 'mail2.example.com' } as const;

/** Receiving sites: a word against an uplink takes two, in networks of their own. */
export function demoSites(
  addresses: readonly [string, string],
): readonly { domain: string; host: string; address: string }[] {
  return [
    { domain: 'remote.example', host: 'mx.remote.example', address: addresses[0] },
    { domain: 'other.example', host: 'mx.other.example', address: addresses[1] },
  ];
}

/** The reference zone as far as outgoing mail needs it, as the name server takes it. */
export function demoZone(
  sources: DemoWorld['sources'],
  sites: ReturnType<typeof demoSites>,
): Record<string, string[]> {
  const zone: Record<string, string[]> = {
    [`${names.isp1} A`]: [sources.isp1],
    [`${names.isp2} A`]: [sources.isp2],
    [`${reverseName(sources.isp1)} PTR`]: [names.isp1],
    [`${reverseName(sources.isp2)} PTR`]: [names.isp2],
    'example.com MX': ['10 mx1.example.com', '20 mx2.example.com'],
    'mx1.example.com A': [sources.isp1],
    'mx2.example.com A': [sources.isp2],
    'example.com TXT': [`v=spf1 +ip4:${sources.isp1}/32 +ip4:${sources.isp2}/32 -all`],
  };
  for (const site of sites) {
    zone[`${site.domain} MX`] = [`10 ${site.host}`];
    zone[`${site.host} A`] = [site.address];
  }
  return zone;
}

/** What the strict receivers judge by: the same facts as the zone's. */
export function demoIdentity(sources: DemoWorld['sources']): IdentityTables {
  return {
    forward: { [names.isp1]: [sources.isp1], [names.isp2]: [sources.isp2] },
    reverse: { [sources.isp1]: [names.isp1], [sources.isp2]: [names.isp2] },
  };
}

function reverseName(address: string): string {
  return `${address.split('.').reverse().join('.')}.in-addr.arpa`;
}
