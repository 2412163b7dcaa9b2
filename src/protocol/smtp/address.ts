import { isIPv4, isIPv6 } from 'node:net';
import { domainToASCII, domainToUnicode } from 'node:url';
import { type Reply, reply } from './reply.ts';

/**
 * A path read from a command: without angle brackets and source route; '' is the null reverse-path.
 * `end` is the place of the first character after the closing bracket.
 */
export type ParsedPath =
  | {
      readonly kind: 'path';
      readonly path: string;
      readonly end: number;
      /** It is not ASCII (RFC 6531). */
      readonly isInternational: boolean;
    }
  | { readonly kind: 'bad'; readonly reply: Reply };

/** RFC 5321 sections 4.5.3.1.1 to 4.5.3.1.3, in octets; the path is counted with its brackets. */
const localPartLimit = 64;
const domainLimit = 255;
const pathLimit = 256;
const labelLimit = 63;

const dotString = /[\w!#$%&'*+/=?^`{|}~\x80-\uffff-]+(?:\.[\w!#$%&'*+/=?^`{|}~\x80-\uffff-]+)*/y;
const quotedString = /"(?:[ !#-[\]-~\x80-\uffff]|\\[ -~])*"/y;
const domainCharacters = /[A-Za-z0-9.\x80-\uffff-]+/y;
const addressLiteral = /\[([^[\]\\ ]*)\]/y;
const label = /^[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?$/;
const unprintable = /[^ -~]/;
const international = /[\x80-\uffff]/;
/** Controls, line ends, and what turns the direction of the text around it: no address that a person writes has them (RFC 8265 section 3.1). */
const misleading = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

/**
 * Reads the path of MAIL (RFC 5321 section 4.1.2) at `start` of `text`: `<>`, or a mailbox in angle brackets.
 * A source route is accepted and dropped (Appendix C). Refused: 501 5.1.7.
 */
export function parseReversePath(text: string, start = 0): ParsedPath {
  if (text.startsWith('<>', start)) return { kind: 'path', path: '', end: start + 2, isInternational: false };
  return parsePath(text, start, '5.1.7');
}

/**
 * Reads the path of RCPT at `start` of `text`: a mailbox in angle brackets, or `<postmaster>` in any case and without
 * a domain (RFC 5321 section 4.5.1). Refused: 501 5.1.3.
 */
export function parseForwardPath(text: string, start = 0): ParsedPath {
  const bare = /<(postmaster)>/iy;
  bare.lastIndex = start;
  const match = bare.exec(text);
  if (match?.[1]) return { kind: 'path', path: match[1], end: bare.lastIndex, isInternational: false };
  return parsePath(text, start, '5.1.3');
}

/**
 * The domain of a path in lower case, U-labels as A-labels (RFC 6531 section 3.2), an address literal with its brackets;
 * '' where it has none.
 */
export function domainOf(path: string): string {
  const at = path.lastIndexOf('@');
  if (at < 0) return '';
  const domain = path.slice(at + 1);
  return international.test(domain) ? domain.split('.').map(aLabel).join('.') : domain.toLowerCase();
}

/** A domain name as RFC 5321 section 4.1.2 and RFC 5890 write it: letter-digit-hyphen labels, `xn--` only where it decodes. */
export function isDomain(text: string): boolean {
  if (text.length > domainLimit) return false;
  return text.split('.').every(isLabel);
}

function isLabel(text: string): boolean {
  if (text.length > labelLimit || !label.test(text)) return false;
  return !/^xn--/i.test(text) || isALabel(text.toLowerCase());
}

/** An A-label decodes to something that is not ASCII and encodes to itself again (RFC 5890 section 2.3.2.1). */
function isALabel(text: string): boolean {
  const decoded = domainToUnicode(text);
  return unprintable.test(decoded) && domainToASCII(decoded) === text;
}

/** A domain of which labels may be U-labels (RFC 5890 section 2.3.2.1): in normal form, and what their A-label decodes to. */
function isMailDomain(text: string): boolean {
  if (!international.test(text)) return isDomain(text);
  const labels = text.split('.');
  if (!labels.every(part => !international.test(part) || isULabel(part))) return false;
  return isDomain(labels.map(aLabel).join('.'));
}

function isULabel(text: string): boolean {
  return domainToUnicode(aLabel(text)) === text.toLowerCase().normalize('NFC');
}

/** What is no U-label is left, in lower case, and is then no label of any domain. */
function aLabel(text: string): string {
  return (international.test(text) && domainToASCII(text)) || text.toLowerCase();
}

function isAddressLiteral(text: string): boolean {
  if (/^ipv6:/i.test(text)) return isIPv6(text.slice(5)) && !text.includes('%');
  return isIPv4(text);
}

function parsePath(text: string, start: number, status: '5.1.3' | '5.1.7'): ParsedPath {
  const bad = (why: string): ParsedPath => ({ kind: 'bad', reply: reply(501, status, why) });
  if (text[start] !== '<') return bad('Write the address in angle brackets.');
  const mailbox = skipSourceRoute(text, start + 1);
  if (mailbox === null) return bad('The source route is not valid; leave it out.');
  const localEnd = match(dotString, text, mailbox) ?? match(quotedString, text, mailbox);
  const domainEnd =
    localEnd !== null && text[localEnd] === '@'
      ? (match(addressLiteral, text, localEnd + 1) ?? match(domainCharacters, text, localEnd + 1))
      : null;
  if (localEnd === null || domainEnd === null || text[domainEnd] !== '>') {
    return bad('The address is not valid; write <local-part@domain>.');
  }
  const path = text.slice(mailbox, domainEnd);
  const domain = text.slice(localEnd + 1, domainEnd);
  const isInternational = international.test(path);
  const octets = (part: string): number => (isInternational ? Buffer.byteLength(part) : part.length);
  if (octets(text.slice(mailbox, localEnd)) > localPartLimit)
    return bad('The local part is longer than 64 characters.');
  if (octets(path) + 2 > pathLimit) return bad('The address is longer than 256 characters.');
  if (isInternational && misleading.test(path)) return bad('The address has characters that are not shown.');
  const valid = domain.startsWith('[') ? isAddressLiteral(domain.slice(1, -1)) : isMailDomain(domain);
  if (!valid) return bad('The domain of the address is not valid.');
  return { kind: 'path', path, end: domainEnd + 1, isInternational };
}

/** The place after `@one.example,@two.example:`, `start` where there is no source route, null where it is not valid. */
function skipSourceRoute(text: string, start: number): number | null {
  let at = start;
  while (text[at] === '@') {
    const end = match(domainCharacters, text, at + 1);
    if (end === null || !isMailDomain(text.slice(at + 1, end))) return null;
    if (text[end] === ':') return end + 1;
    if (text[end] !== ',') return null;
    at = end + 1;
    if (text[at] !== '@') return null;
  }
  return at;
}

/** The place after a match that begins exactly at `start`, or null. */
function match(pattern: RegExp, text: string, start: number): number | null {
  pattern.lastIndex = start;
  return pattern.test(text) ? pattern.lastIndex : null;
}
