import type { NetworkError } from '../../src/decision/egress/observation.ts';
import type {
  Clock,
  Connection,
  DatagramSocket,
  Listener,
  Network,
  Result,
  Timer,
} from '../../src/runtime/ports.ts';
import type { SimHost } from './sim-host.ts';
import { SimTcp } from './sim-tcp.ts';

/**
 * One life of a program on a simulated host. `kill` is SIGKILL: its timers never fire, its sockets are closed by the
 * kernel as they stand, nobody listens any more, and what it still asks for is never answered. A new life on the same
 * host is a new process.
 */
export class SimProcess {
  readonly clock: Clock;
  readonly network: Network;
  #alive = true;
  readonly #sockets = new Set<SimTcp>();
  readonly #open = new Set<{ close(): unknown }>();

  constructor(host: SimHost, clock: Clock) {
    this.clock = this.#mortalClock(clock);
    this.network = this.#mortalNetwork(host);
  }

  kill(): void {
    this.#alive = false;
    for (const socket of this.#sockets) socket.bereave();
    for (const each of this.#open) each.close();
    this.#sockets.clear();
    this.#open.clear();
  }

  #mortalClock(clock: Clock): Clock {
    const timer = (ms: number, fire: () => void): Timer =>
      clock.timer(ms, () => {
        if (this.#alive) fire();
      });
    return {
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      timer,
      sleep: (ms, signal) => this.#answer(clock.sleep(ms, signal)),
    };
  }

  #mortalNetwork(host: SimHost): Network {
    return {
      connect: async target => {
        const connecting = host.connect(target);
        // What connects as the process dies is closed by the kernel.
        void connecting.then(result => {
          if (!this.#alive && result.ok && result.value instanceof SimTcp) result.value.bereave();
        });
        return this.#keep(await this.#answer(connecting));
      },
      listen: async (address, port, accept) => {
        const listening = await this.#answer(
          host.listen(address, port, connection => {
            if (!this.#alive) return;
            this.#adopt(connection);
            accept(connection);
          }),
        );
        return this.#closeAtDeath<Listener>(listening);
      },
      datagrams: async (source, family, port) =>
        this.#closeAtDeath<DatagramSocket>(await this.#answer(host.datagrams(source, family, port))),
      addresses: () => host.addresses(),
      watchHost: changed => {
        const watch = host.watchHost(() => {
          if (this.#alive) changed();
        });
        this.#open.add(watch);
        return watch;
      },
      routeOf: source => this.#answer(host.routeOf(source)),
      packetSizes: source => this.#answer(host.packetSizes(source)),
    };
  }

  #keep(result: Result<Connection, NetworkError>): Result<Connection, NetworkError> {
    if (result.ok) this.#adopt(result.value);
    return result;
  }

  #adopt(connection: Connection): void {
    if (!(connection instanceof SimTcp)) return;
    for (const each of this.#sockets) if (each.gone) this.#sockets.delete(each);
    this.#sockets.add(connection);
  }

  #closeAtDeath<Thing extends { close(): unknown }>(
    result: Result<Thing, NetworkError>,
  ): Result<Thing, NetworkError> {
    if (result.ok) this.#open.add(result.value);
    return result;
  }

  /** A dead process gets no answers. */
  #answer<Value>(promise: Promise<Value>): Promise<Value> {
    return new Promise((resolve, reject) => {
      promise.then(
        value => {
          if (this.#alive) resolve(value);
        },
        (error: unknown) => {
          if (this.#alive) reject(error);
        },
      );
    });
  }
}
