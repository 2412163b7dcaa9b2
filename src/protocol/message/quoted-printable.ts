const lineLimit = 76;
const lineFeed = 10;
const carriageReturn = 13;

/**
 * Bytes as quoted-printable (RFC 2045 section 6.7): lines of at most 76 characters, ASCII alone. Line ends (CRLF) stay
 * line ends; a CR or LF that is none is encoded, as is white space before a line end.
 */
export function quotedPrintable(bytes: Buffer): string {
  const lines: string[] = [];
  let line = '';
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === carriageReturn && bytes[at + 1] === lineFeed) {
      lines.push(line);
      line = '';
      at += 1;
      continue;
    }
    const isLast =
      at + 1 === bytes.length || (bytes[at + 1] === carriageReturn && bytes[at + 2] === lineFeed);
    const letter = isPlain(byte, isLast)
      ? String.fromCharCode(byte)
      : `=${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    // One place is kept for the `=` of a soft line break.
    if (line.length + letter.length >= lineLimit) {
      lines.push(`${line}=`);
      line = '';
    }
    line += letter;
  }
  return [...lines, line].join('\r\n');
}

function isPlain(byte: number, isLast: boolean): boolean {
  if (byte === 32 || byte === 9) return !isLast;
  return byte > 32 && byte < 127 && byte !== 61;
}
