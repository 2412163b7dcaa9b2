/**
 * `npm run bench:relay`: Postern and others relay the same load in turn, on this machine: a tuned Postfix, OpenSMTPD and
 * Exim of Debian (lab/servers/install), and Haraka from npm. `--only postern,postfix` chooses.
 *
 * smtp-source → gateway → smtp-sink, on loopback, without DNS. With `--tls` a generator and a sink of our own stand in
 * their places, for those have no TLS: STARTTLS on both sides, certificates of the tests, sessions resumed and kept. Each round starts each gateway afresh, warms it up, then
 * measures from the first message sent until the sink has the last one. The ratio is the median of the rounds' own
 * ratios, for a machine's mood changes from minute to minute. Syncs and memory are taken in a round of their own, for
 * looking slows the gateway.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startExim } from './exim-gateway.ts';
import { startHaraka } from './haraka-gateway.ts';
import { startOpenSmtpd } from './opensmtpd-gateway.ts';
import { startPostern } from './postern-gateway.ts';
import { startPostfix } from './postfix-gateway.ts';
import { cpuMs, memoryBytes, treeOf } from './process-tree.ts';
import type { RelayGateway } from './relay-gateway.ts';
import { freePort, Sink, sendLoad } from './smtp-load.ts';
import { sendTlsLoad, TlsSink } from './tls-load.ts';

type Start = (directory: string, port: number, sinkPort: number, tls: boolean) => Promise<RelayGateway>;

/** Each as it ships, tuned as one would, with its own durability: the syncs of each are counted. */
const gateways = {
  postern: (directory, port, sinkPort, tls) => startPostern({ directory, port, sinkPort, tls }),
  postfix: startPostfix,
  opensmtpd: startOpenSmtpd,
  exim: startExim,
  haraka: startHaraka,
} satisfies Record<string, Start>;
type Name = keyof typeof gateways;
const allNames = ['postfix', 'postern', 'opensmtpd', 'exim', 'haraka'] as const satisfies readonly Name[];
type Load = { readonly messages: number; readonly senders: number; readonly sizeBytes: number };
type Figures = {
  readonly messagesPerS: number;
  /** Until the last message was acknowledged to its sender. */
  readonly acceptedPerS: number;
  readonly cpuMsPerMessage: number;
};
/** What only a slower round can tell. */
type Costs = { readonly peakBytes: number; readonly syncsPerMessage: number };

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '10000' },
    rounds: { type: 'string', default: '5' },
    size: { type: 'string', default: '4096' },
    senders: { type: 'string', default: '20' },
    only: { type: 'string' },
    tls: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});

/** One gateway, from start to stop: warmed up, then given to `work`. */
async function withGateway<Outcome>(
  name: Name,
  work: (
    gateway: RelayGateway,
    relay: (load: Load) => Promise<{ acceptedMs: number; ms: number }>,
    directory: string,
  ) => Promise<Outcome>,
): Promise<Outcome> {
  const directory = await mkdtemp(join(tmpdir(), `postern-bench-${name}-`));
  const { tls } = values;
  const sink = tls ? await TlsSink.start() : await Sink.start();
  let gateway: RelayGateway | null = null;
  try {
    const port = await freePort();
    gateway = await gateways[name](directory, port, sink.port, tls);
    let sent = 0;
    const relay = async (load: Load): Promise<{ acceptedMs: number; ms: number }> => {
      let start = performance.now();
      const begun = (): void => {
        start = performance.now();
      };
      await (tls ? sendTlsLoad(port, load, begun) : sendLoad(port, load));
      const acceptedMs = performance.now() - start;
      sent += load.messages;
      await sink.until(sent);
      return { acceptedMs, ms: performance.now() - start };
    };
    await relay({ messages: 1_000, senders: 20, sizeBytes: 4_096 });
    return await work(gateway, relay, directory);
  } finally {
    await gateway?.stop();
    await sink.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

async function measure(name: Name, load: Load): Promise<Figures> {
  return withGateway(name, async (gateway, relay) => {
    const cpuBefore = cpuMs(gateway.pid);
    const { acceptedMs, ms } = await relay(load);
    return {
      messagesPerS: (1_000 * load.messages) / ms,
      acceptedPerS: (1_000 * load.messages) / acceptedMs,
      cpuMsPerMessage: (cpuMs(gateway.pid) - cpuBefore) / load.messages,
    };
  });
}

async function measureCosts(name: Name, load: Load): Promise<Costs> {
  return withGateway(name, async (gateway, relay, directory) => {
    const memory = new PeakMemory(gateway.pid);
    await relay(load);
    const peakBytes = memory.stop();
    const counter = await SyncCounter.start(gateway.pid, directory);
    const counted = { ...load, messages: Math.min(load.messages, 2_000) };
    await relay(counted);
    return { peakBytes, syncsPerMessage: (await counter.stop()) / counted.messages };
  });
}

/** The largest memory of a process tree, looked at twice a second. */
class PeakMemory {
  #peak: number;
  readonly #pid: number;
  readonly #timer: NodeJS.Timeout;

  constructor(pid: number) {
    this.#pid = pid;
    this.#peak = memoryBytes(pid);
    this.#timer = setInterval(() => this.#look(), 500);
  }

  stop(): number {
    clearInterval(this.#timer);
    this.#look();
    return this.#peak;
  }

  #look(): void {
    this.#peak = Math.max(this.#peak, memoryBytes(this.#pid));
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

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}

function row(name: string, all: readonly Figures[], costs: Costs | undefined): string {
  const middle = (pick: (figures: Figures) => number): number => median(all.map(pick));
  return [
    name.padEnd(9),
    middle(f => f.messagesPerS)
      .toFixed(0)
      .padStart(12),
    `${Math.min(...all.map(f => f.messagesPerS)).toFixed(0)}…${Math.max(...all.map(f => f.messagesPerS)).toFixed(0)}`.padStart(
      14,
    ),
    middle(f => f.acceptedPerS)
      .toFixed(0)
      .padStart(12),
    (1_000 * middle(f => f.cpuMsPerMessage)).toFixed(0).padStart(12),
    ((costs?.peakBytes ?? 0) / 1_048_576).toFixed(0).padStart(10),
    (costs?.syncsPerMessage.toFixed(3) ?? '-').padStart(14),
  ].join('  ');
}

async function main(): Promise<number> {
  const load = {
    messages: Number(values.messages),
    senders: Number(values.senders),
    sizeBytes: Number(values.size),
  };
  const names = chosen(values.only);
  for (const tool of [
    ...(values.tls ? [] : ['smtp-source', 'smtp-sink']),
    'strace',
    ...(names.includes('postfix') ? ['postfix'] : []),
  ])
    need(tool);
  const rounds: Partial<Record<Name, Figures>>[] = [];
  for (let round = 1; round <= Number(values.rounds); round++) {
    const figures: Partial<Record<Name, Figures>> = {};
    // Who goes first changes, so that neither always finds the machine warm.
    for (const name of round % 2 === 1 ? names : names.toReversed()) {
      figures[name] = await measure(name, shareOf(name, load));
      say(`round ${round}: ${name} ${figures[name].messagesPerS.toFixed(0)} messages/s`);
    }
    rounds.push(figures);
  }
  const costs: Partial<Record<Name, Costs>> = {};
  for (const name of names) costs[name] = await measureCosts(name, shareOf(name, load));
  const ratios = new Map<Name, readonly number[]>();
  for (const name of names) if (name !== 'postern') ratios.set(name, ratiosTo(name, rounds));
  if (values.json) {
    console.log(
      JSON.stringify({
        load,
        tls: values.tls,
        rounds,
        costs,
        ratios: Object.fromEntries([...ratios].map(([name, all]) => [name, median(all)])),
      }),
    );
    return 0;
  }
  console.log(
    `\n${load.messages} messages of ${load.sizeBytes} bytes, ${load.senders} senders${values.tls ? ', TLS on both sides' : ''}, medians of ${rounds.length} rounds`,
  );
  console.log(
    'gateway     delivered/s           range    accepted/s    CPU µs/msg    peak MiB   syncs/message',
  );
  for (const name of names) {
    const all = rounds.flatMap(round => round[name] ?? []);
    console.log(row(name, all, costs[name]));
  }
  for (const [name, all] of ratios)
    if (all.length > 0)
      console.log(
        `Postern relays ${median(all).toFixed(1)} times as much as ${name} (rounds: ${all.map(r => r.toFixed(1)).join(', ')}).`,
      );
  return 0;
}

/** How much more Postern relayed, in each round that both had. */
function ratiosTo(name: Name, rounds: readonly Partial<Record<Name, Figures>>[]): readonly number[] {
  return rounds.flatMap(({ postern, [name]: other }) =>
    postern && other ? [postern.messagesPerS / other.messagesPerS] : [],
  );
}

/** Postern goes with Postfix by default where there is TLS, for the others have no part in that; else all go. */
function chosen(only: string | undefined): readonly Name[] {
  if (only === undefined) return values.tls ? ['postfix', 'postern'] : [...allNames];
  return only.split(',').map(text => {
    const name = allNames.find(each => each === text);
    if (name === undefined) throw new Error(`--only takes some of ${allNames.join(', ')}, not "${text}".`);
    return name;
  });
}

/** The slower ones relay fewer messages, so that a round ends in time. */
function shareOf(name: Name, load: Load): Load {
  return name === 'postern' || name === 'postfix'
    ? load
    : { ...load, messages: Math.ceil(load.messages / 8) };
}

function need(tool: string): void {
  try {
    execFileSync('sh', ['-c', 'command -v "$0"', tool], { stdio: 'ignore' });
  } catch {
    throw new Error(`${tool} is missing: on Debian, apt-get install postfix strace.`);
  }
}

function say(text: string): void {
  if (!values.json) console.log(text);
}

process.exitCode = await main();
