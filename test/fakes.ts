import type { Files, Processes, Programs, Result, Web } from '../src/runtime/ports.ts';

/** Files that a test writes. */
export class MemoryFiles implements Files {
  readonly #texts = new Map<string, Buffer>();
  readonly #watchers = new Set<{ readonly path: string; readonly changed: () => void }>();

  /** Null removes the file. Whoever watches it is told. */
  write(path: string, text: string | Buffer | null): void {
    if (text === null) this.#texts.delete(path);
    else this.#texts.set(path, Buffer.from(text));
    for (const watcher of this.#watchers) if (watcher.path === path) watcher.changed();
  }

  async read(path: string, limitBytes: number): Promise<Result<Buffer, string>> {
    const text = this.#texts.get(path);
    if (text === undefined) return { ok: false, error: `There is no file ${path}.` };
    if (text.length > limitBytes) return { ok: false, error: `${path} has more than ${limitBytes} bytes.` };
    return { ok: true, value: text };
  }

  watch(path: string, changed: () => void): { close(): void } {
    const watcher = { path, changed };
    this.#watchers.add(watcher);
    return { close: () => this.#watchers.delete(watcher) };
  }
}

/** For gateways that run no program and call nobody. */
export const nothingOutside: { readonly processes: Processes; readonly web: Web } = {
  processes: { run: async ({ path }) => ({ ok: false, error: `${path} is not run in this test.` }) },
  web: {
    post: async ({ url }) => ({ ok: false, error: `${url} is not called in this test.` }),
    get: async ({ url }) => ({ ok: false, error: `${url} is not called in this test.` }),
  },
};

/** For commands that ask no program. */
export const noPrograms: Programs = {
  ask: async ({ path }) => ({ ok: false, error: `${path} is not run in this test.` }),
  follow: async ({ path }) => `${path} is not run in this test.`,
};
