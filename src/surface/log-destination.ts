import { closeSync, fstatSync, openSync } from 'node:fs';
import { destination as openDestination } from 'pino';
import type { Result } from '../runtime/ports.ts';

/** So much is gathered for one write; a write goes through a thread of its own and costs more than its lines. */
export const gatheredChars = 16_000;
/** What may wait for a reader that has stopped reading; beyond it lines are left out and counted. */
const backlogBytes = 8_000_000;

/** Where the log's lines go: written without waiting, whole lines at a time. */
export class LogDestination {
  readonly #stream: ReturnType<typeof openDestination>;

  /** `dropped` is told how many lines were left out, because nobody took them fast enough. */
  constructor(fd: number, dropped: (lines: number) => void) {
    this.#stream = openDestination({ fd, sync: false, minLength: gatheredChars, maxLength: backlogBytes });
    this.#stream.on('drop', (lines: string) => dropped(lines.split('\n').length - 1));
    // A reader that went away, or a full disk, must not take the gateway with it.
    this.#stream.on('error', () => undefined);
  }

  write(lines: string): void {
    this.#stream.write(lines);
  }

  flush(): void {
    this.#stream.flush();
  }

  /** Writes what is buffered before it returns. */
  flushSync(): void {
    try {
      this.#stream.flushSync();
    } catch {
      // Nobody reads any more.
    }
  }

  /** Writes what is buffered, and closes the file; standard output stays open. */
  end(): void {
    this.flushSync();
    this.#stream.end();
  }
}

/** Opens a file to append to, made where it is not there yet for its user and group alone. The error is a sentence. */
export function openLogFile(path: string): Result<number, string> {
  try {
    const fd = openSync(path, 'a', 0o640);
    if (fstatSync(fd).isFile()) return { ok: true, value: fd };
    closeSync(fd);
    return { ok: false, error: `The log file ${path} is no regular file; write another path in log.file.` };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return {
      ok: false,
      error: `The log file ${path} cannot be opened (${code}); its folder must be there, and this user must be able to write in it.`,
    };
  }
}

/** Does this file descriptor lead straight to systemd's journal? It says so in JOURNAL_STREAM (systemd.exec(5)). */
export function isJournal(fd: number, journalStream: string | undefined): boolean {
  if (journalStream === undefined) return false;
  try {
    const { dev, ino } = fstatSync(fd);
    return journalStream === `${dev}:${ino}`;
  } catch {
    return false;
  }
}
