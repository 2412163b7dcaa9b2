import { domainOf, parseForwardPath } from '../protocol/smtp/address.ts';
import { parseHostName } from './host-name.ts';
import { type Parsed, parsed, unparsed } from './parsed.ts';

/** One address of RFC 5321, without brackets, with its domain. */
export function parseMailbox(text: string): Parsed<string> {
  const path = parseForwardPath(`<${text}>`, 0);
  return path.kind === 'path' && path.end === text.length + 2 && domainOf(path.path) !== ''
    ? parsed(text)
    : unparsed('is not an address, as in postmaster@example.com');
}

/** Which recipients a route is for; in lower case. */
export function parseToPattern(text: string): Parsed<string> {
  const lower = text.toLowerCase();
  if (lower === '*') return parsed(lower);
  const domain = lower.startsWith('*.') ? lower.slice(2) : lower;
  const known = domain.includes('@') ? parseMailbox(domain) : parseHostName(domain);
  return known.ok
    ? parsed(lower.startsWith('*.') ? `*.${known.value}` : known.value)
    : unparsed(
        'is not a recipient pattern; write partner.example, "*.partner.example" or user@partner.example',
      );
}

/** Which reverse-paths a route is for; in lower case. */
export function parseFromPattern(text: string): Parsed<string> {
  const lower = text.toLowerCase();
  const known = lower.startsWith('@') ? parseHostName(lower.slice(1)) : parseMailbox(lower);
  return known.ok
    ? parsed(lower.startsWith('@') ? `@${known.value}` : known.value)
    : unparsed('is not a sender pattern; write "@bulk.example.com" or user@example.com');
}
