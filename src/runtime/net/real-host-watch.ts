import { type ChildProcess, spawn } from 'node:child_process';
import { Socket } from 'node:net';
import { endsWithUs, noSuchProgram } from '../ends-with-us.ts';
import { hostAddresses } from './host-addresses.ts';

/** A change comes as a burst of lines: it is told once, so long after the first. */
const settleMs = 20;
/** However the host tells changes, its addresses are looked at so often (under 0.1 ms). */
const pollMs = 1_000;
const longestRestartMs = 60_000;

/**
 * Watches addresses, links, routes and rules of this host for all who ask, with one child process
 * (`ip -o monitor`) where the host has it and a poll of the addresses in any case. Nothing runs while nobody watches.
 */
export class HostWatch {
  readonly #watchers = new Set<() => void>();
  #child: ChildProcess | null = null;
  #poll: NodeJS.Timeout | null = null;
  #settle: NodeJS.Timeout | null = null;
  #restart: NodeJS.Timeout | null = null;
  #restartMs = pollMs;
  #seen = '';

  watch(changed: () => void): { close(): void } {
    const watcher = (): void => changed();
    this.#watchers.add(watcher);
    if (this.#watchers.size === 1) this.#start();
    return {
      close: () => {
        if (this.#watchers.delete(watcher) && this.#watchers.size === 0) this.#stop();
      },
    };
  }

  #start(): void {
    this.#seen = JSON.stringify(hostAddresses());
    this.#poll = setInterval(() => {
      const now = JSON.stringify(hostAddresses());
      if (now === this.#seen) return;
      this.#seen = now;
      this.#tellSoon();
    }, pollMs);
    this.#poll.unref();
    this.#monitor();
  }

  #monitor(): void {
    this.#restart = null;
    const [path, words] = endsWithUs('ip', ['-o', 'monitor', 'link', 'address', 'route', 'rule']);
    const child = spawn(path, words, { stdio: ['pipe', 'pipe', 'ignore'] });
    this.#child = child;
    let missing = false;
    child.on('error', () => {
      missing = child.pid === undefined;
    });
    child.stdout.on('data', () => {
      this.#restartMs = pollMs;
      this.#tellSoon();
    });
    child.on('close', code => {
      missing ||= code === noSuchProgram;
      if (this.#child !== child) return;
      this.#child = null;
      // Without `ip` the poll alone has to do.
      if (missing || this.#watchers.size === 0) return;
      this.#restart = setTimeout(() => this.#monitor(), this.#restartMs);
      this.#restart.unref();
      this.#restartMs = Math.min(longestRestartMs, this.#restartMs * 2);
    });
    // Neither the child nor its pipes keep the process alive.
    child.unref();
    for (const pipe of [child.stdin, child.stdout]) if (pipe instanceof Socket) pipe.unref();
  }

  #tellSoon(): void {
    this.#settle ??= setTimeout(() => {
      this.#settle = null;
      this.#seen = JSON.stringify(hostAddresses());
      for (const watcher of this.#watchers) watcher();
    }, settleMs);
    this.#settle.unref();
  }

  #stop(): void {
    if (this.#poll) clearInterval(this.#poll);
    if (this.#settle) clearTimeout(this.#settle);
    if (this.#restart) clearTimeout(this.#restart);
    this.#poll = this.#settle = this.#restart = null;
    const child = this.#child;
    this.#child = null;
    child?.kill();
  }
}
