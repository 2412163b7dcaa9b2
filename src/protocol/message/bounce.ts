import { type Reply, replyText } from '../smtp/reply.ts';
import { messageDate } from './date.ts';
import { headerPath, headerSection, headerWord } from './header.ts';

/** One recipient that a message did not reach. */
export type BouncedRecipient = {
  readonly forwardPath: string;
  /** The last word of the far side; null where it never answered. */
  readonly reply: Reply | null;
  /** The host that said so; null where none was reached, or we decided ourselves. */
  readonly host: string | null;
  /** A whole sentence: why we gave up. */
  readonly reason: string;
};

export type BounceFacts = {
  /** Our name, in From and Message-ID. */
  readonly hostname: string;
  /** The ID of the bounce itself. */
  readonly id: string;
  /** Wall ms. */
  readonly at: number;
  /** To whom: the reverse-path of the message, never the null one. */
  readonly reversePath: string;
  readonly failed: readonly BouncedRecipient[];
  readonly original: {
    readonly id: string;
    /** Wall ms. */
    readonly receivedAt: number;
    /** The beginning of the message, with its header section if that is not over 16 KiB. */
    readonly start: Buffer;
  };
};

/** How much of the original's header goes back. */
const headerLimitBytes = 16 * 1024;

/**
 * The whole message that tells a sender which recipients were not reached: header and plain text, lines in CRLF
 * (RFC 5321 section 6.1; RFC 3834 for `Auto-Submitted`). It is sent with the null reverse-path.
 */
export function bounceMessage(facts: BounceFacts): Buffer {
  const { original, failed } = facts;
  const header = headerSection(original.start, headerLimitBytes);
  const eightBit = header.some(byte => byte >= 128);
  const host = headerWord(facts.hostname);
  const lines = [
    `Date: ${messageDate(facts.at)}`,
    `From: Mail Delivery System <MAILER-DAEMON@${host}>`,
    `To: <${headerPath(facts.reversePath)}>`,
    `Subject: Your message could not be delivered`,
    `Message-ID: <${headerWord(facts.id)}@${host}>`,
    'Auto-Submitted: auto-replied',
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    `Content-Transfer-Encoding: ${eightBit ? '8bit' : '7bit'}`,
    '',
    `This is the mail server ${host}.`,
    '',
    `Your message of ${messageDate(original.receivedAt)} did not reach ${failed.length === 1 ? 'this recipient' : 'these recipients'}:`,
    '',
    ...failed.flatMap(describe),
    'What you can do: look for a mistake in the address, read what the other side',
    'said, and send the message again when the cause is gone. If that does not help,',
    `ask postmaster@${host} and name the message ${headerWord(original.id)}.`,
    '',
    'The header of your message:',
    '',
    '',
  ];
  return Buffer.concat([Buffer.from(lines.join('\r\n'), 'latin1'), header]);
}

function describe(recipient: BouncedRecipient): string[] {
  const { forwardPath, reply, host, reason } = recipient;
  const said = reply === null ? [] : [`${host ?? 'The other side'} said:`, ...wrap(replyText(reply), '  ')];
  return [
    `<${headerPath(forwardPath)}>`,
    ...[...wrap(reason, ''), ...said].map(line => `    ${plain(line)}`),
    '',
  ];
}

/** Breaks text at spaces into lines of at most 72 characters; a longer word is cut. */
function wrap(text: string, indent: string): string[] {
  const width = 72 - indent.length;
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/).flatMap(long => long.match(new RegExp(`.{1,${width}}`, 'gs')) ?? [])) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(indent + line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, indent + line];
}

const plain = (line: string): string => line.replace(/[^ -~]/g, '?');
