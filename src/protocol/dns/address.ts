import { isIPv6 } from 'node:net';

/** The one text of an address, to compare by: IPv6 in lower case with its longest run of zeros left out (RFC 5952). */
export function canonicalAddress(address: string): string {
  return isIPv6(address) && !address.includes('%')
    ? new URL(`http://[${address}]/`).hostname.slice(1, -1)
    : address;
}
