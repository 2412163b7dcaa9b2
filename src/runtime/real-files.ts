import { type BigIntStats, constants, statSync } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import type { Files, Result } from './ports.ts';

/** Looking at a file's data costs nothing, sees a link that is turned elsewhere, and works on every file system. */
const lookEveryMs = 2_000;

/** The files of this machine. */
export function realFiles(): Files {
  return { read, watch };
}

/**
 * What counts is how the file was when this was called: a watcher that looked for the first time a moment later would
 * take a change in between for what always was.
 */
function watch(path: string, changed: () => void): { close(): void } {
  let last = fingerprintNow(path);
  let looking = false;
  const look = async (): Promise<void> => {
    if (looking) return;
    looking = true;
    const now = await stat(path, { bigint: true }).then(fingerprint, () => null);
    looking = false;
    if (closed || now === last) return;
    last = now;
    changed();
  };
  let closed = false;
  const timer = setInterval(() => void look(), lookEveryMs);
  timer.unref();
  return {
    close() {
      closed = true;
      clearInterval(timer);
    },
  };
}

/** Null: it cannot be reached. */
function fingerprintNow(path: string): string | null {
  try {
    return fingerprint(statSync(path, { bigint: true }));
  } catch {
    return null;
  }
}

function fingerprint(stats: BigIntStats): string {
  const { dev, ino, size, mtimeNs, ctimeNs } = stats;
  return [dev, ino, size, mtimeNs, ctimeNs].join(' ');
}

async function read(path: string, limitBytes: number): Promise<Result<Buffer, string>> {
  let file: FileHandle | null = null;
  try {
    // The open of a pipe that nobody writes would wait for ever, and hold one of the few threads.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    const stat = await file.stat();
    if (!stat.isFile()) return { ok: false, error: `${path} is no regular file.` };
    if (stat.size > limitBytes) return { ok: false, error: `${path} has more than ${limitBytes} bytes.` };
    const bytes = Buffer.alloc(limitBytes + 1 < stat.size + 4096 ? limitBytes + 1 : stat.size + 4096);
    let filled = 0;
    for (;;) {
      const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, filled);
      filled += bytesRead;
      if (bytesRead === 0 || filled === bytes.length) break;
    }
    if (filled === bytes.length) return { ok: false, error: `${path} is being written, or too long.` };
    return { ok: true, value: bytes.subarray(0, filled) };
  } catch (error) {
    return { ok: false, error: whyUnread(path, error) };
  } finally {
    await file?.close();
  }
}

function whyUnread(path: string, error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  if (code === 'ENOENT') return `There is no file ${path}.`;
  if (code === 'EACCES') return `This user may not read ${path}.`;
  return `${path} cannot be read (${code}).`;
}
