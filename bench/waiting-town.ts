import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../lab/loopback/free-port.ts';
import { realNetwork } from '../src/runtime/net/real-network.ts';
import { realClock } from '../src/runtime/real-clock.ts';
import { startNameServer } from '../src/surface/demo/name-server.ts';
import { startReceiver } from '../src/surface/demo/receiver.ts';
import { SteadySender } from '../src/surface/demo/steady-sender.ts';
import { fillDeferredQueue } from './deferred-queue.ts';
import { type Spread, spread } from './spread.ts';
import { memoryOfTree } from './tree-memory.ts';

const postern = join(import.meta.dirname, '../bin/postern');
const network = realNetwork();
const silentAddresses = Array.from({ length: 20 }, (_, place) => `127.2.0.${place + 1}`);

export type WaitingMail = {
  readonly recipients: number;
  readonly domains: number;
  /** Of the domains; their hosts take the connection and say nothing. The others' refuse. */
  readonly silentPercent: number;
};

/** Accept to deliver of new mail, in ms; `late`: taken and not delivered. */
export type Delays = Spread & { readonly taken: number; readonly late: number };

/**
 * The real gateway on a queue of mail for dead domains, all of it due, among a name server, hosts that are dead in two
 * ways, and one live receiver. Failures are thrown.
 */
export class WaitingTown {
  readonly directory: string;
  readonly arrivedAt = new Map<string, number>();
  readonly acceptedAt = new Map<string, number>();
  readonly #ports: { readonly smtp: number; readonly listen: number };
  readonly #closing: (() => unknown)[] = [];
  #gateway: ChildProcess | null = null;
  #senders = 0;

  private constructor(directory: string, ports: { smtp: number; listen: number }) {
    this.directory = directory;
    this.#ports = ports;
  }

  static async build(mail: WaitingMail): Promise<WaitingTown> {
    const directory = await mkdtemp(join(tmpdir(), 'postern-bench-waiting-'));
    const town = new WaitingTown(directory, { smtp: await freePort(), listen: await freePort() });
    const state = join(directory, 'state');
    await mkdir(state);
    await fillDeferredQueue(state, mail.recipients, mail.domains, 'dead.example');
    await town.#populate(mail, state);
    return town;
  }

  /** Memory of the gateway's process tree now, in bytes. */
  get memory(): number {
    return memoryOfTree(this.#gateway?.pid ?? 0).aloneBytes;
  }

  /** Starts the gateway; it may be asked when a sender has had its first 250. */
  start(): void {
    const log = openSync(join(this.directory, 'postern.log'), 'a');
    const config = join(this.directory, 'postern.yaml');
    this.#gateway = spawn(postern, ['serve', '--config', config], { stdio: ['ignore', log, log] });
  }

  async kill(): Promise<void> {
    const child = this.#gateway;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  /** New mail for the live receiver, a message each `intervalMs`; resolves when the first is taken. */
  async send(intervalMs: number): Promise<SteadySender> {
    const name = ++this.#senders;
    const sender = new SteadySender({
      network,
      clock: realClock,
      target: { address: '127.0.0.1', port: this.#ports.listen },
      source: null,
      ehlo: 'client.example.com',
      compose: n => {
        const messageId = `<${n}.${name}@example.com>`;
        const content = Buffer.from(`Message-ID: ${messageId}\r\nSubject: ${n}\r\n\r\nHello.\r\n`);
        return { messageId, mailFrom: 'user@example.com', rcptTo: ['someone@live.example'], content };
      },
      onAccepted: (messageId, at) => this.acceptedAt.set(messageId, at),
    });
    sender.start(intervalMs);
    while (sender.accepted === 0) {
      if (this.#gateway?.exitCode !== null) throw new Error(await this.log());
      await sleep(20);
    }
    return sender;
  }

  /** Waits until all new mail has arrived, half a minute at most. */
  async settled(): Promise<void> {
    const missing = (): boolean => [...this.acceptedAt.keys()].some(id => !this.arrivedAt.has(id));
    for (let waited = 0; waited < 300 && missing(); waited += 1) await sleep(100);
  }

  delays(): Delays {
    const all = [...this.acceptedAt].flatMap(([id, at]) => {
      const arrived = this.arrivedAt.get(id);
      return arrived === undefined ? [] : [arrived - at];
    });
    const taken = this.acceptedAt.size;
    return { taken, late: taken - all.length, ...spread(all) };
  }

  log(): Promise<string> {
    return readFile(join(this.directory, 'postern.log'), 'utf8');
  }

  async close(keep = false): Promise<void> {
    await this.kill();
    for (const close of this.#closing) await close();
    if (!keep) await rm(this.directory, { recursive: true, force: true });
  }

  async #populate(mail: WaitingMail, state: string): Promise<void> {
    const { smtp, listen } = this.#ports;
    const names = must(
      await startNameServer(network, {
        address: '127.0.0.8',
        port: 0,
        clock: realClock,
        ttlS: 3_600,
        zone: deadZone(mail),
      }),
    );
    const silent = await silentHosts(smtp);
    const receiver = must(
      await startReceiver(network, {
        address: '127.0.0.9',
        port: smtp,
        name: 'mx.live.example',
        clock: realClock,
        onDelivery: ({ messageId, at }) => void this.arrivedAt.set(messageId ?? '', at),
      }),
    );
    this.#closing.push(
      () => names.close(),
      () => receiver.close(),
      () => silent.forEach(server => server.close()),
    );
    await writeFile(
      join(this.directory, 'postern.yaml'),
      `hostname: mail.example.com
state_dir: ${state}
uplinks:
  - { name: isp1, ehlo: mail.example.com, source: [127.0.0.2], preference: 10 }
  - { name: isp2, ehlo: mail2.example.com, source: [127.0.0.3], preference: 20 }
listeners:
  - { address: "127.0.0.1:${listen}", role: relay }
relay: { from_networks: [127.0.0.0/8] }
dns: { servers: ["127.0.0.8:${names.port}"] }
delivery: { port: ${smtp} }
`,
    );
  }
}

function must<Value>(result: { ok: true; value: Value } | { ok: false; error: unknown }): Value {
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
}

/** Silent domains are on a few addresses; each of the others has an address that refuses. */
function deadZone({ domains, silentPercent }: WaitingMail): Record<string, readonly string[]> {
  const zone: Record<string, readonly string[]> = {
    'live.example MX': ['10 mx.live.example'],
    'mx.live.example A': ['127.0.0.9'],
  };
  for (let n = 0; n < domains; n++) {
    const address =
      n % 100 < silentPercent
        ? (silentAddresses[n % silentAddresses.length] ?? '')
        : `127.1.${Math.floor(n / 250) % 250}.${(n % 250) + 1}`;
    zone[`d${n}.dead.example MX`] = [`10 mx.d${n}.dead.example`];
    zone[`mx.d${n}.dead.example A`] = [address];
  }
  return zone;
}

async function silentHosts(port: number): Promise<readonly Server[]> {
  return Promise.all(
    silentAddresses.map(async address => {
      const server = createServer(socket => socket.on('error', () => socket.destroy()).resume());
      server.listen(port, address);
      await once(server, 'listening');
      return server.unref();
    }),
  );
}
