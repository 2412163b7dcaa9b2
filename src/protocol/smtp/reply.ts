import { splitEnhancedStatus } from './enhanced-status.ts';

/** An SMTP reply (RFC 5321 section 4.2): code, enhanced status code if one was given (RFC 3463), text lines without codes. */
export type Reply = {
  readonly code: number;
  /** `5.7.1`, or null. Its class agrees with the code, else it is treated as text. */
  readonly enhancedStatus: string | null;
  /** At least one line; control characters already replaced. */
  readonly lines: readonly string[];
};

/** Makes a reply of our own. */
export function reply(code: number, enhancedStatus: string | null, ...lines: [string, ...string[]]): Reply {
  return { code, enhancedStatus, lines };
}

/** The reply on one line, as logs, the trace and bounces show it. */
export function replyText(r: Reply): string {
  return [String(r.code), r.enhancedStatus, r.lines.join(' ')].filter(part => part).join(' ');
}

/** Our reply lines stay within RFC 5321 section 4.5.3.1.5: 512 bytes with code and CRLF. */
const ownTextLimit = 480;

/** The reply as it goes over the wire. What is not printable ASCII is replaced by `?`, and a long line is cut. */
export function replyWire(r: Reply): string {
  const status = r.enhancedStatus === null ? '' : `${r.enhancedStatus} `;
  const last = r.lines.length - 1;
  let wire = '';
  for (let i = 0; i <= last; i++) {
    const text = (r.lines[i] ?? '').slice(0, ownTextLimit).replace(/[^ -~]/g, '?');
    wire += `${r.code}${i === last ? ' ' : '-'}${status}${text}\r\n`;
  }
  return wire;
}

/** As `replyWire`, in bytes. */
export function formatReply(r: Reply): Buffer {
  return Buffer.from(replyWire(r), 'latin1');
}

/** Bytes of a reply line that we take, with its end; RFC 5321 section 4.5.3.1.5 says 512, and some servers say more. */
export const replyLineBytes = 2_000;

/** A reply as far as it has come. `bad` names what the far side did wrong. */
export type ReplyProgress =
  | { readonly kind: 'reply'; readonly reply: Reply }
  | { readonly kind: 'more' }
  | { readonly kind: 'bad'; readonly why: string };

const more: ReplyProgress = { kind: 'more' };
const replyLine = /^([2-5]\d\d)(?:([ -])(.*))?$/s;
const lineLimit = 100;
const byteLimit = 64 * 1024;

/**
 * Puts a reply together from its lines (RFC 5321 section 4.2.1). A line with the code alone is taken, for servers
 * leave the space out. `bad`: no reply code from 200 to 599, codes that differ, over 100 lines or 64 KiB.
 */
export class ReplyParser {
  #code = 0;
  #bytes = 0;
  #lines: string[] = [];

  /** `line` without its line end, one character for each byte. */
  push(line: string): ReplyProgress {
    const match = replyLine.exec(line);
    if (!match) return { kind: 'bad', why: `This is no SMTP reply: ${cleanText(line.slice(0, 100))}` };
    const code = Number(match[1]);
    if (this.#lines.length === 0) this.#code = code;
    if (code !== this.#code)
      return { kind: 'bad', why: `One reply has two codes, ${this.#code} and ${code}.` };
    this.#bytes += line.length;
    this.#lines.push(match[3] ?? '');
    if (this.#lines.length > lineLimit || this.#bytes > byteLimit)
      return { kind: 'bad', why: 'The reply does not end after 100 lines or 64 KiB.' };
    if (match[2] === '-') return more;
    const lines = this.#lines;
    this.#lines = [];
    this.#bytes = 0;
    return { kind: 'reply', reply: assemble(code, lines) };
  }
}

/** The enhanced status code is the first line's; it is taken off every line that repeats it (RFC 2034 section 4). */
function assemble(code: number, raw: readonly string[]): Reply {
  const lines = raw.map(cleanText);
  const status = splitEnhancedStatus(code, lines[0] ?? '')?.status ?? null;
  if (status === null) return { code, enhancedStatus: null, lines };
  return {
    code,
    enhancedStatus: status,
    lines: lines.map(line => {
      const split = splitEnhancedStatus(code, line);
      return split?.status === status ? split.text : line;
    }),
  };
}

/** Text of the far side made fit for logs and terminals: UTF-8 where it is, and `?` for what controls or hides. */
function cleanText(bytes: string): string {
  if (/^[ -~]*$/.test(bytes)) return bytes;
  return Buffer.from(bytes, 'latin1')
    .toString('utf8')
    .replace(/\t/g, ' ')
    .replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '?');
}
