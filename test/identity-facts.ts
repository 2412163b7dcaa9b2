import type { DnsFact } from '../src/decision/audit/dns-fact.ts';
import type { AskedIdentity, IdentityFacts } from '../src/decision/audit/identity-facts.ts';

export const records = (...values: readonly string[]): DnsFact => ({ kind: 'records', values });
export const nodata: DnsFact = { kind: 'nodata' };
export const nxdomain: DnsFact = { kind: 'nxdomain' };
export const silence: DnsFact = {
  kind: 'temperror',
  reason: 'no resolver answered in 10 s',
  failure: 'timeout',
};

/** The sound identity of uplink 1 in the reference network, with what differs. */
export function identityFacts(
  asked: Partial<AskedIdentity> = {},
  more: Partial<IdentityFacts> = {},
): IdentityFacts {
  return {
    egress: 'isp1/198.51.100.30',
    uplink: 'isp1',
    family: 4,
    publicAddress: '198.51.100.30',
    ehlo: 'mail.example.com',
    smartHost: null,
    asked: {
      reverseName: '30.100.51.198.in-addr.arpa',
      ptr: records('mail.example.com'),
      forward: [{ name: 'mail.example.com', addresses: records('198.51.100.30') }],
      ehlo: { A: records('198.51.100.30'), AAAA: nodata },
      ...asked,
    },
    ...more,
  };
}

const reverseOfSix = '0.4.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.2.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa';

/** The same for an IPv6 address of uplink 2. */
export function identityFactsOfSix(
  asked: Partial<AskedIdentity> = {},
  more: Partial<IdentityFacts> = {},
): IdentityFacts {
  return identityFacts(
    {
      reverseName: reverseOfSix,
      ptr: records('mail2.example.com'),
      forward: [{ name: 'mail2.example.com', addresses: records('2001:db8:2::40') }],
      ehlo: { A: records('203.0.113.40'), AAAA: records('2001:db8:2::40') },
      ...asked,
    },
    {
      egress: 'isp2/2001:db8:2::40',
      uplink: 'isp2',
      family: 6,
      publicAddress: '2001:db8:2::40',
      ehlo: 'mail2.example.com',
      ...more,
    },
  );
}
