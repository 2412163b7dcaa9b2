import type { MessageId } from './queued.ts';

/** 2025-01-01T00:00:00Z: where the time in an ID begins. */
const epochMs = 1_735_689_600_000;
/** IDs that one millisecond holds before the next one's are used. */
const perMs = 4096;
const shape = /^[0-9a-z]{11}$/i;
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const half = 2 ** 30;

/**
 * Gives message IDs that rise without exception, also over restarts (start from the store's last one) and
 * when the clock goes back. While the clock is sound, an ID tells when it was given.
 */
export class MessageIds {
  #last: number;

  /** `last`: the largest ID ever given; null where there is none. */
  constructor(last: MessageId | null) {
    this.#last = (last === null ? null : parseMessageId(last)) ?? -1;
  }

  /** `nowMs`: wall time. */
  next(nowMs: number): MessageId {
    const byClock = (Math.floor(nowMs) - epochMs) * perMs;
    this.#last = Number.isSafeInteger(byClock) ? Math.max(this.#last + 1, byClock) : this.#last + 1;
    return formatMessageId(this.#last);
  }
}

/** The 11 characters of Crockford base 32 for a whole number from 0 to 2⁵³ - 1; they sort as the numbers do. */
export function formatMessageId(value: number): MessageId {
  return digits(Math.floor(value / half), 5) + digits(value % half, 6);
}

/**
 * The number that an ID encodes; null where the text is no ID. Lower case is read too, and what people mistake:
 * O is 0, I and L are 1.
 */
export function parseMessageId(text: string): number | null {
  if (!shape.test(text)) return null;
  let value = 0;
  for (const letter of text.toUpperCase()) {
    const digit = alphabet.indexOf(unmistaken(letter));
    if (digit < 0) return null;
    value = value * 32 + digit;
  }
  return Number.isSafeInteger(value) ? value : null;
}

function digits(value: number, count: number): string {
  let text = '';
  for (let rest = value, place = 0; place < count; place++, rest >>>= 5)
    text = alphabet.charAt(rest & 31) + text;
  return text;
}

function unmistaken(letter: string): string {
  if (letter === 'O') return '0';
  return letter === 'I' || letter === 'L' ? '1' : letter;
}
