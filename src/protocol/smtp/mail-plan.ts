import { domainOf } from './address.ts';
import type { BodyContent, ClientTransaction, RecipientReply } from './client-session-types.ts';
import type { RecipientDsn } from './envelope.ts';
import type { Extensions } from './extensions.ts';
import { reply } from './reply.ts';
import { encodeXtext } from './xtext.ts';

/** How a message is put to one host. */
export type MailPlan =
  /** It depends on what the body is. */
  | { readonly kind: 'inspect' }
  /** This host cannot take it, for any recipient. */
  | { readonly kind: 'unfit'; readonly verdict: RecipientReply }
  /** The MAIL command, and for each forward-path its RCPT command, or why this host cannot take it for that one. */
  | {
      readonly kind: 'commands';
      readonly mail: string;
      readonly recipients: readonly (string | RecipientReply)[];
    };

const notAscii = /[^\0-\x7f]/;

/**
 * Decides whether and how a host with these extensions is asked to take a message: SIZE (RFC 1870), 8BITMIME
 * (RFC 6152), SMTPUTF8 (RFC 6531) and DSN (RFC 3461). Where the host lacks one that the message only declared and does
 * not need, it goes without; U-labels of an otherwise plain address go as A-labels. `content` null: not known yet.
 */
export function planMail(
  transaction: ClientTransaction,
  extensions: Extensions,
  content: BodyContent | null,
): MailPlan {
  const { sizeLimitBytes } = extensions;
  const { sizeBytes, reversePath, forwardPaths } = transaction;
  if (sizeLimitBytes && sizeBytes > sizeLimitBytes) {
    const words = `The message has ${sizeBytes} bytes, and the receiving host takes ${sizeLimitBytes}.`;
    return unfit({ stage: 'mail', reply: reply(552, '5.3.4', words), local: 'too-large' });
  }
  const lacksEightBit = transaction.bodyType === '8bitmime' && !extensions.eightBitMime;
  const lacksUtf8 = transaction.smtpUtf8 === true && !extensions.smtpUtf8;
  if ((lacksEightBit || lacksUtf8) && content === null) return { kind: 'inspect' };
  if (lacksUtf8 && content?.headerIsAscii === false) return unfit(internationalHeader);
  if (lacksEightBit && content?.isAscii === false) return unfit(eightBitContent);
  const wire = extensions.smtpUtf8 ? (path: string) => path : downgraded;
  const from = wire(reversePath);
  if (from === null) return unfit(internationalSender);
  const recipients = forwardPaths.map((path, place) => {
    const to = wire(path);
    if (to === null) return internationalRecipient;
    const dsn = extensions.dsn ? transaction.recipientDsn?.[place] : undefined;
    return dsn === undefined ? `RCPT TO:<${to}>\r\n` : `RCPT TO:<${to}>${dsnParameters(dsn)}\r\n`;
  });
  return { kind: 'commands', mail: mailCommand(from, transaction, extensions), recipients };
}

function mailCommand(from: string, transaction: ClientTransaction, extensions: Extensions): string {
  const { sizeBytes, bodyType, dsn } = transaction;
  let line = `MAIL FROM:<${from}>`;
  if (extensions.sizeLimitBytes !== null) line += ` SIZE=${sizeBytes}`;
  if (bodyType === '8bitmime' && extensions.eightBitMime) line += ' BODY=8BITMIME';
  if (extensions.smtpUtf8 && isInternational(transaction)) line += ' SMTPUTF8';
  if (dsn && extensions.dsn) {
    if (dsn.ret !== null) line += ` RET=${dsn.ret.toUpperCase()}`;
    if (dsn.envid !== null) line += ` ENVID=${encodeXtext(dsn.envid)}`;
  }
  return `${line}\r\n`;
}

const isInternational = ({ smtpUtf8, reversePath, forwardPaths }: ClientTransaction): boolean =>
  smtpUtf8 === true || notAscii.test(reversePath) || forwardPaths.some(path => notAscii.test(path));

/** The path with its domain in A-labels; null where its local part is not ASCII either. */
function downgraded(path: string): string | null {
  if (!notAscii.test(path)) return path;
  const local = path.slice(0, path.lastIndexOf('@'));
  const ascii = `${local}@${domainOf(path)}`;
  return notAscii.test(ascii) ? null : ascii;
}

function dsnParameters({ notify, orcpt }: RecipientDsn): string {
  const asked = notify === null ? '' : ` NOTIFY=${notify.join(',').toUpperCase() || 'NEVER'}`;
  return orcpt === null ? asked : `${asked} ORCPT=${originalRecipient(orcpt)}`;
}

/** `rfc822;` and xtext; what is not ASCII as RFC 6533 section 3 writes it, which every host can take. */
function originalRecipient(orcpt: string): string {
  const start = orcpt.indexOf(';') + 1;
  const address = orcpt.slice(start);
  if (!notAscii.test(address)) return orcpt.slice(0, start) + encodeXtext(address);
  const escaped = address.replace(
    /[^!-~]|[\\+=]/gu,
    character => `\\x{${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(2, '0')}}`,
  );
  return orcpt.slice(0, start) + escaped;
}

const unfit = (verdict: RecipientReply): MailPlan => ({ kind: 'unfit', verdict });

const eightBitContent: RecipientReply = {
  stage: 'mail',
  reply: reply(
    554,
    '5.6.3',
    'The message has 8-bit content, and the receiving host takes only 7-bit content.',
  ),
  local: 'no-8bitmime',
};

const withoutUtf8 = (status: string, code: number, what: string): RecipientReply => ({
  stage: 'mail',
  reply: reply(code, status, `${what}, and the receiving host takes only ASCII there (no SMTPUTF8).`),
  local: 'no-smtputf8',
});

const internationalSender = withoutUtf8('5.6.7', 553, "The sender's address is not ASCII");
const internationalRecipient = withoutUtf8('5.6.7', 553, 'The address is not ASCII');
const internationalHeader = withoutUtf8('5.6.9', 554, 'The header of the message is not ASCII');
