import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { PostfixHouse } from './postfix-house.ts';

/** `postern postfix watch`, running. */
export class Watch {
  readonly lines: string[] = [];
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
    for (const stream of [child.stdout, child.stderr])
      if (stream) createInterface({ input: stream }).on('line', line => this.lines.push(line));
  }

  static async start(house: PostfixHouse, command = house.command('watch')): Promise<Watch> {
    const args = await house.entering(command);
    const child = spawn('nsenter', args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const watch = new Watch(child);
    await house.until(
      `the watch to be ready`,
      () => {
        if (child.exitCode !== null) throw new Error(`the watch ended: ${watch.lines.join('\n')}`);
        return watch.said(/Postern is ready/);
      },
      120_000,
    );
    return watch;
  }

  said(pattern: RegExp): boolean {
    return this.lines.some(line => pattern.test(line));
  }

  stop(): Promise<void> {
    return this.#end('SIGTERM');
  }

  kill(): Promise<void> {
    return this.#end('SIGKILL');
  }

  /** Tells it to read its configuration again. */
  async hangUp(): Promise<void> {
    for (const pid of await this.#processes()) process.kill(pid, 'SIGHUP');
  }

  /** User and system time until now, and memory in use. */
  async cost(): Promise<{ readonly cpuMs: number; readonly residentMb: number }> {
    const [pid] = await this.#processes();
    const text = await readFile(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const [user, system, pages] = [fields[11], fields[12], fields[21]].map(Number);
    return { cpuMs: ((user ?? 0) + (system ?? 0)) * 10, residentMb: ((pages ?? 0) * 4_096) / 1_048_576 };
  }

  /** nsenter waits for what runs in the other process namespace, and that is what must hear the signal. */
  async #end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = new Promise<void>(resolve => this.#child.once('exit', () => resolve()));
    for (const pid of await this.#processes()) process.kill(pid, signal);
    await ended;
  }

  #processes(): Promise<readonly number[]> {
    const { pid } = this.#child;
    assert.ok(pid);
    return descendants(pid);
  }
}

async function descendants(pid: number): Promise<readonly number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  const children = text.trim().split(' ').filter(Boolean).map(Number);
  return children.slice(0, 1);
}
