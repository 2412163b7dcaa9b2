import { execFile } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from '../../lab/loopback/free-port.ts';
import { type PosternPlace, startPostern } from '../../lab/loopback/gateway.ts';
import { LetterReceiver } from '../../lab/loopback/letter-receiver.ts';
import { LetterSender } from '../../lab/loopback/letter-sender.ts';
import type { Arrival, Letter } from '../../lab/loopback/letters.ts';
import { SimRandom } from '../../test/simulation/sim-random.ts';
import type { Step } from './disk-act.ts';
import { TraceReader, tracedCalls } from './trace-reader.ts';

/** What a gateway did to its disk under load, and what its clients and receivers saw. */
export type Recording = {
  readonly steps: readonly Step[];
  /** Where in the steps each life begins. */
  readonly lives: readonly number[];
  readonly letters: readonly Letter[];
  readonly arrivals: readonly Arrival[];
  /** As the gateway left it. */
  readonly stateDirectory: string;
};

export type RecordOptions = {
  readonly directory: string;
  readonly seed: number;
  /** How long clients send in each of the two lives. */
  readonly loadMs: number;
  /** The database runs with `synchronous=OFF`. */
  readonly unsafe: boolean;
};

type Seen = { readonly letters: readonly Letter[]; readonly arrivals: readonly Arrival[] };

const senders = 10;
const unsafeHook = join(import.meta.dirname, 'synchronous-off.ts');
const traceFiles = ['trace-1', 'trace-2'];

/** Says which package is missing; null: all is there. */
export async function missingTool(): Promise<string | null> {
  try {
    await promisify(execFile)('strace', ['-V']);
    return null;
  } catch {
    return 'The system calls are traced by "strace", which is not here: install the package "strace" (apt-get install strace).';
  }
}

/**
 * Lets the real gateway live twice under load, its system calls traced: the first life is ended by SIGKILL at a moment of
 * rest, so that the second begins with a recovery, and ends in order.
 */
export async function record({ directory, seed, loadMs, unsafe }: RecordOptions): Promise<void> {
  const place = { directory, port: await freePort(), sinkPort: await freePort() };
  const receiver = await LetterReceiver.start(place.sinkPort, { defers: true });
  const letters: Letter[] = [];
  const random = new SimRandom(seed);
  try {
    for (const [life, file] of traceFiles.entries()) {
      const gateway = await startPostern(place, {
        command: ['strace', ...straceOptions(join(directory, file))],
        environment: unsafe ? { NODE_OPTIONS: `--import=${unsafeHook}` } : {},
      });
      const clients = Array.from(
        { length: senders },
        (_, number) => new LetterSender(place.port, `life${life}.client${number}`, random.fork()),
      );
      await sleep(loadMs);
      await Promise.all(clients.map(client => client.stop()));
      letters.push(...clients.flatMap(client => client.acknowledged));
      await sleep(1_000);
      await (life === 0 ? gateway.kill() : gateway.stop());
      await traceEnds(join(directory, file), gateway.pid);
    }
  } finally {
    await receiver.stop();
  }
  const seen: Seen = { letters, arrivals: receiver.arrivals };
  await writeFile(join(directory, 'seen.json'), JSON.stringify(seen));
}

export async function readRecording(directory: string): Promise<Recording> {
  const seen: Seen = JSON.parse(await readFile(join(directory, 'seen.json'), 'utf8'));
  const stateDirectory = stateOf({ directory });
  const steps: Step[] = [];
  const lives: number[] = [];
  for (const file of traceFiles) {
    lives.push(steps.length);
    const reader = new TraceReader(stateDirectory);
    const input = createReadStream(join(directory, file), 'latin1');
    for await (const line of createInterface({ input })) reader.line(line);
    for (const step of reader.steps) steps.push(step);
  }
  return { steps, lives, ...seen, stateDirectory };
}

function stateOf({ directory }: Pick<PosternPlace, 'directory'>): string {
  return join(directory, 'state');
}

/** `-D`: the traced program is the child that is started, and strace stands aside. */
function straceOptions(output: string): string[] {
  const calls = `trace=${tracedCalls.join(',')}`;
  return ['-D', '-f', '-y', '-xx', '-s', '4000000', '--seccomp-bpf', '-ttt', '-o', output, '-e', calls];
}

/** strace ends after the program that it traced. */
async function traceEnds(file: string, pid: number): Promise<void> {
  for (;;) {
    const { stdout } = await promisify(execFile)('tail', ['-c', '400', file]);
    if (new RegExp(`^${pid} .*\\+\\+\\+ (exited|killed)`, 'm').test(stdout)) return;
    await sleep(50);
  }
}
