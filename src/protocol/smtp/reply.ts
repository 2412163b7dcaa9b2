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
