import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, opendir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { BodyRef } from '../../decision/queue/queued.ts';
import type { BodyWriter, Result, StoreError } from '../ports.ts';
import { SharedSync } from './shared-sync.ts';
import { bodyDamaged, storeErrorOf } from './store-error.ts';

/** Files that stay open for reading, however many messages are being sent. */
const openFilesLimit = 64;

type OpenFile = { readonly handle: Promise<FileHandle>; readers: number; evicted: boolean };

export type OpenFileForWriting = (path: string, flags: number, mode: number) => Promise<FileHandle>;

/**
 * Bodies too large for a row: one file each in `state_dir/spool`. A file is whole and synced, its name too, before a row
 * names it; it is removed after the commit that removed the row. Nothing here blocks the event loop.
 */
export class Spool {
  readonly #directory: string;
  readonly #directoryHandle: FileHandle;
  readonly #names: SharedSync;
  readonly #starts: number;
  readonly #openForWriting: OpenFileForWriting;
  readonly #openFiles = new Map<string, OpenFile>();
  #made = 0;

  /** `starts` differs at each opening, so that no name is given twice. */
  static async open(
    directory: string,
    starts: number,
    openForWriting: OpenFileForWriting = open,
  ): Promise<Result<Spool, StoreError>> {
    try {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const handle = await open(directory, constants.O_RDONLY | constants.O_DIRECTORY);
      return { ok: true, value: new Spool(directory, handle, starts, openForWriting) };
    } catch (error) {
      return { ok: false, error: storeErrorOf(error, directory) };
    }
  }

  private constructor(
    directory: string,
    directoryHandle: FileHandle,
    starts: number,
    openForWriting: OpenFileForWriting,
  ) {
    this.#directory = directory;
    this.#directoryHandle = directoryHandle;
    this.#names = new SharedSync(() => directoryHandle.sync());
    this.#starts = starts;
    this.#openForWriting = openForWriting;
  }

  async create(): Promise<Result<BodyWriter, StoreError>> {
    this.#made += 1;
    const file = `${this.#starts}-${this.#made}`;
    const path = join(this.#directory, file);
    try {
      const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;
      const handle = await this.#openForWriting(path, flags, 0o600);
      return { ok: true, value: new SpoolWriter(file, path, handle, this.#names) };
    } catch (error) {
      return { ok: false, error: storeErrorOf(error, path) };
    }
  }

  /** `end` exclusive. A file that is gone or too short is `damaged`. */
  async read(file: string, start: number, end: number): Promise<Result<Buffer, StoreError>> {
    const path = join(this.#directory, file);
    const entry = this.#entry(file, path);
    entry.readers += 1;
    try {
      const handle = await entry.handle;
      const bytes = Buffer.allocUnsafe(Math.max(0, end - start));
      let filled = 0;
      while (filled < bytes.length) {
        const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, start + filled);
        if (bytesRead === 0) return { ok: false, error: bodyDamaged(path, 'it ends too early') };
        filled += bytesRead;
      }
      return { ok: true, value: bytes };
    } catch (error) {
      this.#evict(file, entry);
      const gone = error instanceof Error && 'code' in error && error.code === 'ENOENT';
      return { ok: false, error: gone ? bodyDamaged(path, 'it is gone') : storeErrorOf(error, path) };
    } finally {
      entry.readers -= 1;
      await this.#closeIfDone(entry);
    }
  }

  /** Removes files that no row names any more. One that stays is an orphan, removed at the next start. */
  async discard(files: readonly string[]): Promise<void> {
    for (const file of files) {
      const entry = this.#openFiles.get(file);
      if (entry !== undefined) {
        this.#evict(file, entry);
        await entry.handle.catch(() => undefined);
      }
      await unlink(join(this.#directory, file)).catch(() => undefined);
      if (entry !== undefined) await this.#closeIfDone(entry);
    }
  }

  /** Removes what is in the directory and belongs to no message: `orphans` tells which of some names do not. */
  async removeOrphans(orphans: (files: readonly string[]) => Promise<readonly string[]>): Promise<number> {
    let removed = 0;
    let names: string[] = [];
    const look = async (): Promise<void> => {
      const found = await orphans(names);
      await this.discard(found);
      removed += found.length;
      names = [];
    };
    for await (const entry of await opendir(this.#directory)) {
      if (entry.isFile()) names.push(entry.name);
      if (names.length >= 500) await look();
    }
    if (names.length > 0) await look();
    return removed;
  }

  async close(): Promise<void> {
    for (const [file, entry] of this.#openFiles) {
      this.#evict(file, entry);
      await this.#closeIfDone(entry);
    }
    await this.#directoryHandle.close();
  }

  #entry(file: string, path: string): OpenFile {
    const known = this.#openFiles.get(file);
    const entry = known ?? { handle: open(path, constants.O_RDONLY), readers: 0, evicted: false };
    this.#openFiles.delete(file);
    this.#openFiles.set(file, entry);
    if (this.#openFiles.size > openFilesLimit) {
      const [oldest] = this.#openFiles;
      if (oldest !== undefined) {
        this.#evict(...oldest);
        void this.#closeIfDone(oldest[1]);
      }
    }
    return entry;
  }

  #evict(file: string, entry: OpenFile): void {
    if (this.#openFiles.get(file) === entry) this.#openFiles.delete(file);
    entry.evicted = true;
  }

  async #closeIfDone(entry: OpenFile): Promise<void> {
    if (!entry.evicted || entry.readers > 0) return;
    await entry.handle.then(handle => handle.close()).catch(() => undefined);
  }
}

/** One body on its way to its file. After a failure only `abort` is left. */
class SpoolWriter implements BodyWriter {
  readonly #file: string;
  readonly #path: string;
  readonly #handle: FileHandle;
  /** Syncs the directory: the file's name in it. */
  readonly #names: SharedSync;
  #sizeBytes = 0;
  #open = true;

  constructor(file: string, path: string, handle: FileHandle, names: SharedSync) {
    this.#file = file;
    this.#path = path;
    this.#handle = handle;
    this.#names = names;
  }

  async write(chunks: readonly Buffer[]): Promise<Result<void, StoreError>> {
    try {
      let rest = chunks.filter(chunk => chunk.length > 0);
      while (rest.length > 0) {
        const { bytesWritten } = await this.#handle.writev(rest);
        this.#sizeBytes += bytesWritten;
        rest = without(rest, bytesWritten);
      }
      return { ok: true, value: undefined };
    } catch (error) {
      return { ok: false, error: storeErrorOf(error, this.#path) };
    }
  }

  async finish(): Promise<Result<BodyRef, StoreError>> {
    try {
      await Promise.all([this.#handle.datasync(), this.#names.ask()]);
      await this.#close();
      return { ok: true, value: { kind: 'spool', file: this.#file, sizeBytes: this.#sizeBytes } };
    } catch (error) {
      await this.abort();
      return { ok: false, error: storeErrorOf(error, this.#path) };
    }
  }

  async abort(): Promise<void> {
    await this.#close().catch(() => undefined);
    await unlink(this.#path).catch(() => undefined);
  }

  async #close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    await this.#handle.close();
  }
}

/** What is left of the chunks after their first `count` bytes. */
function without(chunks: readonly Buffer[], count: number): Buffer[] {
  let written = count;
  const rest: Buffer[] = [];
  for (const chunk of chunks) {
    if (written < chunk.length) rest.push(chunk.subarray(written));
    written = Math.max(0, written - chunk.length);
  }
  return rest;
}
