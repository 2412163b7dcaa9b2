import { parseForwardPath, parseReversePath } from './address.ts';
import type { BodyType } from './envelope.ts';
import { type Reply, reply } from './reply.ts';

/** One command of a client, read and found valid (RFC 5321 section 4.1). `bad` holds the reply that refuses it. */
export type Command =
  | { readonly verb: 'EHLO' | 'HELO'; readonly name: string }
  | ({ readonly verb: 'MAIL'; readonly reversePath: string } & MailParameters)
  | { readonly verb: 'RCPT'; readonly forwardPath: string }
  | { readonly verb: 'DATA' | 'RSET' | 'NOOP' | 'QUIT' | 'VRFY' | 'EXPN' | 'HELP' }
  | { readonly verb: 'bad'; readonly named: string; readonly reply: Reply };

/** What the parameters of MAIL say. */
export type MailParameters = { readonly bodyType: BodyType; readonly declaredSizeBytes: number | null };

type Read = (rest: string) => Command | Reply;

/** One row for each verb; an extension adds its own. `rest` is what follows the verb. */
const verbs: ReadonlyMap<string, Read> = new Map<string, Read>([
  ['EHLO', rest => greeting('EHLO', rest)],
  ['HELO', rest => greeting('HELO', rest)],
  ['MAIL', mail],
  ['RCPT', recipient],
  ['DATA', rest => alone('DATA', rest)],
  ['RSET', rest => alone('RSET', rest)],
  ['QUIT', rest => alone('QUIT', rest)],
  ['NOOP', () => ({ verb: 'NOOP' })],
  ['HELP', () => ({ verb: 'HELP' })],
  ['VRFY', rest => withArgument('VRFY', rest)],
  ['EXPN', rest => withArgument('EXPN', rest)],
]);

/** Known from RFC 5321 and its extensions, and not offered: 502 where the unknown gets 500. */
const notOffered = new Set(['SEND', 'SOML', 'SAML', 'TURN', 'ETRN', 'BDAT', 'STARTTLS', 'AUTH', 'XCLIENT']);

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

function alone(verb: 'DATA' | 'RSET' | 'QUIT', rest: string): Command | Reply {
  return rest.trim() === '' ? { verb } : reply(501, '5.5.4', `${verb} takes no argument.`);
}

function withArgument(verb: 'VRFY' | 'EXPN', rest: string): Command | Reply {
  return rest.trim() === '' ? reply(501, '5.5.4', `${verb} needs an argument.`) : { verb };
}

/** After the colon spaces are passed over, against section 3.3, for many clients write one. */
function mail(rest: string): Command | Reply {
  const start = /^FROM: */i.exec(rest)?.[0].length;
  if (start === undefined) return reply(501, '5.5.4', 'Write MAIL FROM:<address>.');
  const path = parseReversePath(rest, start);
  if (path.kind === 'bad') return path.reply;
  const parameters = splitParameters(rest.slice(path.end));
  if ('code' in parameters) return parameters;
  const read = readMailParameters(parameters);
  return 'code' in read ? read : { verb: 'MAIL', reversePath: path.path, ...read };
}

function recipient(rest: string): Command | Reply {
  const start = /^TO: */i.exec(rest)?.[0].length;
  if (start === undefined) return reply(501, '5.5.4', 'Write RCPT TO:<address>.');
  const path = parseForwardPath(rest, start);
  if (path.kind === 'bad') return path.reply;
  const parameters = splitParameters(rest.slice(path.end));
  if ('code' in parameters) return parameters;
  const [unknown] = parameters.keys();
  if (unknown !== undefined) return unknownParameter(unknown);
  return { verb: 'RCPT', forwardPath: path.path };
}

/** `esmtp-param`s (RFC 5321 section 4.1.2), keywords in upper case; each may be given once. */
function splitParameters(rest: string): ReadonlyMap<string, string | null> | Reply {
  const parameters = new Map<string, string | null>();
  if (rest !== '' && !rest.startsWith(' ')) return reply(501, '5.5.4', 'Write a space after the address.');
  for (const word of rest.split(' ')) {
    if (word === '') continue;
    const match = /^([A-Za-z0-9][A-Za-z0-9-]*)(?:=([!-<>-~]+))?$/.exec(word);
    const keyword = match?.[1]?.toUpperCase();
    if (!match || keyword === undefined) return reply(501, '5.5.4', 'A parameter is not valid.');
    if (parameters.has(keyword)) return reply(501, '5.5.4', `The parameter ${keyword} is given twice.`);
    parameters.set(keyword, match[2] ?? null);
  }
  return parameters;
}

/** RFC 1870 and RFC 6152; an extension adds its own case. */
function readMailParameters(parameters: ReadonlyMap<string, string | null>): MailParameters | Reply {
  let bodyType: BodyType = '7bit';
  let declaredSizeBytes: number | null = null;
  for (const [keyword, value] of parameters) {
    switch (keyword) {
      case 'SIZE':
        if (value === null || !/^\d{1,20}$/.test(value)) return reply(501, '5.5.4', 'Write SIZE=bytes.');
        declaredSizeBytes = Number(value);
        break;
      case 'BODY': {
        const body = value?.toLowerCase();
        if (body !== '7bit' && body !== '8bitmime')
          return reply(501, '5.5.4', 'Write BODY=7BIT or BODY=8BITMIME.');
        bodyType = body;
        break;
      }
      default:
        return unknownParameter(keyword);
    }
  }
  return { bodyType, declaredSizeBytes };
}

const unknownParameter = (keyword: string): Reply =>
  reply(555, '5.5.4', `The parameter ${keyword} is not known here.`);
