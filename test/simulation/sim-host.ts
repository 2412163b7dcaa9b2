import { isIP } from 'node:net';
import type { NetworkError } from '../../src/decision/egress/observation.ts';
import type {
  Connection,
  ConnectTarget,
  DatagramSocket,
  Listener,
  Network,
  PacketSizes,
  PresentAddress,
  Result,
  RouteOfSource,
} from '../../src/runtime/ports.ts';
import type { SimInternet } from './sim-internet.ts';
import type { CutKind, SimLink } from './sim-link.ts';
import type { Endpoint, Packet, Segment } from './sim-packet.ts';
import { networkError, SimTcp } from './sim-tcp.ts';

/** One address of a host: what it binds, what the world sees, and the link that carries it. */
export type SimInterface = {
  readonly name: string;
  readonly address: string;
  readonly publicAddress: string;
  readonly link: SimLink;
};

type Datagrams = { receive: ((datagram: Buffer, from: Endpoint) => void) | null };

/**
 * One host on the simulated Internet, with the policy routing that Postern asks for: packets leave by the link that
 * carries their source address. It is the Network port of whatever program runs on it.
 */
export class SimHost implements Network {
  readonly name: string;
  readonly #internet: SimInternet;
  readonly #interfaces: SimInterface[] = [];
  readonly #sockets = new Map<string, SimTcp>();
  readonly #listeners = new Map<string, (connection: Connection) => void>();
  readonly #datagrams = new Map<string, Datagrams>();
  readonly #watchers = new Set<() => void>();
  #watchersWait = false;
  #nextPort = 32_768;

  constructor(name: string, internet: SimInternet) {
    this.name = name;
    this.#internet = internet;
  }

  /** Gives the host an address. The first interface carries packets without a source address. */
  attach(name: string, address: string, link: SimLink, publicAddress: string = address): this {
    const added = { name, address, publicAddress, link };
    this.#interfaces.push(added);
    this.#internet.claim(publicAddress, { host: this, link, inside: address });
    return this;
  }

  /** Cuts the named link, or heals it with null. Those who watch the host hear of it where a host can see it. */
  cut(link: SimLink, kind: CutKind | null): void {
    const before = link.listed;
    this.#internet.note(`${this.name} ${link.name} ${kind ?? 'healed'}`);
    link.setCut(kind);
    if (link.listed !== before) this.#tellWatchers();
  }

  /** How many TCP sockets the kernel keeps, those without an owner among them: a leak shows here. */
  get sockets(): number {
    return this.#sockets.size;
  }

  get listening(): number {
    return this.#listeners.size;
  }

  // The Network port.

  async connect(target: ConnectTarget): Promise<Result<Connection, NetworkError>> {
    const { clock } = this.#internet;
    const remote = { address: target.address, port: target.port };
    const source = target.source ?? this.#defaultSource(target.address);
    if (target.signal?.aborted) return { ok: false, error: networkError('aborted') };
    if (source === null) return { ok: false, error: networkError('network_unreachable') };
    if (!this.#bindable(source)) {
      await clock.sleep(3);
      return { ok: false, error: networkError('address_absent') };
    }
    return new Promise(resolve => {
      const settle = (result: Result<Connection, NetworkError>): void => {
        deadline.cancel();
        target.signal?.removeEventListener('abort', abort);
        resolve(result);
      };
      const giveUp = (kind: 'aborted' | 'timeout'): void => {
        socket.abandonConnect();
        settle({ ok: false, error: networkError(kind) });
      };
      const abort = (): void => giveUp('aborted');
      const deadline = clock.after(target.timeoutMs, () => giveUp('timeout'));
      const local = { address: source, port: this.#freePort(source, this.#sockets) };
      const socket = this.#open(local, remote, 'client', error =>
        settle(error ? { ok: false, error } : { ok: true, value: socket }),
      );
      target.signal?.addEventListener('abort', abort, { once: true });
    });
  }

  async listen(
    address: string,
    port: number,
    accept: (connection: Connection) => void,
  ): Promise<Result<Listener, NetworkError>> {
    if (!this.#bindable(address) && !isUnspecified(address))
      return { ok: false, error: networkError('address_absent') };
    const taken = port === 0 ? this.#freePort(address, this.#listeners) : port;
    const key = keyOf({ address, port: taken });
    if (this.#listeners.has(key))
      return { ok: false, error: { kind: 'other', message: `${address}:${taken} is in use` } };
    this.#listeners.set(key, accept);
    return {
      ok: true,
      value: {
        address,
        port: taken,
        close: async () => {
          this.#listeners.delete(key);
        },
      },
    };
  }

  async datagrams(
    source: string | null,
    family: 4 | 6,
    port = 0,
  ): Promise<Result<DatagramSocket, NetworkError>> {
    const address = source ?? (family === 4 ? '0.0.0.0' : '::');
    if (!this.#bindable(address) && !isUnspecified(address))
      return { ok: false, error: networkError('address_absent') };
    const taken = port === 0 ? this.#freePort(address, this.#datagrams) : port;
    const key = keyOf({ address, port: taken });
    if (this.#datagrams.has(key))
      return { ok: false, error: { kind: 'other', message: `${address}:${taken} is in use` } };
    const socket: Datagrams = { receive: null };
    this.#datagrams.set(key, socket);
    return {
      ok: true,
      value: {
        port: taken,
        handle(message) {
          socket.receive = message;
        },
        send: (datagram, to) => {
          if (this.#datagrams.get(key) !== socket) return;
          const from = isUnspecified(address) ? this.#defaultSource(to.address) : address;
          if (from === null) return;
          this.#send({
            protocol: 'udp',
            from: { address: from, port: taken },
            to,
            payload: Buffer.from(datagram),
          });
        },
        close: () => {
          this.#datagrams.delete(key);
        },
      },
    };
  }

  addresses(): readonly PresentAddress[] {
    const listed = this.#interfaces.filter(({ link }) => link.listed);
    return [
      { interface: 'lo', address: '127.0.0.1', family: 4, temporary: false },
      ...listed.map(({ name, address }) => ({
        interface: name,
        address,
        family: familyOf(address),
        temporary: false,
      })),
    ];
  }

  watchHost(changed: () => void): { close(): void } {
    this.#watchers.add(changed);
    return { close: () => this.#watchers.delete(changed) };
  }

  async routeOf(source: string): Promise<RouteOfSource | null> {
    const sound = { gateway: null, ruled: false, table: null, fallback: true, unreachable: false };
    if (isLoopback(source)) return { ...sound, interface: 'lo', device: 'lo' };
    const own = this.#interfaces.find(({ address }) => address === source);
    if (!own || own.link.cut === 'address taken away') return null;
    const { name, link } = own;
    const down = link.cut === 'interface down';
    const unreachable = link.cut === 'interface down, unreachable default';
    const other = this.#interfaces.find(({ link: others }) => others.listed)?.name ?? null;
    const device = unreachable ? null : down ? other : name;
    return { ...sound, interface: name, device, ruled: true, table: name, fallback: !down, unreachable };
  }

  /** Routers tell nothing here, so a path is as wide as its first link. */
  async packetSizes(source: string): Promise<PacketSizes | null> {
    const own = this.#interfaces.find(({ address }) => address === source);
    return own === undefined ? null : { interface: own.name, link: 1_500, path: 1_500 };
  }

  // What the wire brings.

  arrive(packet: Packet): void {
    if (packet.protocol === 'udp') {
      const { address, port } = packet.to;
      const socket =
        this.#datagrams.get(keyOf(packet.to)) ??
        this.#datagrams.get(keyOf({ address: address.includes(':') ? '::' : '0.0.0.0', port }));
      socket?.receive?.(packet.payload, packet.from);
      return;
    }
    const { segment } = packet;
    const socket = this.#sockets.get(pairOf(packet.to, packet.from));
    if (socket) socket.arrive(segment);
    else if (segment.syn && !segment.ack) this.#answerSyn(packet);
    else if (!segment.rst) this.#answerUnknown(packet, segment);
  }

  #answerSyn(packet: Packet): void {
    const { address, port } = packet.to;
    const accept =
      this.#listeners.get(keyOf(packet.to)) ??
      this.#listeners.get(keyOf({ address: address.includes(':') ? '::' : '0.0.0.0', port }));
    if (!accept) {
      this.#reset(packet);
      return;
    }
    const socket = this.#open(packet.to, packet.from, 'server', error => {
      if (!error) accept(socket);
    });
  }

  /** An end that is over acknowledges a repeated FIN; anything else for nobody is answered by a reset. */
  #answerUnknown(packet: Packet, segment: Segment): void {
    if (!segment.fin || segment.payload.length > 0) {
      this.#reset(packet);
      return;
    }
    const answer = {
      ...segment,
      fin: false,
      sequence: segment.acknowledged,
      acknowledged: segment.sequence + 1,
    };
    this.#send({ protocol: 'tcp', from: packet.to, to: packet.from, segment: answer });
  }

  #reset(packet: Packet): void {
    const segment = {
      syn: false,
      ack: true,
      fin: false,
      rst: true,
      sequence: 0,
      acknowledged: 0,
      window: 0,
      payload: Buffer.alloc(0),
    };
    this.#send({ protocol: 'tcp', from: packet.to, to: packet.from, segment });
  }

  #open(
    local: Endpoint,
    remote: Endpoint,
    role: 'client' | 'server',
    opened: (error: NetworkError | null) => void,
  ): SimTcp {
    const key = pairOf(local, remote);
    const { clock, random, cutting } = this.#internet;
    const stack = {
      clock,
      random,
      cutting,
      transmit: (from: SimTcp, segment: Segment): void =>
        this.#send({ protocol: 'tcp', from: local, to: remote, segment }, kind => from.unreachable(kind)),
      forget: (): void => {
        this.#sockets.delete(key);
      },
    };
    const socket = new SimTcp(stack, local, remote, role, opened);
    this.#sockets.set(key, socket);
    return socket;
  }

  #send(packet: Packet, unreachable: Parameters<SimInternet['send']>[2] = () => {}): void {
    if (isLoopback(packet.to.address) || this.#interfaces.some(own => own.address === packet.to.address)) {
      this.#internet.sendWithin(this, packet);
      return;
    }
    const own = this.#interfaces.find(({ address }) => address === packet.from.address);
    if (!own) return;
    const from = { address: own.publicAddress, port: packet.from.port };
    this.#internet.send(own.link, { ...packet, from }, unreachable);
  }

  #bindable(address: string): boolean {
    if (isLoopback(address)) return true;
    return this.#interfaces.some(own => own.address === address && own.link.cut !== 'address taken away');
  }

  /** The source that the main routing table gives. */
  #defaultSource(to: string): string | null {
    if (isLoopback(to)) return familyOf(to) === 4 ? '127.0.0.1' : '::1';
    if (this.#interfaces.some(({ address }) => address === to)) return to;
    const usable = this.#interfaces.filter(
      ({ address, link }) => link.listed && familyOf(address) === familyOf(to),
    );
    const near = usable.find(({ address }) => sameNetwork(address, to));
    return (near ?? usable[0])?.address ?? null;
  }

  #freePort(address: string, taken: ReadonlyMap<string, unknown>): number {
    for (;;) {
      this.#nextPort = this.#nextPort >= 60_999 ? 32_768 : this.#nextPort + 1;
      if (!taken.has(keyOf({ address, port: this.#nextPort }))) return this.#nextPort;
    }
  }

  #tellWatchers(): void {
    if (this.#watchersWait) return;
    this.#watchersWait = true;
    this.#internet.clock.after(20, () => {
      this.#watchersWait = false;
      for (const changed of this.#watchers) changed();
    });
  }
}

const keyOf = ({ address, port }: Endpoint): string => `${address}:${port}`;
const pairOf = (local: Endpoint, remote: Endpoint): string => `${keyOf(local)}>${keyOf(remote)}`;
const isLoopback = (address: string): boolean => address.startsWith('127.') || address === '::1';
const isUnspecified = (address: string): boolean => address === '0.0.0.0' || address === '::';
const familyOf = (address: string): 4 | 6 => (isIP(address) === 6 ? 6 : 4);
const sameNetwork = (one: string, other: string): boolean =>
  one.slice(0, one.lastIndexOf('.')) === other.slice(0, other.lastIndexOf('.'));
