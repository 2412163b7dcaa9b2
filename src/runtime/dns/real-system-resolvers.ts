import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import type { DnsServerSetting } from '../../decision/next-hop/dns-server.ts';

const keptMs = 5_000;

let known: { readonly servers: readonly DnsServerSetting[]; readonly until: number } | null = null;

/** The resolvers that the system uses, from /etc/resolv.conf, which is read again when it may have changed. */
export function systemResolvers(): readonly DnsServerSetting[] {
  const now = Date.now();
  if (known === null || known.until < now || known.until > now + keptMs)
    known = { servers: parseResolvConf(readResolvConf()), until: now + keptMs };
  return known.servers;
}

function readResolvConf(): string {
  try {
    return readFileSync('/etc/resolv.conf', 'utf8');
  } catch {
    return '';
  }
}

/**
 * The `nameserver` lines of resolv.conf(5); without any, the resolver on this host.
 * Only one on loopback is believed about DNSSEC, for nobody stands between it and us.
 */
export function parseResolvConf(text: string): readonly DnsServerSetting[] {
  const addresses: string[] = [];
  for (const line of text.split('\n')) {
    const [word, address = ''] = line.trim().split(/\s+/);
    if (word === 'nameserver' && isIP(address) !== 0) addresses.push(address);
  }
  if (addresses.length === 0) addresses.push('127.0.0.1');
  return addresses.slice(0, 8).map(address => ({
    address,
    port: 53,
    uplink: null,
    trustAd: address.startsWith('127.') || address === '::1',
  }));
}
