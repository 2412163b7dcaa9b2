import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { MailServer } from '../decision/egress/egress.ts';
import { parseHostName } from './host-name.ts';
import { type Parsed, parsed, unparsed } from './parsed.ts';

/** An address and a port. */
export type Endpoint = { readonly address: string; readonly port: number };

/** Who can call an address: nobody beyond this host, nobody beyond our networks, or everybody. */
export type AddressScope = 'loopback' | 'private' | 'public';

/** An IPv4 or IPv6 address in its one canonical spelling (RFC 5952); an IPv4-mapped one as IPv4. */
export function parseAddress(text: string): Parsed<string> {
  if (isIP(text) === 0 || text.includes('%')) {
    return unparsed('is not an IP address; write for example 198.51.100.30 or "2001:db8:1::30"');
  }
  return parsed(canonical(text));
}

/** An address that a host can own and the world can talk to: neither unspecified nor multicast nor broadcast. */
export function parseUnicast(text: string): Parsed<string> {
  const address = parseAddress(text);
  if (!address.ok) return address;
  const range = ipaddr.parse(address.value).range();
  return ['unspecified', 'multicast', 'broadcast'].includes(range)
    ? unparsed(`is a ${range} address; write one address of one host, as in 198.51.100.30`)
    : address;
}

/** `address:port`, IPv6 in brackets. Without a port: `defaultPort`, where there is one. */
export function parseEndpoint(text: string, defaultPort: number | null): Parsed<Endpoint> {
  const split = splitPort(text);
  const address = parseAddress(split.host);
  if (!address.ok) {
    const example = `198.51.100.30:${defaultPort ?? 25}`;
    return unparsed(
      `is not an address with a port; write for example ${example} or "[2001:db8:1::30]:${defaultPort ?? 25}"`,
    );
  }
  const port = split.port === null ? parsedPort(defaultPort) : parsePort(split.port);
  return port.ok ? parsed({ address: address.value, port: port.value }) : port;
}

/** `host:port`, where the host is a name or an address, IPv6 in brackets; it comes back in its canonical spelling. */
export function parseMailServer(text: string, defaultPort: number): Parsed<MailServer> {
  const split = splitPort(text);
  const host = isIP(split.host) === 0 ? parseHostName(split.host) : parseUnicast(split.host);
  if (!host.ok)
    return unparsed(`is not a host with a port; write for example mx.remote.example:${defaultPort}`);
  const port = split.port === null ? parsed(defaultPort) : parsePort(split.port);
  return port.ok ? parsed({ host: host.value, port: port.value }) : port;
}

/** A network in CIDR form without host bits, or one address as a network of its own. */
export function parseNetwork(text: string): Parsed<string> {
  const [head = '', prefix, ...rest] = text.split('/');
  const family = isIP(head);
  const bits = family === 4 ? 32 : 128;
  const length = prefix === undefined ? bits : /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN;
  if (family === 0 || head.includes('%') || rest.length > 0 || !(length <= bits)) {
    return unparsed('is not a network; write an address and its prefix length, as in 10.20.0.0/24');
  }
  if (family === 6 && ipaddr.process(head).kind() === 'ipv4') {
    return unparsed('is an IPv4 network written as IPv6; write it as IPv4, as in 10.20.0.0/24');
  }
  const network = networkAddress(head, length);
  if (network !== canonical(head)) {
    return unparsed(
      `has bits beyond its prefix; write ${network}/${length} for the network, or ${canonical(head)} for the one host`,
    );
  }
  return parsed(`${network}/${length}`);
}

/** What the documentation calls reserved for examples counts as public, for it stands for what is. */
export function scopeOf(address: string): AddressScope {
  const ip = ipaddr.process(address);
  const range = ip.range();
  if (range === 'loopback') return 'loopback';
  return ['private', 'linkLocal', 'uniqueLocal', 'carrierGradeNat'].includes(range) ? 'private' : 'public';
}

/** Does the network hold the address? Both as the parsers above gave them. */
export function networkHolds(network: string, address: string): boolean {
  const [base, length] = ipaddr.parseCIDR(network);
  const ip = ipaddr.parse(address);
  return ip.kind() === base.kind() && ip.match(base, length);
}

function canonical(address: string): string {
  return ipaddr.process(address).toString();
}

function networkAddress(address: string, length: number): string {
  const bytes = ipaddr.parse(address).toByteArray();
  const masked = bytes.map((byte, index) => {
    const kept = Math.min(8, Math.max(0, length - index * 8));
    return byte & (0xff << (8 - kept)) & 0xff;
  });
  return ipaddr.fromByteArray(masked).toString();
}

function splitPort(text: string): { host: string; port: string | null } {
  const bracketed = /^\[(?<host>[^\]]*)\](?::(?<port>.*))?$/.exec(text)?.groups;
  if (bracketed) return { host: bracketed.host ?? '', port: bracketed.port ?? null };
  const colon = text.indexOf(':');
  if (colon === -1 || colon !== text.lastIndexOf(':')) return { host: text, port: null };
  return { host: text.slice(0, colon), port: text.slice(colon + 1) };
}

function parsePort(text: string): Parsed<number> {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65_535
    ? parsed(port)
    : unparsed('has no port from 1 to 65535 after its last colon');
}

function parsedPort(port: number | null): Parsed<number> {
  return port === null
    ? unparsed('has no port; write it after a colon, as in 198.51.100.30:25')
    : parsed(port);
}
