import { BlockList, isIP } from 'node:net';

/** A set of CIDR networks; an IPv4 address in its IPv6-mapped form counts as itself. */
export class ClientNetworks {
  readonly #list = new BlockList();

  /** `networks` were checked when the configuration was read; one that does not parse is left out. */
  constructor(networks: readonly string[]) {
    for (const network of networks) {
      const [address = '', prefix] = network.split('/');
      const family = isIP(address);
      if (family === 0) continue;
      this.#list.addSubnet(
        address,
        Number(prefix ?? (family === 4 ? 32 : 128)),
        family === 4 ? 'ipv4' : 'ipv6',
      );
    }
  }

  includes(address: string): boolean {
    const plain = unmapped(address);
    const family = isIP(plain);
    return family !== 0 && this.#list.check(plain, family === 4 ? 'ipv4' : 'ipv6');
  }
}

/** `::ffff:192.0.2.1` is `192.0.2.1`. */
function unmapped(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}

/** What counts as one client for limits: an IPv4 address, or an IPv6 /64, which one host can fill by itself. */
export function clientKey(address: string): string {
  const plain = unmapped(address);
  if (!plain.includes(':')) return plain;
  const [head = '', tail = ''] = plain.split('::');
  const front = head ? head.split(':') : [];
  const back = tail ? tail.split(':') : [];
  const zeros = plain.includes('::') ? Array.from({ length: 8 - front.length - back.length }, () => '0') : [];
  return [...front, ...zeros, ...back].slice(0, 4).join(':');
}
