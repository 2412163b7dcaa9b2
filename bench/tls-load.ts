import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

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

/** A sink that takes all mail, over TLS where the client likes, and counts it. */
export class TlsSink {
  readonly port: number;
  readonly #program: { child: ChildProcess; lines: Interface };

  private constructor(program: { child: ChildProcess; lines: Interface }, port: number) {
    this.#program = program;
    this.port = port;
  }

  static async start(): Promise<TlsSink> {
    const program = start('tls-sink.ts', []);
    return new TlsSink(program, Number(await heard(program)));
  }

  /** Resolves when it has had `count` messages in all; throws where none came for a minute. */
  async until(count: number): Promise<void> {
    let seen = -1;
    let movedAt = performance.now();
    for (;;) {
      this.#program.child.stdin?.write('?\n');
      const messages = Number(await heard(this.#program));
      if (messages >= count) return;
      if (messages !== seen) {
        seen = messages;
        movedAt = performance.now();
      } else if (performance.now() - movedAt > 60_000)
        throw new Error(`The sink has ${seen} of ${count} messages, and none came for a minute.`);
      await sleep(2);
    }
  }

  async stop(): Promise<void> {
    const exited = once(this.#program.child, 'exit');
    this.#program.child.kill('SIGKILL');
    await exited;
  }
}

/** Sends a load over TLS; `begun` is called when the generator stands ready, just before its first connection. */
export async function sendTlsLoad(
  port: number,
  load: { messages: number; senders: number; sizeBytes: number },
  begun: () => void,
): Promise<void> {
  const program = start('tls-source.ts', [
    String(port),
    String(load.messages),
    String(load.senders),
    String(load.sizeBytes),
  ]);
  await heard(program);
  begun();
  program.child.stdin?.write('go\n');
  const last = await heard(program);
  if (last !== 'done') throw new Error(`The generator said: ${last}`);
}
