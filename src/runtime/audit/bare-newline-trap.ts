import { saidText } from '../../decision/audit/conversation-evidence.ts';
import type { Said } from '../../decision/audit/facts.ts';
import type { Result } from '../ports.ts';
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
 * answers what follows as commands, before it takes leave. However slow it is, no silence is judged: the error is a
 * whole sentence that says why the server did not tell. One that hangs up tells only where it names the bare newlines.
 */
export async function endsAtBareNewline(
  dialogue: Dialogue,
  domain: string,
  pipelining: boolean,
): Promise<Result<boolean, string>> {
  const unready = await whyUnready(dialogue, domain, pipelining);
  if (unready !== null) return { ok: false, error: unready };
  const refused = await sayOne(dialogue, trap);
  if (!refused.ok) return refused;
  const farewell = await sayOne(dialogue, 'QUIT');
  if (farewell.ok && !goesAway.has(farewell.value.code))
    return { ok: true, value: farewell.value.code !== 221 };
  if (namesBareNewline(refused.value)) return { ok: true, value: false };
  return {
    ok: false,
    error: `The server hung up on the message of the test, which may be for its line ends or for anything else in it: "${saidText(refused.value)}".`,
  };
}

/** Replies that a server may give unasked, before it hangs up (RFC 5321 section 3.8, RFC 7504). */
const goesAway: ReadonlySet<number> = new Set([421, 521]);

/** `521 5.5.2 Error: bare <LF> received`. */
const namesBareNewline = ({ code, lines }: Said): boolean =>
  code >= 400 &&
  /\bbare\b.*\b(?:LF|CR|newlines?|line ?feeds?|(?:carriage )?returns?)\b/i.test(lines.join(' '));

/** Null: the envelope is taken, and the server waits for the message. */
async function whyUnready(dialogue: Dialogue, domain: string, pipelining: boolean): Promise<string | null> {
  const commands = ['MAIL FROM:<>', `RCPT TO:<postmaster@${domain}>`, 'DATA'];
  for (const group of pipelining ? [commands] : commands.map(command => [command])) {
    const replies = await dialogue.say(group, replyMs);
    for (const [place, reply] of replies.entries()) {
      if (!reply.ok) return reply.error;
      const command = group[place] ?? '';
      const { code } = reply.value;
      if (command === 'DATA' ? code !== 354 : code < 200 || code >= 300)
        return `The server takes no message of a test: ${command} is answered "${saidText(reply.value)}".`;
    }
  }
  return null;
}
