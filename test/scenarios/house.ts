import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Settings } from '../../src/config/settings.ts';
import type { ListenerSetting } from '../../src/decision/admission/listener.ts';
import type { UplinkSetting } from '../../src/decision/egress/egress.ts';
import { Gateway } from '../../src/runtime/gateway.ts';
import { realNetwork } from '../../src/runtime/net/real-network.ts';
import { realWeb } from '../../src/runtime/net/real-web.ts';
import type { QueueStore, Result, TraceStore } from '../../src/runtime/ports.ts';
import { openSqliteStore } from '../../src/runtime/queue/sqlite-store.ts';
import { openTraceStore } from '../../src/runtime/queue/trace-store.ts';
import { realClock, realRandom } from '../../src/runtime/real-clock.ts';
import { realFiles } from '../../src/runtime/real-files.ts';
import { realProcesses } from '../../src/runtime/real-processes.ts';
import { type RunningNameServer, startNameServer } from '../../src/surface/demo/name-server.ts';
import { identityByTable, type RunningReceiver, startReceiver } from '../../src/surface/demo/receiver.ts';
import { plainUplink, primaryDomain } from '../settings.ts';
import { type Letter, type Submission, submit } from './smtp-client.ts';

/** Our two uplinks on loopback. */
export const isp1 = { name: 'isp1', address: '127.0.0.2', ehlo: 'mail.example.com' } as const;
export const isp2 = { name: 'isp2', address: '127.0.0.3', ehlo: 'mail2.example.com' } as const;

const zone = {
  'remote.example MX': ['10 mx.remote.example'],
  'mx.remote.example A': ['127.0.0.10'],
};

/**
 * The real gateway with its real store over real sockets on loopback, a name server, one strict receiver for the world
 * (`remote.example`) and the mail store of `example.com`. Everything is closed and removed by `close`.
 */
export class House {
  readonly network = realNetwork();
  readonly stateDir: string;
  /** Takes the mail of `remote.example`. */
  readonly remote: RunningReceiver;
  /** Takes the mail of `example.com`, behind us. */
  readonly mailStore: RunningReceiver;
  readonly #nameServer: RunningNameServer;
  #life: Life | null = null;

  private constructor(
    stateDir: string,
    remote: RunningReceiver,
    mailStore: RunningReceiver,
    names: RunningNameServer,
  ) {
    this.stateDir = stateDir;
    this.remote = remote;
    this.mailStore = mailStore;
    this.#nameServer = names;
  }

  /** All but the gateway; `open` starts it. */
  static async build(): Promise<House> {
    const network = realNetwork();
    const forward = { [isp1.ehlo]: [isp1.address], [isp2.ehlo]: [isp2.address] };
    const reverse = { [isp1.address]: [isp1.ehlo], [isp2.address]: [isp2.ehlo] };
    const identity = identityByTable(forward, reverse);
    const common = { port: 0, clock: realClock };
    const remote = must(
      await startReceiver(network, { ...common, address: '127.0.0.10', name: 'mx.remote.example', identity }),
    );
    const mailStore = must(
      await startReceiver(network, { ...common, address: '127.0.0.20', name: 'store.example.com' }),
    );
    const names = must(
      await startNameServer(network, { address: '127.0.0.1', port: 0, zone, clock: realClock }),
    );
    const stateDir = await mkdtemp(join(tmpdir(), 'postern-scenario-'));
    return new House(stateDir, remote, mailStore, names);
  }

  /** Starts the gateway on what the state directory holds; `change` makes other settings of the usual ones. */
  async open(change: (usual: Settings) => Settings = usual => usual): Promise<void> {
    const store = must(await openSqliteStore({ directory: this.stateDir }));
    const trace = must(await openTraceStore({ directory: this.stateDir }));
    const outside = { files: realFiles(), processes: realProcesses(), web: realWeb() };
    const ports = { clock: realClock, random: realRandom, network: this.network, store, trace, ...outside };
    const started = await Gateway.start(ports, change(this.#settings()));
    if (!started.ok) {
      await store.close();
      await trace.close();
      throw new Error(started.error);
    }
    this.#life = { gateway: started.value, store, trace };
  }

  /** Ends the gateway as SIGTERM would. */
  async shut(): Promise<void> {
    const life = this.#life;
    this.#life = null;
    await life?.gateway.stop();
    await life?.store.close();
    await life?.trace.close();
  }

  async close(): Promise<void> {
    await this.shut();
    await Promise.all([this.remote.close(), this.mailStore.close(), this.#nameServer.close()]);
    await rm(this.stateDir, { recursive: true, force: true });
  }

  get gateway(): Gateway {
    if (!this.#life) throw new Error('The gateway of this house is shut.');
    return this.#life.gateway;
  }

  /** As a client of our own network does, by the `relay` listener, or as the world does, by the `mx` one. */
  submit(letter: Letter, role: 'relay' | 'mx' = 'relay'): Promise<Submission> {
    const listener = this.gateway.listeners().find(each => each.role === role);
    if (!listener) throw new Error(`There is no ${role} listener.`);
    return submit(this.network, { address: listener.address, port: listener.port }, letter);
  }

  /** What became of one message, as `trace` tells it: events in order. */
  async traceOf(reversePath: string): Promise<string[]> {
    const events = await this.gateway.trace.find(reversePath, 1_000);
    return events.map(({ event }) => event);
  }

  #settings(): Settings {
    const uplink = (each: typeof isp1 | typeof isp2, preference: number): UplinkSetting => ({
      name: each.name,
      preference,
      weight: 1,
      dns: [],
      probe: [],
      ...plainUplink,
      health: { intervalMs: 10_000, suspectIntervalMs: 1_000, timeoutMs: 4_000, proveMs: 10_000 },
      egresses: [
        {
          id: `${each.name}/${each.address}`,
          uplink: each.name,
          ehlo: each.ehlo,
          family: 4,
          address: each.address,
          interface: null,
          publicAddress: null,
        },
      ],
    });
    const listener = (role: 'mx' | 'relay', name: string): ListenerSetting => ({
      // One listener an address: both take a free port.
      address: role === 'relay' ? '127.0.0.1' : '127.0.0.4',
      port: 0,
      role,
      name,
      publicAddress: null,
      bareNewline: 'refuse',
      allowPublic: false,
      tls: null,
    });
    return {
      hostname: 'mail.example.com',
      stateDir: this.stateDir,
      uplinks: [uplink(isp1, 10), uplink(isp2, 20)],
      listeners: [listener('relay', 'mail.example.com'), listener('mx', 'mx1.example.com')],
      domains: [primaryDomain('example.com', this.mailStore.address, this.mailStore.port)],
      relay: { fromNetworks: ['127.0.0.0/8'] },
      dnsServers: [{ address: '127.0.0.1', port: this.#nameServer.port, uplink: null, trustAd: false }],
      delivery: { port: this.remote.port, doubtWaitMs: 600_000 },
      queue: { expireMs: 432_000_000, delayNoticeMs: 14_400_000 },
      limits: { messageSizeBytes: 50_000_000, recipients: 1_000, connections: 2_000, perClient: 50 },
      routes: [],
      notify: [],
      drill: null,
      http: null,
      log: { level: 'info', format: 'json', file: null },
    };
  }
}

type Life = { readonly gateway: Gateway; readonly store: QueueStore; readonly trace: TraceStore };

/** Waits until `reached` holds; what never comes fails by the test's own limit, with `what` in words. */
export async function eventually(what: string, reached: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 20_000;
  while (!(await reached())) {
    if (performance.now() > end) throw new Error(`This never came: ${what}.`);
    await sleep(10);
  }
}

/** For what cannot fail on a sound machine. */
function must<Value, Failure>(result: Result<Value, Failure>): Value {
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
}
