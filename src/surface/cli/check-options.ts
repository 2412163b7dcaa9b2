import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { InvalidArgumentError } from 'commander';
import { parseDuration } from '../../config/measures.ts';
import type { AuditFacts, EgressFact } from '../../decision/audit/facts.ts';
import type { FindingLevel } from '../../decision/audit/finding.ts';
import { canonicalAddress } from '../../protocol/dns/address.ts';
import { hostName } from '../../protocol/dns/names.ts';
import { isPublicSuffix } from './public-suffix.ts';

/** What the command line of `postern check` says. */
export type CheckOptions = {
  config?: string;
  json?: boolean;
  uplink?: EgressFact[];
  explain?: string;
  only?: string[];
  skip?: string[];
  failOn?: FindingLevel;
  saveFacts?: string;
  facts?: string;
  timeout?: number;
  selector?: Selector[];
  blocklist?: Blocklist[];
  intrusive?: boolean;
  port?: number;
  format?: 'text' | 'json' | 'html';
  watch?: boolean;
  every?: number;
};

/** How the caller wants it. */
export const formOf = ({ json, format = 'text' }: CheckOptions): 'text' | 'json' | 'html' =>
  json === true ? 'json' : format;

/** A domain in A-labels, or why it is none. */
export function readDomain(text: string): { ok: true; value: string } | { ok: false; error: string } {
  const given = text.trim().replace(/\.$/, '');
  const bare = given.replace(/^\[|\]$/g, '').replace(/^ipv6:/i, '');
  if (isIP(bare) !== 0)
    return { ok: false, error: `${text} is an address; name the domain whose mail is to be checked.` };
  if (given.includes('@'))
    return {
      ok: false,
      error: `${text} is an address of a person; name the domain, ${given.slice(given.lastIndexOf('@') + 1)}.`,
    };
  const name = hostName(domainToASCII(given));
  if (name === null)
    return { ok: false, error: `${text} is not the name of a domain; write for example example.com.` };
  if (!name.includes('.'))
    return { ok: false, error: `${text} is a public suffix or one word; name a domain, as in example.com.` };
  if (isPublicSuffix(name))
    return {
      ok: false,
      error: `${text} is a public suffix, below which others have their domains; name a domain, as in example.${name}.`,
    };
  return { ok: true, value: name };
}

export function readUplink(text: string, before: EgressFact[] = []): EgressFact[] {
  const [address = '', name = ''] = text.split('=');
  const ehlo = hostName(name.toLowerCase());
  if (isIP(address) === 0 || ehlo === null)
    throw new InvalidArgumentError(
      'Write the address and the EHLO name, as in 198.51.100.30=mail.example.com.',
    );
  const uplink = `uplink${before.length + 1}`;
  const canonical = canonicalAddress(address);
  return [
    ...before,
    {
      id: `${uplink}/${canonical}`,
      uplink,
      preference: 10 * (before.length + 1),
      family: address.includes(':') ? 6 : 4,
      source: null,
      address: canonical,
      ehlo,
      smartHost: null,
      port25: null,
      observed: null,
      temporary: false,
    },
  ];
}

export type Blocklist = AuditFacts['asked']['blocklists'][number];

export function readBlocklist(text: string, before: Blocklist[] = []): Blocklist[] {
  const [zone = '', kind = 'major'] = text.split('=');
  const name = hostName(zone.toLowerCase());
  if (name === null || (kind !== 'major' && kind !== 'policy'))
    throw new InvalidArgumentError(
      'Write the zone of the list, as in dnsbl.example or dnsbl.example=policy.',
    );
  return [...before, { zone: name, kind }];
}

export function readIds(text: string, before: string[] = []): string[] {
  return [
    ...before,
    ...text
      .split(',')
      .map(id => id.trim().toUpperCase())
      .filter(id => id !== ''),
  ];
}

export function readTimeout(text: string): number {
  const ms = parseDuration(text);
  if (ms.ok && ms.value > 0) return ms.value;
  throw new InvalidArgumentError('Write a duration, as in 30s.');
}

export function readPort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new InvalidArgumentError('Write a port from 1 to 65535.');
}

/** A DKIM selector, and the file of its key where the caller has it. */
export type Selector = {
  readonly name: string;
  readonly file: string | null;
};

/** `s1`, or `s1=/etc/dkim/s1.pem` with the private or public key in PEM. */
export function readSelector(text: string, before: Selector[] = []): Selector[] {
  const place = text.indexOf('=');
  const name = (place < 0 ? text : text.slice(0, place)).toLowerCase();
  if (hostName(`${name}.example`) === null)
    throw new InvalidArgumentError(
      'Write the selector as in s= of a signature, as in s1 or s1=/etc/dkim/s1.pem.',
    );
  return [...before, { name, file: place < 0 ? null : text.slice(place + 1) }];
}
