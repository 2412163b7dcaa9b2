/** What an EHLO reply offered (RFC 5321 section 4.1.1.1), as far as we use it; all false after HELO. */
export type Extensions = {
  readonly pipelining: boolean;
  readonly eightBitMime: boolean;
  readonly enhancedStatusCodes: boolean;
  readonly startTls: boolean;
  readonly chunking: boolean;
  readonly dsn: boolean;
  readonly smtpUtf8: boolean;
  readonly xclient: boolean;
  readonly auth: readonly string[];
  /** RFC 1870: null not offered, 0 offered without a limit, else bytes. */
  readonly sizeLimitBytes: number | null;
};
