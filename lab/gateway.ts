import { type ChildProcess, execFile } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Namespace } from '../src/surface/demo/namespaces.ts';

const postern = join(import.meta.dirname, '..', 'bin', 'postern');

/** One uplink as `postern uplinks --json` tells it, as far as scenarios read it. */
export type UplinkView = {
  readonly name: string;
  readonly state: string;
  readonly reason: string;
  readonly egresses: readonly EgressView[];
};

export type EgressView = {
  readonly source: string | null;
  readonly public: string | null;
  readonly state: string;
  readonly fit: string;
};

/** One event as `postern events --json` tells it, as far as scenarios read it. */
export type GatewayEventView = {
  readonly kind: string;
  readonly event?: string;
  readonly recipient?: string | null;
  readonly host?: string | null;
  readonly address?: string | null;
  readonly uplink?: string | null;
  readonly state?: string;
  readonly reason?: string | null;
};

/** One event of `postern trace --json`, as far as scenarios read it. */
export type TraceView = {
  readonly event: string;
  readonly recipient: string | null;
  readonly uplink: string | null;
  readonly source: string | null;
  readonly host: string | null;
  readonly reply: string | null;
  readonly tls: string | null;
  readonly reason: string | null;
};

/** The real `postern serve` in a namespace, by a configuration file. Failures are thrown: the test fails. */
export class LabGateway {
  readonly namespace: Namespace;
  readonly config: string;
  /** What it wrote, the newest 5,000 lines. */
  readonly log: string[] = [];
  readonly #environment: Readonly<Record<string, string>>;
  readonly #followers: ChildProcess[] = [];
  #child: ChildProcess | null = null;

  constructor(namespace: Namespace, config: string, environment: Readonly<Record<string, string>> = {}) {
    this.namespace = namespace;
    this.config = config;
    this.#environment = environment;
  }

  /** Starts it and waits until it can be asked. */
  async serve(): Promise<void> {
    const child = this.namespace.spawn(postern, ['serve', '--config', this.config], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...this.#environment },
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      if (stream) createInterface({ input: stream }).on('line', line => this.#logged(line));
    }
    const end = performance.now() + 60_000;
    while ((await this.uplinks()) === null) {
      if (this.ended) throw new Error(`postern serve ended at its start\n${this.tail()}`);
      if (performance.now() > end) throw new Error(`postern serve cannot be asked\n${this.tail()}`);
    }
  }

  /** It was started and has ended by itself. */
  get ended(): boolean {
    return this.#child !== null && this.#child.exitCode !== null;
  }

  /** Ends it; gives its exit code. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<number | null> {
    const child = this.#child;
    if (child === null) return null;
    const ended = new Promise<number | null>(resolve => {
      if (child.exitCode !== null) resolve(child.exitCode);
      child.once('exit', code => resolve(code));
    });
    for (const follower of this.#followers.splice(0)) follower.kill();
    child.kill(signal);
    this.#child = null;
    return ended;
  }

  signal(signal: 'SIGHUP'): void {
    this.#child?.kill(signal);
  }

  /** Runs a `postern` command beside it. */
  command(...args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
    const [file, all] = this.namespace.entering(postern, [...args, '--config', this.config]);
    return new Promise(resolve => {
      execFile(file, all, { timeout: 30_000, maxBuffer: 8_000_000 }, (error, out, err) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 3;
        resolve({ code, out, err });
      });
    });
  }

  /** Hears what `postern events --follow` tells from now on, until it is stopped. */
  follow(hear: (event: GatewayEventView) => void): void {
    const args = ['events', '--follow', '--json', '--config', this.config];
    const child = this.namespace.spawn(postern, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#followers.push(child);
    if (child.stdout) {
      createInterface({ input: child.stdout }).on('line', line => {
        const event: GatewayEventView = JSON.parse(line);
        hear(event);
      });
    }
  }

  /** What `postern uplinks` says; null while the gateway cannot be asked. */
  async uplinks(): Promise<readonly UplinkView[] | null> {
    const { code, out } = await this.command('uplinks', '--json');
    if (code !== 0 && out.trim() === '') return null;
    const told: { uplinks: UplinkView[] } = JSON.parse(out);
    return told.uplinks;
  }

  /** What `postern trace` tells of a message or an address, in order. */
  async trace(idOrAddress: string): Promise<readonly TraceView[]> {
    const { out } = await this.command('trace', idOrAddress, '--json');
    return out
      .split('\n')
      .filter(line => line !== '')
      .map(line => {
        const event: TraceView = JSON.parse(line);
        return event;
      });
  }

  /** The end of its log, for whoever must explain a failure. */
  tail(): string {
    return this.log.slice(-40).join('\n');
  }

  #logged(line: string): void {
    this.log.push(line);
    if (this.log.length > 5000) this.log.shift();
  }
}
