import { parseMaster } from '../../decision/postfix/master-entry.ts';
import { parseVersion } from '../../decision/postfix/parameters.ts';
import { expandedNames, type PostfixFacts, parseMain } from '../../decision/postfix/postfix-facts.ts';
import type { Programs, Result } from '../ports.ts';

const outputBytes = 4 * 1024 * 1024;
/** A queue of some 100,000 messages. */
const listingBytes = 64 * 1024 * 1024;
/** Postfix's own programs answer in a moment; a `reload` or `check` of a large queue may take longer. */
const askMs = 20_000;
const actMs = 60_000;

/** One Postfix of this host, by its own programs. Failures are sentences. */
export class PostfixHost {
  readonly configDirectory: string;
  readonly #programs: Programs;

  constructor(configDirectory: string, programs: Programs) {
    this.configDirectory = configDirectory;
    this.#programs = programs;
  }

  /** The same programs on another configuration folder. */
  at(configDirectory: string): PostfixHost {
    return new PostfixHost(configDirectory, this.#programs);
  }

  /** All that a plan is made from. */
  async facts(): Promise<Result<PostfixFacts, string>> {
    const main = await this.#postconf();
    if (!main.ok) return main;
    const [explicit, expanded, master] = await Promise.all([
      this.#postconf('-n'),
      this.#postconf('-x', ...expandedNames),
      this.#postconf('-M'),
    ]);
    if (!explicit.ok) return explicit;
    if (!expanded.ok) return expanded;
    if (!master.ok) return master;
    const all = parseMain(main.value);
    const versionText = all.get('mail_version') ?? '';
    const version = parseVersion(versionText);
    if (version === null)
      return { ok: false, error: `postconf says no version that can be read ("${versionText}").` };
    return {
      ok: true,
      value: {
        configDirectory: this.configDirectory,
        version,
        versionText,
        main: all,
        explicit: parseMain(explicit.value),
        expanded: parseMain(expanded.value),
        master: parseMaster(master.value),
      },
    };
  }

  /** One parameter, with `$name` filled in. */
  async parameter(name: string): Promise<Result<string, string>> {
    const asked = await this.#postconf('-x', '-h', name);
    return asked.ok ? { ok: true, value: asked.value.trim() } : asked;
  }

  /** Parameters of main.cf: a null value takes the parameter out. Each call is one replacement of the file. */
  async setParameters(
    values: readonly { readonly name: string; readonly value: string | null }[],
  ): Promise<Result<void, string>> {
    const set = values.flatMap(({ name, value }) => (value === null ? [] : [`${name}=${value}`]));
    const gone = values.flatMap(({ name, value }) => (value === null ? [name] : []));
    return this.#both(set, gone, '-e', '-X');
  }

  /** Services of master.cf, whole; a null value takes the service out. */
  async setServices(
    values: readonly { readonly name: string; readonly value: string | null }[],
  ): Promise<Result<void, string>> {
    const set = values.flatMap(({ name, value }) => (value === null ? [] : [`${name}=${value}`]));
    const gone = values.flatMap(({ name, value }) => (value === null ? [name] : []));
    return this.#both(set, gone, '-Me', '-MX');
  }

  async isRunning(): Promise<boolean> {
    return (await this.#postfix('status')).ok;
  }

  check(): Promise<Result<string, string>> {
    return this.#postfix('check');
  }

  reload(): Promise<Result<string, string>> {
    return this.#postfix('reload');
  }

  start(): Promise<Result<string, string>> {
    return this.#postfix('start');
  }

  /** One deferred message is tried now. */
  flush(queueId: string): Promise<Result<string, string>> {
    return this.#programs.ask({
      path: 'postqueue',
      arguments: ['-c', this.configDirectory, '-i', queueId],
      outputBytes,
      timeoutMs: askMs,
    });
  }

  /** What is in the queue, as `postqueue -j` lists it. */
  queue(): Promise<Result<string, string>> {
    return this.#programs.ask({
      path: 'postqueue',
      arguments: ['-c', this.configDirectory, '-j'],
      outputBytes: listingBytes,
      timeoutMs: actMs,
    });
  }

  /** Hands Postfix a message, with the null sender. */
  submit(forwardPath: string, bytes: Buffer): Promise<Result<string, string>> {
    return this.#programs.ask({
      path: 'sendmail',
      arguments: ['-C', this.configDirectory, '-i', '-f', '', '--', forwardPath],
      input: bytes,
      outputBytes,
      timeoutMs: askMs,
    });
  }

  async #both(
    set: readonly string[],
    gone: readonly string[],
    edit: string,
    remove: string,
  ): Promise<Result<void, string>> {
    for (const [flag, words] of [
      [edit, set],
      [remove, gone],
    ] as const) {
      if (words.length === 0) continue;
      const done = await this.#postconf(flag, ...words);
      if (!done.ok) return done;
    }
    return { ok: true, value: undefined };
  }

  async #postconf(...words: readonly string[]): Promise<Result<string, string>> {
    const asked = await this.#programs.ask({
      path: 'postconf',
      arguments: ['-c', this.configDirectory, ...words],
      outputBytes,
      timeoutMs: askMs,
    });
    if (asked.ok || !asked.error.includes('ENOENT')) return asked;
    return {
      ok: false,
      error: 'There is no Postfix on this host (postconf is not found); install it, or run this where it is.',
    };
  }

  #postfix(command: string): Promise<Result<string, string>> {
    return this.#programs.ask({
      path: 'postfix',
      arguments: ['-c', this.configDirectory, command],
      // The master of a start, and the look over the queue after a reload.
      background: true,
      outputBytes,
      timeoutMs: command === 'status' ? askMs : actMs,
    });
  }
}
