/**
 * The ways in which a link dies, as the lab found them (see "How a link dies" in the manual's case): what a sender on
 * this host sees of each is in `SimLink.leave`.
 */
export type CutKind =
  | 'interface down' // its route is gone too, the packet leaves elsewhere and vanishes
  | 'interface down, unreachable default'
  | 'gateway gone' // no answer to ARP
  | 'black hole'
  | 'far side down' // the router answers by ICMP
  | 'mail port dropped'
  | 'mail port reset'
  | 'mail port prohibited'
  | 'address taken away'
  | 'outward lost' // packets leave and never arrive; what comes in still does
  | 'inward lost';

export const cutKinds = [
  'interface down',
  'interface down, unreachable default',
  'gateway gone',
  'black hole',
  'far side down',
  'mail port dropped',
  'mail port reset',
  'mail port prohibited',
  'address taken away',
  'outward lost',
  'inward lost',
] as const satisfies readonly CutKind[];

/** How good the link is while it is whole. One way each. */
export type LinkQuality = {
  readonly latencyMs: number;
  /** Added to the latency of each packet, uniform from 0. */
  readonly jitterMs: number;
  /** Chance of each packet to be lost, 0 to 1. */
  readonly loss: number;
  /** Bytes a millisecond, one way; null: no bound. */
  readonly bytesPerMs: number | null;
  /** A client's hello of TLS, larger than a packet on a real link: it may vanish without a word, or take the link with it. */
  readonly hello: 'passes' | 'vanishes' | 'is the last';
  /** Chance of each packet to come a second time, up to five seconds later. */
  readonly replay: number;
  /** Chance of each packet to be held up for as long. */
  readonly straggle: number;
  /** Chance that a box on the way resets the connection to which a packet belongs. */
  readonly reset: number;
};

/** Nothing is wrong with it. */
export const whole = { loss: 0, replay: 0, straggle: 0, reset: 0, hello: 'passes' } as const;

/** What the link makes of one packet: it goes on, it is gone, or the sender is told. */
export type LinkVerdict =
  | { readonly kind: 'passes' }
  | { readonly kind: 'lost' }
  | {
      readonly kind: 'error';
      readonly error: 'host_unreachable' | 'network_unreachable' | 'refused' | 'address_absent';
      readonly afterMs: number;
    };

/** The first byte of a hello (RFC 8446 section 5.1). */
const handshakeRecord = 0x16;

const passes: LinkVerdict = { kind: 'passes' };
const lost: LinkVerdict = { kind: 'lost' };

/** One way from a host to the core of the simulated Internet: an uplink, or the wire of a receiver. */
export class SimLink {
  readonly name: string;
  readonly mailPorts: ReadonlySet<number>;
  quality: LinkQuality;
  #cut: CutKind | null = null;
  /** When the last packet of each direction will have left. */
  #busyUntil = { out: 0, in: 0 };

  constructor(name: string, mailPorts: ReadonlySet<number>, quality: Partial<LinkQuality> = {}) {
    this.name = name;
    this.mailPorts = mailPorts;
    this.quality = { latencyMs: 5, jitterMs: 0, bytesPerMs: null, ...whole, ...quality };
  }

  get cut(): CutKind | null {
    return this.#cut;
  }

  /** For `SimHost`, which tells those who watch it. */
  setCut(cut: CutKind | null): void {
    this.#cut = cut;
  }

  /** The host still lists the addresses on this link. */
  get listed(): boolean {
    return (
      this.#cut !== 'interface down' &&
      this.#cut !== 'interface down, unreachable default' &&
      this.#cut !== 'address taken away'
    );
  }

  /** What becomes of a packet that leaves the host; `port` is that of the far side. */
  leave(port: number): LinkVerdict {
    switch (this.#cut) {
      case null:
      case 'inward lost':
        return passes;
      case 'interface down, unreachable default':
        return { kind: 'error', error: 'host_unreachable', afterMs: 4 };
      case 'gateway gone':
        return { kind: 'error', error: 'host_unreachable', afterMs: 3_000 };
      case 'far side down':
        return { kind: 'error', error: 'network_unreachable', afterMs: 12 };
      case 'address taken away':
        return { kind: 'error', error: 'address_absent', afterMs: 3 };
      case 'mail port dropped':
        return this.mailPorts.has(port) ? lost : passes;
      case 'mail port reset':
        return this.mailPorts.has(port) ? { kind: 'error', error: 'refused', afterMs: 4 } : passes;
      case 'mail port prohibited':
        return this.mailPorts.has(port) ? { kind: 'error', error: 'host_unreachable', afterMs: 4 } : passes;
      case 'interface down':
      case 'black hole':
      case 'outward lost':
        return lost;
      default:
        return this.#cut satisfies never;
    }
  }

  /** Does a packet from the core reach the host? `fromPort` is that of the far side. */
  arrive(fromPort: number): boolean {
    switch (this.#cut) {
      case null:
      case 'outward lost':
        return true;
      case 'mail port dropped':
      case 'mail port reset':
      case 'mail port prohibited':
        return !this.mailPorts.has(fromPort);
      default:
        return false;
    }
  }

  /** Is the packet outward too long for the path behind this link? */
  swallows(payload: Buffer): boolean {
    const { hello } = this.quality;
    const isHello = payload[0] === handshakeRecord;
    if (isHello && hello === 'is the last') this.setCut('black hole');
    return isHello && hello !== 'passes';
  }

  /** How long a packet of this size waits for its turn and its passage at `now`. */
  delay(direction: 'out' | 'in', sizeBytes: number, now: number): number {
    const { bytesPerMs, latencyMs } = this.quality;
    if (bytesPerMs === null) return latencyMs;
    const start = Math.max(now, this.#busyUntil[direction]);
    this.#busyUntil[direction] = start + sizeBytes / bytesPerMs;
    return this.#busyUntil[direction] - now + latencyMs;
  }
}
