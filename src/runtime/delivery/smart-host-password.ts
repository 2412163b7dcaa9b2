import type { Files } from '../ports.ts';

const limitBytes = 1_024;

/** The password, or a sentence for the operator that does not hold it. The same object while nothing changed. */
export type PasswordRead =
  | { readonly ok: true; readonly password: string }
  | { readonly ok: false; readonly error: string };

/** The password in the first line of a file, read when it is first needed and again when the file has changed. */
export class SmartHostPassword {
  readonly #path: string;
  readonly #files: Files;
  readonly #watch: { close(): void };
  #read: Promise<PasswordRead> | null = null;

  constructor(path: string, files: Files, changed: () => void) {
    this.#path = path;
    this.#files = files;
    this.#watch = files.watch(path, () => {
      this.#read = null;
      changed();
    });
  }

  close(): void {
    this.#watch.close();
  }

  /** A file that could not be read is read again at each call. */
  read(): Promise<PasswordRead> {
    this.#read ??= this.#again();
    return this.#read;
  }

  async #again(): Promise<PasswordRead> {
    const got = await this.#files.read(this.#path, limitBytes);
    const read = got.ok ? passwordIn(got.value, this.#path) : refused(got.error);
    if (!read.ok) this.#read = null;
    return read;
  }
}

function passwordIn(bytes: Buffer, path: string): PasswordRead {
  const [line = ''] = bytes.toString('utf8').split('\n', 1);
  const password = line.endsWith('\r') ? line.slice(0, -1) : line;
  if (password === '') return refused(`The first line of ${path} is empty.`);
  return password.includes('\0') ? refused(`The first line of ${path} holds a NUL.`) : { ok: true, password };
}

function refused(why: string): PasswordRead {
  return {
    ok: false,
    error: `${why} The smart host's password stands there on the first line, so its mail waits; write it, readable for this user.`,
  };
}
