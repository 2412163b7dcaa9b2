import { readFile, rename, writeFile } from 'node:fs/promises';
import type { Result, StoreError } from '../ports.ts';

/** Small facts that outlive a restart, in one file; what cannot be written is lost at the next start, and no more. */
export class Notes {
  readonly #path: string;
  readonly #facts = new Map<string, string>();
  #writing: Promise<void> = Promise.resolve();

  private constructor(path: string) {
    this.#path = path;
  }

  static async open(path: string): Promise<Notes> {
    const notes = new Notes(path);
    try {
      const value: unknown = JSON.parse(await readFile(path, 'utf8'));
      if (typeof value === 'object' && value !== null)
        for (const [key, fact] of Object.entries(value))
          if (typeof fact === 'string') notes.#facts.set(key, fact);
    } catch {
      // A first start, or a file that was cut short: both begin with nothing.
    }
    return notes;
  }

  async recall(key: string): Promise<Result<string | null, StoreError>> {
    return { ok: true, value: this.#facts.get(key) ?? null };
  }

  async remember(key: string, value: string | null): Promise<Result<void, StoreError>> {
    if (value === null) this.#facts.delete(key);
    else this.#facts.set(key, value);
    const text = JSON.stringify(Object.fromEntries(this.#facts));
    const written = this.#writing.then(() => this.#write(text));
    this.#writing = written.then(() => undefined);
    const trouble = await written;
    return trouble === null
      ? { ok: true, value: undefined }
      : { ok: false, error: { kind: 'failed', message: trouble } };
  }

  async #write(text: string): Promise<string | null> {
    try {
      await writeFile(`${this.#path}.new`, text, { mode: 0o600 });
      await rename(`${this.#path}.new`, this.#path);
      return null;
    } catch (error) {
      return `${this.#path} cannot be written (${String(error)}).`;
    }
  }
}
