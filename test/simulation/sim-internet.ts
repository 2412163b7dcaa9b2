import { createHash } from 'node:crypto';
import type { SimClock } from './sim-clock.ts';
import type { SimLink } from './sim-link.ts';
import { type Endpoint, type Packet, packetBytes, packetText } from './sim-packet.ts';
import type { SimRandom } from './sim-random.ts';

/** Of a host, what packets need. */
type Arrivals = { arrive(packet: Packet): void };

/** Where packets to an address go. `inside` is the address that the host itself knows, behind NAT another one. */
type Place = { readonly host: Arrivals; readonly link: SimLink; readonly inside: string };

/** Why a packet did not arrive, as the sender's kernel learns it; null: it does not. */
export type Unreachable = (
  error: 'host_unreachable' | 'network_unreachable' | 'refused' | 'address_absent',
) => void;

/** A packet that lost its way comes within this time. */
const longestStrayMs = 5_000;

/** On one host, or between hosts of one private network. */
const nearMs = 0.03;

/**
 * The simulated Internet: hosts, their links, and the packets between them. All from one seed: `fingerprint` is the
 * same after the same history, and differs when one packet took another fate.
 */
export class SimInternet {
  readonly clock: SimClock;
  readonly random: SimRandom;
  readonly #places = new Map<string, Place>();
  readonly #blocked = new Set<string>();
  readonly #hash = createHash('sha256');
  packets = 0;
  /** Chances that a kernel sends a part of what it could, and that it hands over what came a little later. */
  cutting = { split: 0.1, merge: 0.05 };
  /** Set to read the history as it happens, when a seed shows a fault. */
  onEvent: ((line: string) => void) | null = null;

  constructor(clock: SimClock, random: SimRandom) {
    this.clock = clock;
    this.random = random;
  }

  /** Called by hosts: this address, as the world sees it, is theirs. */
  claim(address: string, place: Place): void {
    if (this.#places.has(address)) throw new Error(`Two interfaces claim ${address}.`);
    this.#places.set(address, place);
  }

  /** A firewall on the way drops what goes from one address to another, this way only. */
  block(from: string, to: string): void {
    this.#blocked.add(`${from}>${to}`);
  }

  unblock(from: string, to: string): void {
    this.#blocked.delete(`${from}>${to}`);
  }

  /** Anything that should be part of the history, besides packets. */
  note(text: string): void {
    const line = `${this.clock.monotonic()} ${text}\n`;
    this.#hash.update(line);
    this.onEvent?.(line);
  }

  /** The hash of all that has happened. */
  fingerprint(): string {
    return this.#hash.copy().digest('hex');
  }

  /** Within one host: no link can be cut. */
  sendWithin(host: Arrivals, packet: Packet): void {
    this.#tell(packet, 'stays');
    this.clock.after(nearMs, () => host.arrive(packet));
  }

  /** Over the host's link and the far host's link. `packet.from` is the address as the world sees it. */
  send(link: SimLink, packet: Packet, unreachable: Unreachable): void {
    const verdict = link.leave(packet.to.port);
    if (verdict.kind === 'error') {
      this.#tell(packet, verdict.error);
      this.clock.after(verdict.afterMs, () => unreachable(verdict.error));
      return;
    }
    const place = this.#places.get(packet.to.address);
    const lost =
      verdict.kind === 'lost' ||
      place === undefined ||
      this.#blocked.has(`${packet.from.address}>${packet.to.address}`) ||
      (packet.protocol === 'tcp' && link.swallows(packet.segment.payload)) ||
      this.random.chance(link.quality.loss) ||
      this.random.chance(place.link.quality.loss);
    if (lost) {
      this.#tell(packet, 'lost');
      return;
    }
    this.#tell(packet, 'sent');
    const now = this.clock.monotonic();
    const bytes = packetBytes(packet);
    const jitter = this.random.next() * (link.quality.jitterMs + place.link.quality.jitterMs);
    const ms = link.delay('out', bytes, now) + place.link.delay('in', bytes, now) + jitter;
    const happens = (what: 'straggle' | 'replay' | 'reset'): boolean => {
      const chance = Math.max(link.quality[what], place.link.quality[what]);
      return chance > 0 && this.random.chance(chance);
    };
    const later = (): number => this.random.between(1, longestStrayMs);
    this.#carry(packet, link, place, happens('straggle') ? ms + later() : ms);
    if (happens('replay')) this.#carry(packet, link, place, ms + later());
    if (packet.protocol === 'tcp' && happens('reset')) this.#resetBoth(packet, ms);
  }

  #carry(packet: Packet, link: SimLink, place: Place, ms: number): void {
    this.clock.after(ms, () => {
      // A link that was cut while the packet was under way takes it too.
      if (link.leave(packet.to.port).kind !== 'passes' || !place.link.arrive(packet.from.port)) {
        this.#tell(packet, 'lost on the way');
        return;
      }
      place.host.arrive({ ...packet, to: { address: place.inside, port: packet.to.port } });
    });
  }

  /** Both ends are told that the other has reset. */
  #resetBoth(packet: Packet & { readonly protocol: 'tcp' }, ms: number): void {
    this.#tell(packet, 'reset');
    const segment = { ...packet.segment, syn: false, fin: false, rst: true, payload: Buffer.alloc(0) };
    const tell = (from: Endpoint, to: Endpoint): void => {
      const place = this.#places.get(to.address);
      if (place === undefined) return;
      const inside = { address: place.inside, port: to.port };
      this.clock.after(ms, () => place.host.arrive({ protocol: 'tcp', from, to: inside, segment }));
    };
    tell(packet.from, packet.to);
    tell(packet.to, packet.from);
  }

  #tell(packet: Packet, fate: string): void {
    this.packets += 1;
    this.note(`${packetText(packet)} ${fate}`);
    this.#hash.update(packet.protocol === 'tcp' ? packet.segment.payload : packet.payload);
  }
}
