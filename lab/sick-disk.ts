import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { SimRandom } from '../test/simulation/sim-random.ts';
import { freePort } from './loopback/free-port.ts';
import { type LoopbackGateway, startPostern } from './loopback/gateway.ts';
import { LetterReceiver } from './loopback/letter-receiver.ts';
import { LetterSender } from './loopback/letter-sender.ts';
import { Copies } from './loopback/letters.ts';

const run = promisify(execFile);
const megabyte = 1_048_576;

type Place = { readonly directory: string; readonly port: number; readonly sinkPort: number };

/** So much is on the disk of `state_dir`: enough to take mail, which needs 64 MiB that stay free. */
const diskMegabytes = 160;

/** Runs in a mount namespace of its own. Arguments: the `state_dir`, then the gateway's command. */
const enter = `mount -t tmpfs -o size=${diskMegabytes}m tmpfs "$0" && exec "$@"`;

/** What the operator's command was called with. */
export type Told = { readonly state: string; readonly reason: string };

/**
 * The real `postern serve` with a small disk of its own in memory, which can be filled, and whose system calls can be made
 * to fail or to take their time; clients that send all the while, and receivers. Needs root.
 */
export class SickDisk {
  readonly #directory: string;
  readonly #receiver: LetterReceiver;
  readonly #senders: LetterSender[] = [];
  readonly #gateway: LoopbackGateway;
  #fault: ChildProcess | null = null;

  static async start(): Promise<SickDisk> {
    const directory = await mkdtemp(join(tmpdir(), 'postern-disk-'));
    const place = { directory, port: await freePort(), sinkPort: await freePort() };
    const receiver = await LetterReceiver.start(place.sinkPort, { defers: false });
    const hook = join(directory, 'told.sh');
    const line = `{"state":"%s","reason":"%s"}\\n`;
    await writeFile(
      hook,
      `#!/bin/sh\n[ "$POSTERN_EVENT" = disk ] && printf '${line}' "$POSTERN_STATE" "$POSTERN_REASON" >> '${directory}/told'\nexit 0\n`,
    );
    await chmod(hook, 0o755);
    await writeFile(join(directory, 'told'), '');
    return new SickDisk(place, receiver, await serve(place, hook));
  }

  private constructor(place: Place, receiver: LetterReceiver, gateway: LoopbackGateway) {
    this.#directory = place.directory;
    this.#receiver = receiver;
    this.#gateway = gateway;
    for (let number = 0; number < 4; number++)
      this.#senders.push(new LetterSender(place.port, `client${number}`, new SimRandom(number)));
  }

  /** Messages that clients were told are taken. */
  get acknowledged(): number {
    return this.#senders.reduce((sum, sender) => sum + sender.acknowledged.length, 0);
  }

  /** What clients were told otherwise, each once. */
  get refusals(): readonly string[] {
    return [...new Set(this.#senders.flatMap(sender => sender.refusals))];
  }

  forgetRefusals(): void {
    for (const sender of this.#senders) sender.refusals.length = 0;
  }

  /** Leaves so many megabytes free; 0: not a byte. */
  async fill(freeMegabytes: number): Promise<void> {
    await this.empty();
    const { bavail, bsize } = await statfs(this.#root);
    const megabytes = Math.ceil((bavail * bsize) / megabyte) - freeMegabytes;
    await run('dd', ['if=/dev/zero', `of=${this.#root}/filler`, 'bs=1M', `count=${megabytes}`]).catch(
      () => undefined,
    );
  }

  async empty(): Promise<void> {
    await rm(join(this.#root, 'filler'), { force: true });
  }

  /** From now on these system calls of the gateway do what strace's `inject` says, as `error=EIO`. */
  async inject(calls: string, what: string): Promise<void> {
    const options = ['-f', '-p', String(this.#gateway.pid), '-o', '/dev/null'];
    const injected = ['-e', `trace=${calls}`, '-e', `inject=${calls}:${what}`];
    const fault = spawn('strace', [...options, ...injected], { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#fault = fault;
    const said = createInterface({ input: fault.stderr });
    const [line] = await Promise.race([once(said, 'line'), once(fault, 'error').then(([error]) => [error])]);
    if (!/attached/.test(String(line))) throw new Error(`No fault can be injected: ${String(line)}`);
  }

  /** The disk is sound again. */
  async heal(): Promise<void> {
    const fault = this.#fault;
    this.#fault = null;
    if (fault === null) return;
    const ended = once(fault, 'exit');
    fault.kill('SIGTERM');
    await ended;
  }

  async told(): Promise<readonly Told[]> {
    const text = await readFile(join(this.#directory, 'told'), 'utf8');
    return text
      .split('\n')
      .filter(line => line !== '')
      .map(line => {
        const told: Told = JSON.parse(line);
        return told;
      });
  }

  /** The gateway's log. */
  log(): Promise<string> {
    return readFile(join(this.#directory, 'postern.log'), 'utf8');
  }

  /** Clients stop; gives what was acknowledged and has not come to each of its recipients, whole, after a while. */
  async missing(): Promise<readonly string[]> {
    await Promise.all(this.#senders.map(sender => sender.stop()));
    const letters = this.#senders.flatMap(sender => sender.acknowledged);
    const end = performance.now() + 60_000;
    for (;;) {
      const missing = new Copies(this.#receiver.arrivals).missing(letters);
      if (missing.length === 0 || performance.now() > end) return missing;
      await sleep(100);
    }
  }

  async close(): Promise<void> {
    await this.heal();
    await Promise.all(this.#senders.map(sender => sender.stop()));
    await this.#gateway.stop();
    await this.#receiver.stop();
    await rm(this.#directory, { recursive: true, force: true });
  }

  /** The small disk, as it is reached from outside of its mount namespace. */
  get #root(): string {
    return `/proc/${this.#gateway.pid}/root${this.#directory}/state`;
  }
}

async function serve(place: Place, hook: string): Promise<LoopbackGateway> {
  const apart = ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', enter];
  await run('strace', ['-V']);
  return startPostern(
    { ...place, more: `notify: [{ command: ${hook} }]` },
    { command: [...apart, join(place.directory, 'state')] },
  );
}
