import { constants } from 'node:fs';
import {
  access,
  chmod,
  chown,
  copyFile,
  mkdir,
  open,
  readFile,
  rename,
  rm,
  stat,
  utimes,
} from 'node:fs/promises';
import { join } from 'node:path';
import type { WrittenSetting } from '../../decision/postfix/care-undo.ts';
import type { Result } from '../ports.ts';

export type ConfigTexts = { readonly 'main.cf': string; readonly 'master.cf': string };
export type ConfigFile = keyof ConfigTexts;
export const configFiles: readonly ConfigFile[] = ['main.cf', 'master.cf'];

/** What Postern has written into one Postfix. */
export type CareRecord = {
  readonly format: 1;
  /** `applying`: begun, and not known to have ended. */
  readonly state: 'applying' | 'applied';
  /** Others wrote between two times of ours, so the files of before are not all that is to be put back. */
  readonly mixed: boolean;
  readonly written: readonly WrittenSetting[];
};

type Copy = 'before' | 'after';

const cooledS = 3;

/**
 * The folder `postern` beside main.cf: the files as they were before Postern first wrote, as they were when it last had
 * written, and what it wrote. All of it is on the disk before a configuration file is touched, and so are the copies that
 * an undo moves into place: that needs no room on a full disk. Failures are sentences.
 */
export class CareFolder {
  readonly path: string;
  readonly #directory: string;

  constructor(configDirectory: string) {
    this.#directory = configDirectory;
    this.path = join(configDirectory, 'postern');
  }

  lockPath(name: 'edit' | 'watch'): string {
    return join(this.path, `${name}.lock`);
  }

  /** Makes the folder; the error says that we may not. */
  async open(): Promise<Result<void, string>> {
    try {
      await access(this.#directory, constants.W_OK);
      await mkdir(this.path, { recursive: true, mode: 0o700 });
      return { ok: true, value: undefined };
    } catch (error) {
      return failed(`${this.#directory} cannot be written (${codeOf(error)}); run this as root`);
    }
  }

  async texts(): Promise<Result<ConfigTexts, string>> {
    try {
      const [main, master] = await Promise.all(
        configFiles.map(file => readFile(join(this.#directory, file), 'utf8')),
      );
      return { ok: true, value: { 'main.cf': main ?? '', 'master.cf': master ?? '' } };
    } catch (error) {
      return failed(`The configuration in ${this.#directory} cannot be read (${codeOf(error)})`);
    }
  }

  /** Null: Postern has written nothing here. */
  async record(): Promise<Result<CareRecord | null, string>> {
    const file = join(this.path, 'record.json');
    try {
      const record = recordOf(JSON.parse(await readFile(file, 'utf8')));
      return record === null ? failed(`${file} cannot be understood`) : { ok: true, value: record };
    } catch (error) {
      return codeOf(error) === 'ENOENT' ? { ok: true, value: null } : failed(`${file} cannot be read`);
    }
  }

  async copies(copy: Copy): Promise<ConfigTexts | null> {
    const [main, master] = await Promise.all(
      configFiles.map(file => readFile(this.#copy(file, copy), 'utf8').catch(() => null)),
    );
    return typeof main === 'string' && typeof master === 'string'
      ? { 'main.cf': main, 'master.cf': master }
      : null;
  }

  /** Keeps the files as they are now. */
  keep(copy: Copy): Promise<Result<void, string>> {
    return this.#try('kept', async () => {
      for (const file of configFiles)
        await this.#duplicate(join(this.#directory, file), this.#copy(file, copy));
    });
  }

  /**
   * Lets `edit` work on copies of the files as they are now, in a configuration folder of their own, and keeps what comes
   * out as those of after. So what the files will be is known before one of them is touched.
   */
  async foresee(edit: (directory: string) => Promise<Result<void, string>>): Promise<Result<void, string>> {
    const scratch = join(this.path, 'foreseen');
    const laid = await this.#try('kept', async () => {
      await mkdir(scratch, { recursive: true, mode: 0o700 });
      for (const file of configFiles) await this.#duplicate(join(this.#directory, file), join(scratch, file));
    });
    const edited = laid.ok ? await edit(scratch) : laid;
    const kept = edited.ok
      ? await this.#try('kept', async () => {
          for (const file of configFiles)
            await this.#duplicate(join(scratch, file), this.#copy(file, 'after'));
        })
      : edited;
    await rm(scratch, { recursive: true, force: true });
    return kept;
  }

  /** What `restore` will move into place: the files as they are now, or as they were before Postern first wrote. */
  prepareRestore(from: 'now' | 'before'): Promise<Result<void, string>> {
    return this.#try('kept', async () => {
      for (const file of configFiles)
        await this.#duplicate(
          from === 'now' ? join(this.#directory, file) : this.#copy(file, 'before'),
          join(this.path, `${file}.restore`),
        );
    });
  }

  restore(file: ConfigFile): Promise<Result<void, string>> {
    return this.#try('put back', async () => {
      await rename(join(this.path, `${file}.restore`), join(this.#directory, file));
      await syncFolder(this.#directory);
    });
  }

  /**
   * Lets main.cf look older than it is: every program of Postfix waits until a file that is younger than 2 s has cooled
   * down, lest it be half written, and ours was put in place whole.
   */
  async cool(nowMs: number): Promise<void> {
    const seconds = nowMs / 1_000 - cooledS;
    await utimes(join(this.#directory, 'main.cf'), seconds, seconds).catch(() => undefined);
  }

  save(record: CareRecord): Promise<Result<void, string>> {
    return this.#try('kept', async () => {
      const file = join(this.path, 'record.json');
      await writeSynced(`${file}.new`, `${JSON.stringify(record, null, 2)}\n`);
      await rename(`${file}.new`, file);
      await syncFolder(this.path);
    });
  }

  /** What the restore copies were for is over. */
  async forgetRestore(): Promise<void> {
    for (const file of configFiles) await rm(join(this.path, `${file}.restore`), { force: true });
  }

  /** Nothing of ours is in the configuration any more. The locks stay with their holders. */
  async clear(): Promise<void> {
    await rm(join(this.path, 'record.json'), { force: true });
    for (const file of configFiles)
      for (const copy of ['before', 'after'] as const) await rm(this.#copy(file, copy), { force: true });
    await this.forgetRestore();
  }

  #copy(file: ConfigFile, copy: Copy): string {
    return join(this.path, `${file}.${copy}`);
  }

  /** With owner and mode of the original. */
  async #duplicate(from: string, to: string): Promise<void> {
    const { mode, uid, gid } = await stat(from);
    await copyFile(from, `${to}.new`);
    await chmod(`${to}.new`, mode & 0o7777);
    await chown(`${to}.new`, uid, gid);
    await sync(`${to}.new`, 'r+');
    await rename(`${to}.new`, to);
    await syncFolder(this.path);
  }

  async #try(what: string, act: () => Promise<void>): Promise<Result<void, string>> {
    try {
      await act();
      return { ok: true, value: undefined };
    } catch (error) {
      return failed(`The files in ${this.#directory} cannot be ${what} (${codeOf(error)})`);
    }
  }
}

async function writeSynced(path: string, text: string): Promise<void> {
  const handle = await open(path, 'w', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const syncFolder = (path: string): Promise<void> => sync(path, 'r');

async function sync(path: string, flags: string): Promise<void> {
  const handle = await open(path, flags);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function recordOf(value: unknown): CareRecord | null {
  if (typeof value !== 'object' || value === null) return null;
  const { format, state, mixed, written }: Partial<Record<keyof CareRecord, unknown>> = value;
  if (format !== 1 || (state !== 'applying' && state !== 'applied') || typeof mixed !== 'boolean')
    return null;
  if (!Array.isArray(written) || !written.every(isWritten)) return null;
  return { format, state, mixed, written };
}

function isWritten(value: unknown): value is WrittenSetting {
  if (typeof value !== 'object' || value === null) return false;
  const { file, name, was, written }: Partial<Record<keyof WrittenSetting, unknown>> = value;
  const isText = (text: unknown): boolean => text === null || typeof text === 'string';
  return (
    (file === 'main.cf' || file === 'master.cf') && typeof name === 'string' && isText(was) && isText(written)
  );
}

function failed(error: string): { readonly ok: false; readonly error: string } {
  return { ok: false, error: `${error}.` };
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
