/** Lines of a header stay under RFC 5322 section 2.1.1's 998 characters whatever a client said of itself. */
const valueLimit = 256;

/**
 * A word from outside made fit for a header: printable ASCII without spaces, brackets of comments or angle brackets,
 * so that it can neither end a line nor open a comment; `?` stands for the rest, and a long word is cut.
 */
export function headerWord(text: string): string {
  return text.slice(0, valueLimit).replace(/[^!-~]|[()<>\\;,"]/g, '?') || '?';
}

/** A path from outside made fit for a header: a quoted local part stays as it is. */
export function headerPath(path: string): string {
  return path.slice(0, valueLimit).replace(/[^ -~]|[<>]/g, '?');
}

/** The same where the header may be UTF-8 (RFC 6532). */
export function unicodeHeaderPath(path: string): string {
  return path.slice(0, valueLimit).replace(/[\p{Cc}\p{Cs}<>]/gu, '?');
}

/** The header section of a message without the empty line that ends it, whole fields only, at most `limitBytes`. */
export function headerSection(start: Buffer, limitBytes: number): Buffer {
  const blank = start.indexOf('\r\n\r\n');
  const end = blank < 0 ? start.length : blank + 2;
  if (end <= limitBytes && blank >= 0) return start.subarray(0, end);
  return start.subarray(0, lastFieldEnd(start, Math.min(end, limitBytes)));
}

/** The end of the last field that is whole within `limit`: a line end that no folded line follows. */
function lastFieldEnd(bytes: Buffer, limit: number): number {
  for (let end = limit; end >= 2; ) {
    const lineEnd = bytes.lastIndexOf('\r\n', end - 2);
    if (lineEnd < 0) return 0;
    const next = bytes[lineEnd + 2];
    if (next !== undefined && next !== 32 && next !== 9) return lineEnd + 2;
    end = lineEnd + 1;
  }
  return 0;
}
