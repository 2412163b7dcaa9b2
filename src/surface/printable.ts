/**
 * Text from outside for one line of a terminal or a log: control and format characters (line breaks, escapes,
 * direction marks) are shown as escapes and do nothing.
 */
export function printable(text: string): string {
  return text.replace(unprintable, character => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}

const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
