import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { treeOf } from '../process-tree.ts';
import { memoryOfTree } from '../tree-memory.ts';
import type { Contestant } from './contestants.ts';
import type { Load } from './load.ts';
import { whileRelaying } from './running.ts';

/** What only a slower round can tell, for looking slows the gateway. */
export type Costs = {
  /** Of the process tree's memory, as if it were alone on the host. */
  readonly peakBytes: number;
  /** Of the sum of its PSS, which is less where other programs map the same files. */
  readonly pssPeakBytes: number;
  readonly syncsPerMessage: number;
};

const mostCounted = 2_000;

export async function measureCosts(contestant: Contestant, load: Load): Promise<Costs> {
  return whileRelaying(contestant, load, async ({ gateway, directory, relay }) => {
    const memory = new PeakMemory(gateway.pid);
    await relay(load);
    const { peakBytes, pssPeakBytes } = memory.stop();
    const counter = await SyncCounter.start(gateway.pid, directory);
    const counted = { ...load, messages: Math.min(load.messages, mostCounted) };
    await relay(counted);
    return { peakBytes, pssPeakBytes, syncsPerMessage: (await counter.stop()) / counted.messages };
  });
}

/** The largest memory of a process tree, looked at twice a second; less often where a look at many processes takes long. */
class PeakMemory {
  #peakBytes = 0;
  #pssPeakBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  readonly #pid: number;

  constructor(pid: number) {
    this.#pid = pid;
    this.#look();
  }

  stop(): Pick<Costs, 'peakBytes' | 'pssPeakBytes'> {
    this.#look();
    clearTimeout(this.#timer);
    return { peakBytes: this.#peakBytes, pssPeakBytes: this.#pssPeakBytes };
  }

  #look(): void {
    const begun = performance.now();
    const { aloneBytes, pssBytes } = memoryOfTree(this.#pid);
    this.#peakBytes = Math.max(this.#peakBytes, aloneBytes);
    this.#pssPeakBytes = Math.max(this.#pssPeakBytes, pssBytes);
    const tookMs = performance.now() - begun;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#look(), Math.max(500, 5 * tookMs));
  }
}

/** Counts fsync and fdatasync of a process tree with strace. */
class SyncCounter {
  readonly #strace: ChildProcess;
  readonly #file: string;

  private constructor(strace: ChildProcess, file: string) {
    this.#strace = strace;
    this.#file = file;
  }

  static async start(pid: number, directory: string): Promise<SyncCounter> {
    const file = join(directory, 'syncs');
    const processes = treeOf(pid).flatMap(each => ['-p', String(each)]);
    const arguments_ = ['-f', '-c', '-e', 'trace=fsync,fdatasync', '-o', file, ...processes];
    const strace = spawn('strace', arguments_, { stdio: ['ignore', 'ignore', 'ignore'] });
    await sleep(1_000);
    return new SyncCounter(strace, file);
  }

  async stop(): Promise<number> {
    const exited = once(this.#strace, 'exit');
    this.#strace.kill('SIGINT');
    await exited;
    let calls = 0;
    for (const line of (await readFile(this.#file, 'utf8')).split('\n')) {
      const fields = line.trim().split(/\s+/);
      if (fields.at(-1) === 'fsync' || fields.at(-1) === 'fdatasync') calls += Number(fields[3]);
    }
    return calls;
  }
}
