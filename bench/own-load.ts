import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Load } from './relay/load.ts';

const folder = import.meta.dirname;

/** A program of ours beside this one, heard line by line. */
function start(file: string, args: readonly string[]): { child: ChildProcess; lines: Interface } {
  const child = spawn(process.execPath, [join(folder, file), ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  if (child.stdout === null) throw new Error(`${file} cannot be heard.`);
  return { child, lines: createInterface({ input: child.stdout }) };
}

/** The next line; throws where the program has ended. */
async function heard(program: { child: ChildProcess; lines: Interface }): Promise<string> {
  const ended = new AbortController();
  const gone = (): void => ended.abort();
  program.child.once('exit', gone);
  try {
    const [line] = await once(program.lines, 'line', { signal: ended.signal });
    return String(line);
  } finally {
    program.child.off('exit', gone);
  }
}

/** A sink of our own that takes all mail and counts its recipients. */
export class OwnSink {
  readonly port: number;
  readonly #program: { child: ChildProcess; lines: Interface };

  private constructor(program: { child: ChildProcess; lines: Interface }, port: number) {
    this.#program = program;
    this.port = port;
  }

  /** `tls`: it offers STARTTLS; `addresses`: it listens on so many remote domains' addresses too. */
  static async start(setting: { tls?: boolean; addresses?: number } = {}): Promise<OwnSink> {
    const { tls = false, addresses = 0 } = setting;
    const program = start('own-sink.ts', [...(tls ? ['tls'] : []), String(addresses)]);
    return new OwnSink(program, Number(await heard(program)));
  }

  /** Resolves when it has had `count` recipients in all; throws where none came for a minute. */
  async until(count: number): Promise<void> {
    let seen = -1;
    let movedAt = performance.now();
    for (;;) {
      this.#program.child.stdin?.write('?\n');
      const delivered = Number(await heard(this.#program));
      if (delivered >= count) return;
      if (delivered !== seen) {
        seen = delivered;
        movedAt = performance.now();
      } else if (performance.now() - movedAt > 60_000)
        throw new Error(`The sink has ${seen} of ${count} recipients, and none came for a minute.`);
      await sleep(2);
    }
  }

  async stop(): Promise<void> {
    const exited = once(this.#program.child, 'exit');
    this.#program.child.kill('SIGKILL');
    await exited;
  }
}

/** Sends a load by our own generator, for Postfix's has neither TLS nor many domains; `begun` is called when the generator stands ready, just before its first connection. */
export async function sendOwnLoad(port: number, load: Load, begun: () => void): Promise<void> {
  const program = start('own-source.ts', [JSON.stringify({ ...load, port })]);
  await heard(program);
  begun();
  program.child.stdin?.write('go\n');
  const last = await heard(program);
  if (last !== 'done') throw new Error(`The generator said: ${last}`);
}
