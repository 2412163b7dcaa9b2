import type { HostAddress } from './route.ts';

/** Why a connection could not be made or broke, in words that do not depend on the platform. */
export type NetworkErrorKind =
  | 'timeout'
  | 'refused' // a reset in answer to SYN
  | 'reset' // an established connection was reset
  | 'closed' // the far side ended it without a word
  | 'host_unreachable'
  | 'network_unreachable'
  | 'prohibited' // ICMP administratively prohibited, told by the kernel as EHOSTUNREACH or EACCES at once
  | 'address_absent' // EADDRNOTAVAIL: the source address is not on this host
  | 'aborted' // we gave it up ourselves
  | 'resources' // EMFILE, ENOBUFS, ENOMEM: our own trouble, never evidence about a link
  | 'other';

export type NetworkError = { readonly kind: NetworkErrorKind; readonly message: string };

/**
 * One thing seen of one egress. `at` is monotonic milliseconds.
 * `site` is the receiving site's key (the best MX set); evidence of two sites in two networks is needed
 * before a silent egress is called down.
 */
export type Observation =
  /** TCP connected: the route carries packets both ways. */
  | {
      readonly kind: 'connected';
      readonly at: number;
      readonly site: string;
      readonly to: HostAddress;
      readonly connectMs: number;
    }
  /** A greeting, whatever its code (421 and 554 too), or any later reply: a live link. */
  | {
      readonly kind: 'answered';
      readonly at: number;
      readonly site: string;
      readonly to: HostAddress;
      readonly probe: boolean;
    }
  /**
   * A connect failed, or was overtaken: another egress reached the same host address while this one had no answer
   * after `waitedMs`. `reachedBy` names the egress that did reach it, null where none has (yet).
   * `overtaken` failures are closed by us (`error.kind` 'aborted') and are weak evidence: a probe follows.
   */
  | {
      readonly kind: 'failed';
      readonly at: number;
      readonly site: string;
      readonly to: HostAddress;
      readonly error: NetworkError;
      readonly waitedMs: number;
      readonly overtaken: boolean;
      readonly reachedBy: string | null;
      readonly probe: boolean;
      /** `greeting`: TCP connected, and no greeting came where another egress had one. Left out: `connect`. */
      readonly stage?: 'connect' | 'greeting';
    }
  /** An established session is silent past its expected reply time; asks for a probe, convicts nobody. */
  | { readonly kind: 'silent'; readonly at: number; readonly site: string; readonly to: HostAddress }
  /** The host lost or regained what this egress stands on. */
  | { readonly kind: 'host'; readonly at: number; readonly condition: HostCondition }
  /** `since` and `until` are wall ms. */
  | {
      readonly kind: 'drained';
      readonly at: number;
      readonly since: number;
      readonly reason: string;
      readonly until: number | null;
    }
  | { readonly kind: 'resumed'; readonly at: number };

/** What deliveries and probes see of an egress; the host and the operator tell the rest. */
export type Sighting = Extract<Observation, { kind: 'connected' | 'answered' | 'failed' | 'silent' }>;

/** What the host itself says of an egress. Anything but `sound` takes it down at once. */
export type HostCondition = 'sound' | 'address absent' | 'link down' | 'no route';
