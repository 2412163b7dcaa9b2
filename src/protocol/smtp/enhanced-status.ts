/** An enhanced status code at the start of a reply line (RFC 2034 section 4), and the text after it. */
export type StatusAndText = { readonly status: string; readonly text: string };

const pattern = /^([245])\.(\d{1,3})\.(\d{1,3})(?: |$)/;

/** Reads the enhanced status code of one reply line; null where there is none or its class disagrees with `code` (RFC 3463). */
export function splitEnhancedStatus(code: number, line: string): StatusAndText | null {
  const match = pattern.exec(line);
  if (!match || Number(match[1]) !== Math.floor(code / 100)) return null;
  return { status: match[0].trimEnd(), text: line.slice(match[0].length) };
}
