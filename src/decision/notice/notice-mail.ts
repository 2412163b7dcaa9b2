import { messageDate } from '../../protocol/message/date.ts';
import { headerPath, headerWord } from '../../protocol/message/header.ts';
import { type NoticeText, plainLine } from './notice-text.ts';

export type NoticeMailFacts = {
  /** Our name, in From and Message-ID. */
  readonly hostname: string;
  readonly id: string;
  /** Wall ms. */
  readonly at: number;
  readonly forwardPath: string;
  readonly text: NoticeText;
};

const width = 72;

/**
 * A notice as a whole message of ASCII, lines in CRLF. It goes out with the null reverse-path, so that it can cause no
 * bounce, and says that nobody wrote it (RFC 3834).
 */
export function noticeMail({ hostname, id, at, forwardPath, text }: NoticeMailFacts): Buffer {
  const host = headerWord(hostname);
  const lines = [
    `Date: ${messageDate(at)}`,
    `From: Postern <MAILER-DAEMON@${host}>`,
    `To: <${headerPath(forwardPath)}>`,
    `Subject: ${plainLine(text.headline)}`,
    `Message-ID: <${headerWord(id)}@${host}>`,
    'Auto-Submitted: auto-generated',
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=us-ascii',
    'Content-Transfer-Encoding: 7bit',
    ...text.paragraphs.flatMap(paragraph => ['', ...wrapped(plainLine(paragraph))]),
    '',
  ];
  return Buffer.from(lines.join('\r\n'), 'latin1');
}

/** Breaks at spaces; a longer word is cut. */
function wrapped(text: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ').flatMap(long => long.match(/.{1,72}/g) ?? [])) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
