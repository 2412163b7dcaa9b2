import type { NetworkError } from '../../src/decision/egress/observation.ts';
import type {
  Clock,
  Connection,
  DatagramSocket,
  Listener,
  Network,
  QueueStore,
  Result,
  Timer,
  TraceStore,
} from '../../src/runtime/ports.ts';
import type { SimClock } from './sim-clock.ts';
import type { SimHost } from './sim-host.ts';
import { Lane, Lanes } from './sim-lanes.ts';
import { ProcessConnection, type Treatment } from './sim-process-connection.ts';
import { SimTcp } from './sim-tcp.ts';

/**
 * One life of a program on a simulated host. `kill` is SIGKILL: its timers never fire, its sockets are closed by the
 * kernel as they stand, nobody listens any more, and what it still asks for is never answered. A new life on the same
 * host is a new process.
 *
 * All that happens to it, and all that it does, is a step; it can be killed before any of them.
 */
export class SimProcess {
  readonly clock: Clock;
  readonly network: Network;
  /** Called once, at its death. */
  onDeath: () => void = () => {};
  steps = 0;
  /** How often somebody called at its listeners, and of its steps those in which a caller was heard. */
  calls = 0;
  heard = 0;
  /** Timers that it has set and that are still to come. */
  timers = 0;
  #alive = true;
  #lastStep = Number.POSITIVE_INFINITY;
  readonly #treatment: Treatment;
  readonly #lanes: Lanes;
  readonly #sockets = new Set<SimTcp>();
  readonly #open = new Set<{ close(): unknown }>();

  constructor(host: SimHost, clock: SimClock, treatment: Treatment = {}) {
    this.#treatment = treatment;
    this.#lanes = new Lanes(
      clock,
      () => treatment.lateness?.() ?? 0,
      () => this.takesStep(),
    );
    this.clock = this.#mortalClock(clock);
    this.network = this.#mortalNetwork(host);
  }

  get alive(): boolean {
    return this.#alive;
  }

  kill(): void {
    if (!this.#alive) return;
    this.#alive = false;
    for (const socket of this.#sockets) socket.bereave();
    for (const each of this.#open) each.close();
    this.#sockets.clear();
    this.#open.clear();
    this.onDeath();
  }

  /** It dies before the step that comes after so many more. */
  killAfter(steps: number): void {
    this.#lastStep = this.steps + steps;
  }

  /** SIGSTOP: nothing reaches it until `goOn`. */
  stop(): void {
    this.#lanes.stop();
  }

  goOn(): void {
    this.#lanes.goOn();
  }

  /** Counts a step; false: it is dead, and the step is not taken. */
  takesStep(): boolean {
    if (this.#alive && this.steps >= this.#lastStep) this.kill();
    if (this.#alive) this.steps += 1;
    return this.#alive;
  }

  /** The same store, whose calls are steps, and whose answers come as all that happens to the process. */
  mortalStore(store: QueueStore): QueueStore {
    return new Proxy(store, {
      get: (target, key) => {
        const member: unknown = Reflect.get(target, key, target);
        if (typeof member !== 'function' || key === 'space') return bound(member, target);
        return (...values: unknown[]) => {
          if (!this.takesStep()) return new Promise(() => {});
          return this.#answer(Promise.resolve(member.apply(target, values)));
        };
      },
    });
  }

  mortalTrace(trace: TraceStore): TraceStore {
    return {
      record: event => {
        if (this.#alive) trace.record(event);
      },
      find: (idOrAddress, limit) => this.#answer(trace.find(idOrAddress, limit)),
      onPutAside: hear => trace.onPutAside(hear),
      close: () => trace.close(),
    };
  }

  #mortalClock(clock: SimClock): Clock {
    const timer = (ms: number, fire: () => void): Timer => {
      let waits = true;
      const over = (): boolean => {
        if (!waits) return false;
        waits = false;
        this.timers -= 1;
        return true;
      };
      this.timers += 1;
      const inner = clock.timer(ms, () =>
        this.#lanes.deliver(new Lane(), () => {
          if (over()) fire();
        }),
      );
      return {
        cancel: () => {
          over();
          inner.cancel();
        },
      };
    };
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
        if (!this.takesStep()) return new Promise(() => {});
        const connecting = host.connect(target);
        // What connects as the process dies is closed by the kernel.
        void connecting.then(result => {
          if (!result.ok || !(result.value instanceof SimTcp)) return;
          if (this.#alive) this.#adopt(result.value);
          else result.value.bereave();
        });
        const result = await this.#answer(connecting);
        return result.ok ? { ok: true, value: this.#held(result.value) } : result;
      },
      listen: (address, port, accept) =>
        this.#closedAtDeath<Listener>(
          host.listen(address, port, connection => {
            if (!this.#alive) return connection.destroy();
            if (connection instanceof SimTcp) this.#adopt(connection);
            this.#lanes.deliver(new Lane(), () => accept(this.#called(connection)));
          }),
        ),
      datagrams: async (source, family, port) =>
        this.#hearing(await this.#closedAtDeath(host.datagrams(source, family, port))),
      addresses: () => host.addresses(),
      watchHost: changed => {
        const watch = host.watchHost(() => this.#lanes.deliver(new Lane(), changed));
        this.#open.add(watch);
        return watch;
      },
      routeOf: source => this.#answer(host.routeOf(source)),
      packetSizes: source => this.#answer(host.packetSizes(source)),
    };
  }

  #held(connection: Connection): ProcessConnection {
    return new ProcessConnection(connection, this, this.#lanes, this.#treatment);
  }

  #called(connection: Connection): Connection {
    const held = this.#held(connection);
    this.calls += 1;
    held.onHeard = () => {
      this.heard += 1;
    };
    return held;
  }

  #hearing(result: Result<DatagramSocket, NetworkError>): Result<DatagramSocket, NetworkError> {
    if (!result.ok) return result;
    const socket = result.value;
    let closed = false;
    const value: DatagramSocket = {
      port: socket.port,
      handle: message =>
        socket.handle((datagram, from) =>
          this.#lanes.deliver(new Lane(), () => {
            if (!closed) message(datagram, from);
          }),
        ),
      send: (datagram, to) => {
        if (this.takesStep()) socket.send(datagram, to);
      },
      close: () => {
        closed = true;
        socket.close();
      },
    };
    return { ok: true, value };
  }

  #adopt(socket: SimTcp): void {
    for (const each of this.#sockets) if (each.gone) this.#sockets.delete(each);
    this.#sockets.add(socket);
  }

  /** What opens as the process dies is closed by the kernel. */
  #closedAtDeath<Thing extends { close(): unknown }>(
    opening: Promise<Result<Thing, NetworkError>>,
  ): Promise<Result<Thing, NetworkError>> {
    void opening.then(result => {
      if (!result.ok) return;
      if (this.#alive) this.#open.add(result.value);
      else result.value.close();
    });
    return this.#answer(opening);
  }

  /** A dead process gets no answers. */
  #answer<Value>(promise: Promise<Value>): Promise<Value> {
    return new Promise((resolve, reject) => {
      promise.then(
        value => this.#lanes.deliver(new Lane(), () => resolve(value)),
        (error: unknown) => this.#lanes.deliver(new Lane(), () => reject(error)),
      );
    });
  }
}

function bound(member: unknown, target: object): unknown {
  return typeof member === 'function' ? member.bind(target) : member;
}
