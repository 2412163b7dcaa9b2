import { isIPv6 } from 'node:net';
import { messageDate } from './date.ts';
import { headerPath, headerWord } from './header.ts';

/** What the Received field tells of a message's way in. */
export type ReceivedFacts = {
  /** As the client named itself; it may be anything. */
  readonly helo: string;
  readonly clientAddress: string;
  /** Our name at the listener. */
  readonly by: string;
  readonly protocol: 'SMTP' | 'ESMTP';
  readonly id: string;
  /** Only where there is a single recipient: else the field would tell one of the others. */
  readonly forwardPath: string | null;
  /** Wall ms. */
  readonly at: number;
};

/** The trace field that stands before a message we take (RFC 5321 section 4.4), folded, with its final CRLF. */
export function receivedField(facts: ReceivedFacts): Buffer {
  const recipient = facts.forwardPath === null ? '' : `\r\n\tfor <${headerPath(facts.forwardPath)}>`;
  return Buffer.from(
    `Received: from ${headerWord(facts.helo)} (${addressLiteral(facts.clientAddress)})\r\n` +
      `\tby ${headerWord(facts.by)} with ${facts.protocol} id ${headerWord(facts.id)}${recipient};\r\n` +
      `\t${messageDate(facts.at)}\r\n`,
    'latin1',
  );
}

const fieldName = Buffer.from('Received:');
const lineEnd = Buffer.from('\r\n');

/**
 * How often a message that begins with `start` was taken by a server that writes the field's name as we do: in a loop
 * by way of us at least once a round (RFC 5321 section 6.3). Only the header section counts.
 */
export function receivedCount(start: Buffer): number {
  const blank = start.indexOf('\r\n\r\n');
  const end = blank < 0 ? start.length : blank;
  let count = 0;
  for (let at = start.indexOf(fieldName); at >= 0 && at < end; at = start.indexOf(fieldName, at + 1)) {
    const beginsLine = at === 0 || start.subarray(at - lineEnd.length, at).equals(lineEnd);
    if (beginsLine) count += 1;
  }
  return count;
}

/** RFC 5321 section 4.1.3; an IPv4 client at an IPv6 socket is written as IPv4. */
function addressLiteral(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return `[${mapped}]`;
  const zoneless = address.split('%')[0] ?? '';
  return isIPv6(zoneless) ? `[IPv6:${zoneless}]` : `[${headerWord(address)}]`;
}
