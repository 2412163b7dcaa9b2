import { renameSync } from 'node:fs';
import { rfc3339 } from '../../protocol/message/rfc3339.ts';
import type { TraceEvent } from '../events.ts';
import type { Result, StoreError } from '../ports.ts';
import { TraceDatabase } from './trace-database.ts';
import type { TraceEntry } from './trace-entry.ts';

export type TraceKeeperParts = {
  readonly file: string;
  /** Wall ms. */
  readonly now: number;
  /** A damaged trace was put aside; a whole sentence. */
  readonly putAside: (sentence: string) => void;
};

/**
 * The trace in its file, for the one thread that owns it. A damaged one is put aside under another name, and an empty one
 * begun: no gateway stands still for its history. In use that is done once; what damages it again is the disk.
 */
export class TraceKeeper {
  readonly #parts: TraceKeeperParts;
  #database: TraceDatabase;
  #mayPutAside = true;

  /** Refused is what cannot be used for another reason, or cannot be put aside. */
  static open(parts: TraceKeeperParts): Result<TraceKeeper, StoreError> {
    const opened = TraceDatabase.open(parts.file);
    const begun = isDamaged(opened) && putAside(parts, parts.now) ? TraceDatabase.open(parts.file) : opened;
    return begun.ok ? { ok: true, value: new TraceKeeper(parts, begun.value) } : begun;
  }

  private constructor(parts: TraceKeeperParts, database: TraceDatabase) {
    this.#parts = parts;
    this.#database = database;
  }

  write(entries: readonly TraceEntry[], now: number): Result<null, StoreError> {
    const written = this.#database.write(entries, now);
    return isDamaged(written) && this.#beginAnew(now) ? this.#database.write(entries, now) : written;
  }

  /** Nothing of what cannot be read. */
  find(idOrAddress: string, limit: number, now: number): readonly TraceEvent[] {
    const found = this.#database.find(idOrAddress, limit);
    if (isDamaged(found)) this.#beginAnew(now);
    return found.ok ? found.value : [];
  }

  close(): void {
    this.#database.close();
  }

  #beginAnew(now: number): boolean {
    if (!this.#mayPutAside) return false;
    this.#mayPutAside = false;
    this.#database.close();
    putAside(this.#parts, now);
    const begun = TraceDatabase.open(this.#parts.file);
    if (begun.ok) this.#database = begun.value;
    return begun.ok;
  }
}

function isDamaged(result: Result<unknown, StoreError>): boolean {
  return !result.ok && result.error.kind === 'damaged';
}

/** False: the disk does not let us. Its write-ahead log is none of it: SQLite folds that in at the close, or throws it away. */
function putAside({ file, putAside: tell }: TraceKeeperParts, now: number): boolean {
  const aside = `${file}.damaged-${rfc3339(now)}`;
  try {
    renameSync(file, aside);
  } catch {
    return false;
  }
  tell(
    `The trace ${file} was damaged, so that what happened before is in ${aside} alone: "sqlite3 FILE .recover" shows what that still holds. Delete it when it is of no more use.`,
  );
  return true;
}
