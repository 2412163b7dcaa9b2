import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import ipaddr from 'ipaddr.js';
import type { PresentAddress } from '../ports.ts';

/** `IFA_F_TEMPORARY` of the kernel: an address for privacy, which changes daily (RFC 8981). */
const temporaryFlag = 0x01;

/** The addresses of this host's interfaces that are up and have a carrier. */
export function hostAddresses(): readonly PresentAddress[] {
  const found: PresentAddress[] = [];
  let temporary: ReadonlySet<string> | null = null;
  for (const [name, addresses] of Object.entries(networkInterfaces())) {
    for (const { address, family } of addresses ?? []) {
      if (family === 'IPv4') {
        found.push({ interface: name, address, family: 4, temporary: false });
        continue;
      }
      temporary ??= temporaryAddresses();
      found.push({ interface: name, address, family: 6, temporary: temporary.has(address) });
    }
  }
  return found;
}

function temporaryAddresses(): ReadonlySet<string> {
  try {
    return temporaryIn(readFileSync('/proc/net/if_inet6', 'latin1'));
  } catch {
    return new Set();
  }
}

/** Reads `/proc/net/if_inet6`: address, index, prefix length, scope, flags, interface. */
export function temporaryIn(table: string): ReadonlySet<string> {
  const temporary = new Set<string>();
  for (const line of table.split('\n')) {
    const [digits = '', , , , flags = ''] = line.trim().split(/\s+/);
    if (!/^[0-9a-f]{32}$/.test(digits) || (Number.parseInt(flags, 16) & temporaryFlag) === 0) continue;
    temporary.add(ipaddr.fromByteArray([...Buffer.from(digits, 'hex')]).toString());
  }
  return temporary;
}
