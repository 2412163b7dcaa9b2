import { parseForwardPath, parseReversePath } from './address.ts';
import { type MailParameters, readMailParameters, readRecipientParameters } from './command-parameters.ts';
import type { RecipientDsn } from './envelope.ts';
import { type Reply, reply } from './reply.ts';

/** One command of a client, read and found valid (RFC 5321 section 4.1). `bad` holds the reply that refuses it. */
export type Command =
  | { readonly verb: 'EHLO' | 'HELO'; readonly name: string }
  | MailCommand
  | RecipientCommand
  | { readonly verb: 'STARTTLS' | 'DATA' | 'RSET' | 'NOOP' | 'QUIT' | 'VRFY' | 'EXPN' | 'HELP' }
  /** `refusal`: it asks for something odd, and its octets follow all the same. */
  | { readonly verb: 'BDAT'; readonly chunk: Chunk; readonly refusal: Reply | null }
  | { readonly verb: 'bad'; readonly named: string; readonly reply: Reply };

/** One BDAT command (RFC 3030 section 2): how many octets follow it, and whether they end the message. */
export type Chunk = { readonly octets: number; readonly last: boolean };

/** A path that is not ASCII is here only where the parameter SMTPUTF8 is. */
export type MailCommand = { readonly verb: 'MAIL'; readonly reversePath: string } & MailParameters;

export type RecipientCommand = {
  readonly verb: 'RCPT';
  readonly forwardPath: string;
  /** It is not ASCII: only a transaction with SMTPUTF8 may hold it. */
  readonly isInternational: boolean;
  readonly dsn: RecipientDsn | null;
};

type Read = (rest: string) => Command | Reply;

/** One row for each verb; an extension adds its own. `rest` is what follows the verb. */
const verbs: ReadonlyMap<string, Read> = new Map<string, Read>([
  ['EHLO', rest => greeting('EHLO', rest)],
  ['HELO', rest => greeting('HELO', rest)],
  ['MAIL', mail],
  ['RCPT', recipient],
  ['DATA', rest => alone('DATA', rest)],
  ['BDAT', chunk],
  ['STARTTLS', rest => alone('STARTTLS', rest)],
  ['RSET', rest => alone('RSET', rest)],
  ['QUIT', rest => alone('QUIT', rest)],
  ['NOOP', () => ({ verb: 'NOOP' })],
  ['HELP', () => ({ verb: 'HELP' })],
  ['VRFY', rest => withArgument('VRFY', rest)],
  ['EXPN', rest => withArgument('EXPN', rest)],
]);

/** Known from RFC 5321 and its extensions, and not offered: 502 where the unknown gets 500. */
const notOffered = new Set(['SEND', 'SOML', 'SAML', 'TURN', 'ETRN', 'AUTH', 'XCLIENT']);

/** Reads one command line without its CRLF, one character for each byte. A CR, LF or control character in it refuses it whole. */
export function parseCommand(line: string): Command {
  const space = line.indexOf(' ');
  const named = (space < 0 ? line : line.slice(0, space)).toUpperCase();
  const bad = (refusal: Reply): Command => ({ verb: 'bad', named, reply: refusal });
  if (/[\r\n]/.test(line))
    return bad(reply(500, '5.5.2', 'A line ends with CRLF; a CR or LF by itself is refused.'));
  if (/[^ -~\x80-\xff]/.test(line)) return bad(reply(500, '5.5.2', 'Control characters are refused.'));
  const read = verbs.get(named);
  if (!read) {
    if (notOffered.has(named)) return bad(reply(502, '5.5.1', 'This command is not offered here.'));
    return bad(reply(500, '5.5.2', 'This command is not known.'));
  }
  const command = read(space < 0 ? '' : line.slice(space + 1));
  return 'verb' in command ? command : bad(command);
}

/** Names that people give are odd in many ways; what is refused is only what could not be told again in a header. */
function greeting(verb: 'EHLO' | 'HELO', rest: string): Command | Reply {
  const name = rest.trim();
  if (/^[!-~]{1,255}$/.test(name)) return { verb, name };
  return reply(501, '5.5.4', `Write ${verb} and your host name.`);
}

function alone(verb: 'STARTTLS' | 'DATA' | 'RSET' | 'QUIT', rest: string): Command | Reply {
  return rest.trim() === '' ? { verb } : reply(501, '5.5.4', `${verb} takes no argument.`);
}

function withArgument(verb: 'VRFY' | 'EXPN', rest: string): Command | Reply {
  return rest.trim() === '' ? reply(501, '5.5.4', `${verb} needs an argument.`) : { verb };
}

/** RFC 3030 section 2. Without a number nobody can tell the octets from commands. */
function chunk(rest: string): Command | Reply {
  const match = /^ *(\d{1,15})(?: +(.*))?$/.exec(rest);
  if (!match) return reply(501, '5.5.4', 'Write BDAT, the number of octets, and LAST with the last of them.');
  const word = match[2]?.trim() ?? '';
  const isOdd = word !== '' && word.toUpperCase() !== 'LAST';
  return {
    verb: 'BDAT',
    chunk: { octets: Number(match[1]), last: word !== '' },
    refusal: isOdd ? reply(501, '5.5.4', 'After the number of octets only LAST is known here.') : null,
  };
}

/** After the colon spaces are passed over, against section 3.3, for many clients write one. */
function mail(line: string): Command | Reply {
  const rest = unicode(line);
  if (rest === null) return notUtf8;
  const start = /^FROM: */i.exec(rest)?.[0].length;
  if (start === undefined) return reply(501, '5.5.4', 'Write MAIL FROM:<address>.');
  const path = parseReversePath(rest, start);
  if (path.kind === 'bad') return path.reply;
  const parameters = readMailParameters(rest.slice(path.end));
  if ('code' in parameters) return parameters;
  if (path.isInternational && !parameters.smtpUtf8) return needsSmtpUtf8;
  return { verb: 'MAIL', reversePath: path.path, ...parameters };
}

function recipient(line: string): Command | Reply {
  const rest = unicode(line);
  if (rest === null) return notUtf8;
  const start = /^TO: */i.exec(rest)?.[0].length;
  if (start === undefined) return reply(501, '5.5.4', 'Write RCPT TO:<address>.');
  const path = parseForwardPath(rest, start);
  if (path.kind === 'bad') return path.reply;
  const parameters = readRecipientParameters(rest.slice(path.end));
  if ('code' in parameters) return parameters;
  const { isInternational } = path;
  return { verb: 'RCPT', forwardPath: path.path, isInternational, dsn: parameters.dsn };
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A line's text, where its bytes are UTF-8 (RFC 6531 section 3.3). Null: they are not. */
function unicode(line: string): string | null {
  if (!/[\x80-\xff]/.test(line)) return line;
  try {
    return utf8.decode(Buffer.from(line, 'latin1'));
  } catch {
    return null;
  }
}

const notUtf8 = reply(553, '5.6.7', 'The address is not valid UTF-8.');

/** RFC 6531 section 3.5. */
export const needsSmtpUtf8 = reply(
  553,
  '5.6.7',
  'An address that is not ASCII is taken only with the parameter SMTPUTF8 of MAIL.',
);
