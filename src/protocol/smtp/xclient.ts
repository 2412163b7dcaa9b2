import { isDomain } from './address.ts';
import { encodeXtext } from './xtext.ts';

/** The client of a message, as the mail store behind us is told of it. */
export type XclientFacts = {
  /** IPv4 or IPv6. */
  readonly address: string;
  /** Null where it did not say who it is. */
  readonly helo: string | null;
};

/** The longest HELO name that is passed on: with all else, the command stays within 512 bytes. */
const heloLimit = 255;
const unavailable = '[UNAVAILABLE]';

/**
 * The XCLIENT command (Postfix, XCLIENT_README) with those of our attributes that are `offered`; null where ADDR is not
 * among them, for without it the rest would describe us. `client` null: the message is our own, and has none. NAME is
 * not known to us, and what stood there before would be our own name.
 */
export function xclientCommand(client: XclientFacts | null, offered: readonly string[]): string | null {
  if (!offered.includes('ADDR')) return null;
  const attributes = [
    ['NAME', unavailable],
    ['ADDR', client === null ? unavailable : addressText(client.address)],
    ['PROTO', 'ESMTP'],
    ['HELO', heloText(client?.helo ?? null)],
  ] as const;
  const told = attributes.filter(([name]) => offered.includes(name));
  return `XCLIENT ${told.map(([name, value]) => `${name}=${value}`).join(' ')}\r\n`;
}

/**
 * The name that we give after XCLIENT: the client's, which the far side is to judge. A client may have said anything; what
 * is no name is told as its address, for a command that is not understood would be a refusal of its mail.
 */
export function nameOfClient({ address, helo }: XclientFacts): string {
  if (helo !== null && helo.length <= heloLimit && isDomain(helo)) return helo;
  return address.includes(':') ? `[IPv6:${address}]` : `[${address}]`;
}

function heloText(helo: string | null): string {
  if (helo === null || helo === '') return unavailable;
  const text = encodeXtext(helo);
  return text.length <= heloLimit ? text : unavailable;
}

const addressText = (address: string): string => (address.includes(':') ? `IPV6:${address}` : address);
