import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from '../lab/loopback/free-port.ts';

const run = promisify(execFile);

/** Postfix's `smtp-sink`, which takes all mail and counts it. */
export class Sink {
  readonly port: number;
  readonly #child: ChildProcess;
  #messages = 0;
  #line = '';

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
    child.stdout?.setEncoding('latin1').on('data', (text: string) => {
      // `-c` writes "sess=19 quit=19 mesg=2000" over and over, a carriage return after each.
      const end = text.lastIndexOf('\r');
      const last = (this.#line + text).slice(0, this.#line.length + end).match(/mesg=(\d+)$/);
      this.#line = (end < 0 ? this.#line : '') + text.slice(end + 1);
      if (last?.[1]) this.#messages = Number(last[1]);
    });
  }

  static async start(): Promise<Sink> {
    const port = await freePort();
    const child = spawn(
      'smtp-sink',
      [...(process.getuid?.() === 0 ? ['-u', 'nobody'] : []), '-c', `127.0.0.1:${port}`, '1024'],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    return new Sink(child, port);
  }

  get messages(): number {
    return this.#messages;
  }

  /** Resolves when it has had `count` messages in all; throws where none came for a minute. */
  async until(count: number): Promise<void> {
    let seen = this.#messages;
    let movedAt = performance.now();
    while (this.#messages < count) {
      await sleep(2);
      if (this.#messages !== seen) {
        seen = this.#messages;
        movedAt = performance.now();
      } else if (performance.now() - movedAt > 60_000)
        throw new Error(`The sink has ${seen} of ${count} messages, and none came for a minute.`);
    }
  }

  async stop(): Promise<void> {
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }
}

/** Postfix's `smtp-source`: so many messages from so many parallel senders, each on a kept session. */
export async function sendLoad(
  port: number,
  load: { messages: number; senders: number; sizeBytes: number },
): Promise<void> {
  await run('smtp-source', [
    '-d',
    `-s${load.senders}`,
    `-m${load.messages}`,
    `-l${load.sizeBytes}`,
    '-fsender@example.com',
    '-treceiver@example.net',
    '-Mclient.example.com',
    `127.0.0.1:${port}`,
  ]);
}
