import { isIPv6 } from 'node:net';
import type { TlsFacts } from '../tls/tls-facts.ts';
import { messageDate } from './date.ts';
import { headerPath, headerWord, unicodeHeaderPath } from './header.ts';

/** What the Received field tells of a message's way in. */
export type ReceivedFacts = {
  /** As the client named itself; it may be anything. */
  readonly helo: string;
  readonly clientAddress: string;
  /** Our name at the listener. */
  readonly by: string;
  readonly protocol: 'SMTP' | 'ESMTP';
  /** MAIL had the parameter SMTPUTF8: the paths may be more than ASCII. */
  readonly smtpUtf8: boolean;
  /** Null: in clear text. */
  readonly tls: Pick<TlsFacts, 'protocol' | 'cipher'> | null;
  readonly id: string;
  /** Only where there is a single recipient: else the field would tell one of the others. */
  readonly forwardPath: string | null;
  /** Wall ms. */
  readonly at: number;
};

/** The trace field that stands before a message we take (RFC 5321 section 4.4), folded, with its final CRLF. */
export function receivedField(facts: ReceivedFacts): Buffer {
  const { forwardPath, smtpUtf8 } = facts;
  const written = smtpUtf8 ? unicodeHeaderPath : headerPath;
  const recipient = forwardPath === null ? '' : `\r\n\tfor <${written(forwardPath)}>`;
  return Buffer.from(
    `Received: from ${headerWord(facts.helo)} (${addressLiteral(facts.clientAddress)})\r\n` +
      `\tby ${headerWord(facts.by)} with ${withProtocol(facts)} id ${headerWord(facts.id)}${recipient};\r\n` +
      `\t${messageDate(facts.at)}\r\n`,
    smtpUtf8 ? 'utf8' : 'latin1',
  );
}

/** The keyword of RFC 3848 and RFC 6531 section 4.3, and in a comment what kind of TLS it was. */
function withProtocol({ protocol, smtpUtf8, tls }: ReceivedFacts): string {
  if (tls === null) return smtpUtf8 ? 'UTF8SMTP' : protocol;
  const keyword = smtpUtf8 ? 'UTF8SMTPS' : protocol === 'ESMTP' ? 'ESMTPS' : protocol;
  return `${keyword} (${headerWord(tls.protocol)} ${headerWord(tls.cipher)})`;
}

const fieldName = Buffer.from('Received:');
const lineEnd = Buffer.from('\r\n');

/**
 * How often a message that begins with `start` was taken by a server that writes the field's name as we do: in a loop
 * by way of us at least once a round (RFC 5321 section 6.3). Only the header section counts.
 */
export function receivedCount(start: Buffer): number {
  let count = 0;
  for (const _ of receivedFields(start)) count += 1;
  return count;
}

/** What a Received field says of the server that wrote it. */
export type ReceivedStamp = { readonly by: string; readonly id: string };

/** The stamps of those Received fields of the header section that have a `by` and after it an `id`, whoever wrote them. */
export function receivedStamps(start: Buffer): readonly ReceivedStamp[] {
  const stamps: ReceivedStamp[] = [];
  for (const at of receivedFields(start)) {
    const field = start.toString('latin1', at, at + stampWithin).split(/\r\n(?![ \t])/, 1)[0] ?? '';
    const [clauses = ''] = field.split(';', 1);
    const words = clauses.split(/\s+/);
    const lower = words.map(word => word.toLowerCase());
    const byAt = lower.indexOf('by');
    const idAt = byAt < 0 ? -1 : lower.indexOf('id', byAt + 2);
    const [by, id] = idAt < 0 ? [] : [words[byAt + 1], words[idAt + 1]];
    if (by !== undefined && id !== undefined) stamps.push({ by, id });
  }
  return stamps;
}

/** Of a field no more is read. */
const stampWithin = 1_000;

/** The place of each Received field of the header section. */
function* receivedFields(start: Buffer): Generator<number> {
  if (start.subarray(0, lineEnd.length).equals(lineEnd)) return;
  const blank = start.indexOf('\r\n\r\n');
  const end = blank < 0 ? start.length : blank;
  for (let at = start.indexOf(fieldName); at >= 0 && at < end; at = start.indexOf(fieldName, at + 1)) {
    const beginsLine = at === 0 || start.subarray(at - lineEnd.length, at).equals(lineEnd);
    if (beginsLine) yield at;
  }
}

/** RFC 5321 section 4.1.3; an IPv4 client at an IPv6 socket is written as IPv4. */
function addressLiteral(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return `[${mapped}]`;
  const zoneless = address.split('%')[0] ?? '';
  return isIPv6(zoneless) ? `[IPv6:${zoneless}]` : `[${headerWord(address)}]`;
}
