import { isIP } from 'node:net';
import { domainToASCII, domainToUnicode } from 'node:url';
import { type Parsed, parsed, unparsed } from './parsed.ts';

/**
 * A fully qualified host name in lower-case A-labels (RFC 5321 section 2.3.5, RFC 1123 section 2.1), as EHLO and
 * greeting want it: at least two labels, no final dot, and not an address.
 */
export function parseHostName(text: string): Parsed<string> {
  const name = text.toLowerCase();
  if (isIP(name) !== 0) return unparsed('is an address; write a host name, as in mail.example.com');
  if (/[^\x20-\x7e]/.test(name)) {
    const ascii = domainToASCII(name);
    return unparsed(`has letters beyond ASCII; write its A-label form${ascii ? `, ${ascii}` : ''}`);
  }
  if (name.endsWith('.'))
    return unparsed(`has a final dot; write ${name.slice(0, -1) || 'mail.example.com'}`);
  const labels = name.split('.');
  if (labels.some(label => !/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(label)) || name.length > 253) {
    return unparsed(
      'is not a host name: labels of letters, digits and inner hyphens, joined by dots, as in mail.example.com',
    );
  }
  const invalid = labels.find(label => label.startsWith('xn--') && domainToUnicode(label) === label);
  if (invalid !== undefined) return unparsed(`has the label ${invalid}, which is not a valid A-label`);
  if (labels.length < 2) {
    return unparsed('is one word; write a fully qualified name, as in mail.example.com');
  }
  if (/^\d+$/.test(labels.at(-1) ?? ''))
    return unparsed('is no host name, for it ends in a number; write a host name, as in mail.example.com');
  return parsed(name);
}
