import type { Reply } from './reply.ts';

/** What an EHLO reply offered (RFC 5321 section 4.1.1.1), as far as we use it; all false after HELO. */
export type Extensions = {
  readonly pipelining: boolean;
  readonly eightBitMime: boolean;
  readonly enhancedStatusCodes: boolean;
  readonly startTls: boolean;
  readonly chunking: boolean;
  readonly dsn: boolean;
  readonly smtpUtf8: boolean;
  /** The attributes of XCLIENT; none where it is not offered. */
  readonly xclient: readonly string[];
  readonly auth: readonly string[];
  /** RFC 1870: null not offered, 0 offered without a limit, else bytes. */
  readonly sizeLimitBytes: number | null;
};

/** What holds after HELO, or where EHLO named nothing. */
export const noExtensions: Extensions = {
  pipelining: false,
  eightBitMime: false,
  enhancedStatusCodes: false,
  startTls: false,
  chunking: false,
  dsn: false,
  smtpUtf8: false,
  xclient: [],
  auth: [],
  sizeLimitBytes: null,
};

/** Reads what a positive EHLO reply offers; its first line is the host's name. Unknown keywords and odd lines are passed over. */
export function parseExtensions(ehloReply: Reply): Extensions {
  const offered = new Map<string, readonly string[]>();
  for (const line of ehloReply.lines.slice(1)) {
    // `AUTH=LOGIN` is an old way to write `AUTH LOGIN`.
    const [keyword = '', ...parameters] = line.trim().split(/[ =]+/);
    const key = keyword.toUpperCase();
    offered.set(key, [...(offered.get(key) ?? []), ...parameters]);
  }
  return {
    pipelining: offered.has('PIPELINING'),
    eightBitMime: offered.has('8BITMIME'),
    enhancedStatusCodes: offered.has('ENHANCEDSTATUSCODES'),
    startTls: offered.has('STARTTLS'),
    chunking: offered.has('CHUNKING'),
    dsn: offered.has('DSN'),
    smtpUtf8: offered.has('SMTPUTF8'),
    xclient: upperCase(offered.get('XCLIENT')),
    auth: upperCase(offered.get('AUTH')),
    sizeLimitBytes: sizeLimit(offered.get('SIZE')),
  };
}

const upperCase = (words: readonly string[] = []): string[] => [
  ...new Set(words.map(word => word.toUpperCase())),
];

/** RFC 1870 section 4: the parameter is optional, and 0 means no fixed limit. */
function sizeLimit(parameters: readonly string[] | undefined): number | null {
  if (parameters === undefined) return null;
  const [bytes = ''] = parameters;
  return /^\d{1,20}$/.test(bytes) ? Number(bytes) : 0;
}
