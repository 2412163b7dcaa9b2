import type { NetworkError, NetworkErrorKind } from '../../decision/egress/observation.ts';

/** What the platform's error codes mean to us; a code that is not here is `other`. */
const kinds: Readonly<Record<string, NetworkErrorKind>> = {
  EADDRNOTAVAIL: 'address_absent',
  ECONNREFUSED: 'refused',
  ECONNRESET: 'reset',
  ECONNABORTED: 'reset',
  ENETRESET: 'reset',
  EPIPE: 'closed',
  ETIMEDOUT: 'timeout',
  EHOSTUNREACH: 'host_unreachable',
  EHOSTDOWN: 'host_unreachable',
  ENETUNREACH: 'network_unreachable',
  ENETDOWN: 'network_unreachable',
  // A `blackhole` route answers so.
  EINVAL: 'network_unreachable',
  // A `prohibit` route answers by the first, a packet filter of this host by the second.
  EACCES: 'prohibited',
  EPERM: 'prohibited',
  ABORT_ERR: 'aborted',
  EMFILE: 'resources',
  ENFILE: 'resources',
  ENOBUFS: 'resources',
  ENOMEM: 'resources',
  EAGAIN: 'resources',
};

/** Puts a failed system call into our words. `doing` begins the sentence: `Connecting to 203.0.113.5:25`. */
export function networkErrorOf(error: Error, doing: string): NetworkError {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const kind = kinds[code] ?? 'other';
  return { kind, message: `${doing} failed: ${words[kind] ?? error.message} (${code || error.name}).` };
}

const words: Partial<Record<NetworkErrorKind, string>> = {
  timeout: 'no answer in time',
  refused: 'the connection was refused',
  reset: 'the connection was reset',
  closed: 'the far side had closed the connection',
  host_unreachable: 'the host cannot be reached',
  network_unreachable: 'there is no route to that network',
  prohibited: 'a firewall or the routing of this host prohibits it',
  address_absent: 'the source address is not on this host',
  aborted: 'given up by ourselves',
  resources: 'this host is out of sockets or memory',
};
