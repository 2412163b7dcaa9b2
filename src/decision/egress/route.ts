import type { Egress } from './egress.ts';

/** One address of one host that takes mail, with the port to call. */
export type HostAddress = {
  /** The host's name as MX or configuration gave it, or the address itself where it has none. */
  readonly host: string;
  readonly address: string;
  readonly port: number;
};

/** A way to a host: egress × host address. Penalties and connect times are kept by route. */
export type Route = { readonly egress: Egress; readonly to: HostAddress };

/** The key under which what is known of a host's address is kept, whatever names lead there. */
export function hostKey({ address, port }: HostAddress): string {
  return `${address}:${port}`;
}

/** The key under which what is known of a route is kept. */
export function routeKey(egressId: string, to: HostAddress): string {
  return `${egressId}>${hostKey(to)}`;
}

/**
 * The network that an address belongs to for the purpose of evidence: two hosts in one /24 (IPv4) or /48 (IPv6)
 * may die together, so only hosts of different networks testify against an egress independently.
 */
export function evidenceNetwork(address: string): string {
  if (!address.includes(':')) return address.slice(0, address.lastIndexOf('.'));
  const [head = [], tail] = address.split('::').map(groups => (groups === '' ? [] : groups.split(':')));
  const zeros = tail === undefined ? 0 : 8 - head.length - tail.length;
  const groups = [...head, ...Array<string>(Math.max(0, zeros)).fill('0'), ...(tail ?? [])];
  return groups
    .slice(0, 3)
    .map(group => Number.parseInt(group, 16).toString(16))
    .join(':');
}
