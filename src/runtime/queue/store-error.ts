import type { StoreError } from '../ports.ts';

/** Result codes of SQLite (sqlite.org/rescode.html), the primary ones in the low byte. */
const sqliteBusy = 5;
const sqliteIoError = 10;
const sqliteCorrupt = 11;
const sqliteFull = 13;
const sqliteNotADatabase = 26;

/**
 * What a failure of a disk or a database means for the queue; `file` is named in the message.
 * Never throws: what is not known is `failed` with its own words.
 */
export function storeErrorOf(error: unknown, file: string): StoreError {
  const { message, code, sqliteCode } = facts(error);
  if (sqliteCode === sqliteFull || code === 'ENOSPC' || code === 'EDQUOT') {
    return { kind: 'full', message: `There is no room left for ${file}: free some space on its disk.` };
  }
  if (sqliteCode === sqliteCorrupt || sqliteCode === sqliteNotADatabase) return damaged(file, message);
  if (sqliteCode === sqliteBusy) {
    return {
      kind: 'failed',
      message: `Another Postern is using ${file}: stop that one, or give this one a state_dir of its own.`,
    };
  }
  if (code === 'EROFS') {
    return {
      kind: 'failed',
      message: `${file} is on a disk that is mounted read-only: see in the kernel's log why, and mount it for writing.`,
    };
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return {
      kind: 'failed',
      message: `${file} cannot be written (${code}): give the user that runs Postern the right to write there.`,
    };
  }
  const advice = sqliteCode === sqliteIoError || code === 'EIO' ? diskAdvice : '';
  return { kind: 'failed', message: `${file} cannot be used (${message})${advice}.` };
}

const diskAdvice = ': see whether its disk is sound, and mounted for writing';

/** The disk could not read, write or sync; whatever is asked of it next will most likely fail too. */
export function isIoError(error: unknown): boolean {
  return facts(error).sqliteCode === sqliteIoError;
}

/** A file of the queue is not what we wrote; says the way out. */
export function damaged(file: string, detail: string): StoreError {
  return {
    kind: 'damaged',
    message:
      `${file} is damaged (${detail}): stop Postern and move that file, with any "-wal" file beside it, to another ` +
      'folder. Started again, Postern begins with an empty one; "sqlite3 FILE .recover" shows what the old one still holds.',
  };
}

/** The body of one message is not what we wrote; the rest of the queue is. */
export function bodyDamaged(file: string, detail: string): StoreError {
  return {
    kind: 'damaged',
    message: `${file} is damaged (${detail}), and the message whose body it was cannot be sent: take it out with "postern queue remove ID".`,
  };
}

export function full(file: string, freeBytes: number): StoreError {
  return {
    kind: 'full',
    message: `The disk of ${file} has only ${freeBytes} bytes free, which are kept for the mail already taken: free some space.`,
  };
}

function facts(error: unknown): { message: string; code: string; sqliteCode: number } {
  if (!(error instanceof Error)) return { message: String(error), code: '', sqliteCode: 0 };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const extended = 'errcode' in error && typeof error.errcode === 'number' ? error.errcode : 0;
  return { message: error.message, code, sqliteCode: extended & 0xff };
}
