import { setTimeout as sleep } from 'node:timers/promises';
import { heard, type OwnProgram, startProgram, stopProgram } from './own-program.ts';
import type { Load } from './relay/load.ts';

/** A sink of our own that takes all mail and counts its recipients. */
export class OwnSink {
  readonly port: number;
  readonly #program: OwnProgram;

  private constructor(program: OwnProgram, port: number) {
    this.#program = program;
    this.port = port;
  }

  /** `tls`: it offers STARTTLS; `addresses`: it listens on so many remote domains' addresses too. */
  static async start(setting: { tls?: boolean; addresses?: number } = {}): Promise<OwnSink> {
    const { tls = false, addresses = 0 } = setting;
    const program = startProgram('own-sink.ts', [...(tls ? ['tls'] : []), String(addresses)]);
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
    await stopProgram(this.#program);
  }
}

/** Sends a load by our own generator, for Postfix's has neither TLS nor many domains; `begun` is called when the generator stands ready, just before its first connection. */
export async function sendOwnLoad(port: number, load: Load, begun: () => void): Promise<void> {
  const program = startProgram('own-source.ts', [JSON.stringify({ ...load, port })]);
  await heard(program);
  begun();
  program.child.stdin?.write('go\n');
  const last = await heard(program);
  if (last !== 'done') throw new Error(`The generator said: ${last}`);
}
