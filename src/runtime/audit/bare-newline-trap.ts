import { sayOne } from './converse.ts';
import type { Dialogue } from './dialogue.ts';

const replyMs = 15_000;

/** More servers than a message may have passed anywhere: RFC 5321 section 6.3 asks for 100, and few allow so many. */
const servers = 128;

/** Longer than a line of a message may be (RFC 5321 section 4.5.3.1.6). */
const lineBytes = 1_100;

/** What some server has taken for the end of a message, between two lines of its body. */
const falseEnds = ['\n.\n', '\n.\r\n', '\r\n.\n', '\r.\r', '\r.\r\n', '\r\n.\r'];

/**
 * A message to be refused: it has passed too many servers, and for those who do not count them it has a To field that
 * cannot be read and a line that is too long. After that each line is a command, in case it is taken for one.
 */
const trap = [
  'Received: by audit.invalid; Thu, 1 Jan 1970 00:00:00 +0000\r\n'.repeat(servers),
  'To: <postmaster@\r\nSubject: A test of line ends, which every server should refuse\r\n\r\n',
  `${'-'.repeat(lineBytes)}\r\n`,
  ...falseEnds.map(end => `NOOP${end}`),
  'NOOP\r\n.',
].join('');

/**
 * Does a dot between bare newlines end a message? Only CRLF ends a line (RFC 5321 section 2.3.8), so a sound server
 * refuses the message once, at its true end, and then takes leave; one that ends it sooner refuses it there, and
 * answers what follows as commands, before it takes leave. However slow it is, no silence is judged.
 * Null: it did not come to a message, or the server went away before it was asked to.
 */
export async function endsAtBareNewline(
  dialogue: Dialogue,
  domain: string,
  pipelining: boolean,
): Promise<boolean | null> {
  if (!(await isReady(dialogue, domain, pipelining))) return null;
  const refused = await sayOne(dialogue, trap);
  const farewell = refused.ok ? await sayOne(dialogue, 'QUIT') : refused;
  if (!farewell.ok || goesAway.has(farewell.value.code)) return null;
  return farewell.value.code !== 221;
}

/** Replies that a server may give unasked, before it hangs up (RFC 5321 section 3.8, RFC 7504). */
const goesAway: ReadonlySet<number> = new Set([421, 521]);

/** The envelope is taken, and the server waits for the message. */
async function isReady(dialogue: Dialogue, domain: string, pipelining: boolean): Promise<boolean> {
  const commands = ['MAIL FROM:<>', `RCPT TO:<postmaster@${domain}>`, 'DATA'];
  const codes: number[] = [];
  for (const group of pipelining ? [commands] : commands.map(command => [command])) {
    for (const reply of await dialogue.say(group, replyMs)) codes.push(reply.ok ? reply.value.code : 0);
    if (codes.some(code => code < 200 || code >= 400)) return false;
  }
  return codes.at(-1) === 354;
}
