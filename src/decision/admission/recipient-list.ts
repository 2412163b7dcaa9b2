import { recipientKey } from './recipient-verdict.ts';

/** The most lines that a list may have; its bytes are bounded by whoever reads it. */
export const mostRecipients = 2_000_000;

const addressLimit = 320;

/**
 * The recipients of a list, one address or local part a line; what follows `#` at a line's start or after a space is a
 * comment. A local part alone stands for every domain that uses the list. Lines that are neither are counted, not
 * taken. Read in portions, so that a long list keeps nobody waiting.
 */
export class RecipientList {
  readonly #entries = new Set<string>();
  /** Lines that are no address, and the number of the first. */
  bad = 0;
  firstBad: number | null = null;
  #line = 0;

  get size(): number {
    return this.#entries.size;
  }

  /** Takes one line; false: the list is full. */
  add(line: string): boolean {
    this.#line += 1;
    const text = line.replace(/(^|\s)#[^]*$/, '').trim();
    if (text === '') return true;
    if (text.length > addressLimit || !isRecipient(text)) {
      this.bad += 1;
      this.firstBad ??= this.#line;
      return true;
    }
    if (this.#entries.size >= mostRecipients) return false;
    this.#entries.add(recipientKey(text));
    return true;
  }

  /**
   * Is this forward-path listed? As it stands, by its local part alone, and both without what follows a `+`
   * (sub-addressing: `user+tag` is `user`).
   */
  has(forwardPath: string): boolean {
    const key = recipientKey(forwardPath);
    const at = key.lastIndexOf('@');
    const local = at < 0 ? key : key.slice(0, at);
    if (this.#entries.has(key) || this.#entries.has(local)) return true;
    const plus = local.indexOf('+');
    if (plus <= 0) return false;
    const base = local.slice(0, plus);
    return this.#entries.has(base + key.slice(local.length)) || this.#entries.has(base);
  }

  /** How many of the other list's entries are not in this one. */
  lacks(other: RecipientList): number {
    let lost = 0;
    for (const entry of other.#entries) if (!this.#entries.has(entry)) lost += 1;
    return lost;
  }
}

function isRecipient(text: string): boolean {
  if (/[\p{C}\s<>,;]/u.test(text)) return false;
  const at = text.lastIndexOf('@');
  return at < 0 || (at > 0 && at < text.length - 1);
}
