import { type ChildProcess, execFile, type SpawnOptions, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Result } from '../../runtime/ports.ts';

const commandLimitMs = 20_000;

/** For `setpriv`: the kernel kills the process when ours dies, however it dies. */
const dieWithUs = ['--pdeathsig', 'KILL', '--'];

/**
 * One network namespace, held by a small process of ours and by nothing else: it has no name on the host, and it is
 * gone with all its links when that process ends, which it does when `close` is called or when we die.
 * Needs root, or to be inside `unshare --user --map-root-user`.
 */
export class Namespace {
  readonly pid: number;
  readonly #holder: ChildProcess | null;
  readonly #children = new Set<ChildProcess>();

  private constructor(pid: number, holder: ChildProcess | null) {
    this.pid = pid;
    this.#holder = holder;
  }

  /** The one that this process is in; `close` ends only what was started through it. */
  static here(): Namespace {
    return new Namespace(process.pid, null);
  }

  static async create(): Promise<Result<Namespace, string>> {
    const script = 'ip link set lo up && echo ready && read -r _';
    const holder = spawn('setpriv', [...dieWithUs, 'unshare', '--net', 'sh', '-c', script], {
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    });
    let complaint = '';
    holder.stderr.on('data', chunk => {
      complaint = (complaint + String(chunk)).slice(0, 500);
    });
    const ready = await new Promise<boolean>(resolve => {
      createInterface({ input: holder.stdout }).once('line', line => resolve(line === 'ready'));
      holder.once('error', error => {
        complaint = error.message;
        resolve(false);
      });
      holder.once('exit', () => resolve(false));
    });
    if (!ready || holder.pid === undefined) {
      holder.kill('SIGKILL');
      return {
        ok: false,
        error: `No network namespace could be made: ${complaint.trim() || 'unshare failed'}.`,
      };
    }
    holder.stdin.on('error', () => {});
    return { ok: true, value: new Namespace(holder.pid, holder) };
  }

  /** The arguments of `nsenter` that run `command` in here. */
  entering(command: string, args: readonly string[]): [string, string[]] {
    return ['nsenter', [`--net=/proc/${this.pid}/ns/net`, '--', command, ...args]];
  }

  /** Runs a command to its end and gives its standard output; a failure is told with what it said. */
  run(command: string, args: readonly string[], input = ''): Promise<Result<string, string>> {
    const [file, all] = this.entering(command, args);
    return new Promise(resolve => {
      const child = execFile(
        file,
        all,
        { timeout: commandLimitMs, maxBuffer: 4_000_000 },
        (error, out, said) => {
          if (error === null) resolve({ ok: true, value: out });
          else {
            const words = said.trim() || error.message;
            resolve({ ok: false, error: `"${[command, ...args].join(' ')}" failed: ${words}` });
          }
        },
      );
      child.stdin?.on('error', () => {});
      child.stdin?.end(input);
    });
  }

  /** Runs lines of `ip`, all of them or up to the first that fails. */
  async ip(...lines: readonly string[]): Promise<Result<void, string>> {
    const done = await this.run('ip', ['-batch', '-'], `${lines.join('\n')}\n`);
    return done.ok
      ? { ok: true, value: undefined }
      : { ok: false, error: `${done.error} (in: ${lines.join('; ')})` };
  }

  /** Loads an nftables ruleset. */
  async nft(ruleset: string): Promise<Result<void, string>> {
    const done = await this.run('nft', ['-f', '-'], ruleset);
    return done.ok ? { ok: true, value: undefined } : done;
  }

  /** Sets kernel settings below /proc/sys/net, by their path there. */
  async settings(values: Readonly<Record<string, string>>): Promise<Result<void, string>> {
    const script = Object.entries(values)
      .map(([path, value]) => `echo ${value} > /proc/sys/net/${path}`)
      .join(' && ');
    const done = await this.run('sh', ['-c', script]);
    return done.ok ? { ok: true, value: undefined } : done;
  }

  /** Starts a process that lives in here; `close` ends it. */
  spawn(command: string, args: readonly string[], options: SpawnOptions): ChildProcess {
    const [file, all] = this.entering(command, args);
    const child = spawn('setpriv', [...dieWithUs, file, ...all], options);
    this.#children.add(child);
    child.once('exit', () => this.#children.delete(child));
    return child;
  }

  /** Ends every process started in here, then the namespace with its links. */
  close(): void {
    for (const child of this.#children) child.kill('SIGKILL');
    this.#holder?.stdin?.end();
    this.#holder?.kill('SIGKILL');
  }
}

/** Joins two namespaces by a cable: a veth pair with one end in each. */
export function cable(
  one: Namespace,
  linkInOne: string,
  other: Namespace,
  linkInOther: string,
): Promise<Result<void, string>> {
  return one.ip(`link add ${linkInOne} type veth peer name ${linkInOther} netns ${other.pid}`);
}

/** Runs steps in order up to the first that fails. */
export async function inOrder(
  ...steps: readonly (() => Promise<Result<void, string>>)[]
): Promise<Result<void, string>> {
  for (const step of steps) {
    const done = await step();
    if (!done.ok) return done;
  }
  return { ok: true, value: undefined };
}
