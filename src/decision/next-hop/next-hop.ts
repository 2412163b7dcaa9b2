import type { HostAddress } from '../egress/route.ts';

/** One host that takes mail for a domain, with its addresses in the order to try. */
export type NextHopHost = {
  readonly name: string;
  readonly mxPreference: number;
  readonly addresses: readonly HostAddress[];
  /** Addresses of the mail store (`deliver_to`) on loopback or in a private network cross no uplink. */
  readonly local: boolean;
  /** A mail store that is to be told each message's client by XCLIENT; left out: not. */
  readonly xclient?: true;
};

/**
 * Where a domain's mail goes.
 * `site` is the key of the receiving site: the names of the best MX set (or the `deliver_to` list); concurrency,
 * session reuse and rendezvous hashing go by it.
 * `refused` is permanent: a null MX (RFC 7505: 556 5.1.10), a domain that does not exist (550 5.1.2), only ourselves
 * in the set (554 5.4.6).
 */
export type NextHop =
  | { readonly kind: 'hosts'; readonly site: string; readonly hosts: readonly NextHopHost[] }
  | {
      readonly kind: 'refused';
      readonly code: number;
      readonly enhancedStatus: string;
      readonly reason: string;
    }
  /** `ourFault`: nothing will come of it until the configuration or DNS is mended. */
  | { readonly kind: 'defer'; readonly reason: string; readonly ourFault?: true };
