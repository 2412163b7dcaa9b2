/** What xtext must write as `+` and two digits (RFC 3461 section 4): all but `!` to `~`, and of those `+` and `=`. */
const notPlain = /[^!-~]|[+=]/g;
const xtext = /^(?:[!-*,-<>-~]|\+[0-9A-F]{2})*$/;

/** The text that xtext stands for, one character for each byte; null where it is no xtext. */
export function decodeXtext(text: string): string | null {
  if (!xtext.test(text)) return null;
  return text.replace(/\+(..)/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
}

/** Writes text as xtext; what is not ASCII in UTF-8. */
export function encodeXtext(text: string): string {
  return Buffer.from(text, 'utf8')
    .toString('latin1')
    .replace(notPlain, byte => `+${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);
}
