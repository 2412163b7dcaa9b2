import type { NetworkError } from '../../decision/egress/observation.ts';
import { evidenceNetwork } from '../../decision/egress/route.ts';
import type { Clock, Network, Result } from '../../runtime/ports.ts';
import { plainBehaviour, type ReceiverBehaviour, type WhimStage } from './receiver-behaviour.ts';
import { type Delivery, type ReceiverDesk, ReceiverSession } from './receiver-session.ts';

export type ReceiverSetting = {
  readonly address: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** In the greeting. */
  readonly name: string;
  readonly clock: Clock;
  readonly maxSizeBytes?: number;
  readonly behaviour?: Partial<ReceiverBehaviour>;
  /** Refuses an EHLO name that does not fit the address, as a reply line; see `identityByTable`. Default: all fit. */
  readonly identity?: (ehlo: string, remoteAddress: string) => string | null;
  /** Refuses now and then, by a reply line, what would have been taken; `mailFrom` is that of the transaction. */
  readonly whim?: (stage: WhimStage, mailFrom: string | null, remoteAddress: string) => string | null;
  /** Called for each message taken. */
  readonly onDelivery?: (delivery: Delivery) => void;
  /** How many deliveries `deliveries` keeps; the newest beyond are only counted and told. Default 100,000. */
  readonly keep?: number;
};

export type ReceiverCounts = {
  connections: number;
  /** Sessions open now. */
  open: number;
  deliveries: number;
  refusedIdentity: number;
  /** Transactions begun: MAIL was taken. */
  begun: number;
  /** Transactions begun that came to no message: work that was done for nothing or twice. */
  abandoned: number;
};

/** A strict receiving mail server that remembers who said what from where. */
export class RunningReceiver implements ReceiverDesk {
  readonly clock: Clock;
  readonly name: string;
  readonly maxSizeBytes: number;
  readonly address: string;
  readonly counts: ReceiverCounts = {
    connections: 0,
    open: 0,
    deliveries: 0,
    refusedIdentity: 0,
    begun: 0,
    abandoned: 0,
  };
  /** How often each EHLO name was given from each address, by `address name`. */
  readonly identities = new Map<string, number>();
  /** How often each address connected, whether or not it said a word. */
  readonly callers = new Map<string, number>();
  readonly #deliveries: Delivery[] = [];
  readonly #greylist = new Map<string, number>();
  readonly #sessions = new Set<ReceiverSession>();
  readonly #setting: ReceiverSetting;
  #behaviour: ReceiverBehaviour;
  #port = 0;
  #close: () => Promise<void> = async () => {};

  private constructor(setting: ReceiverSetting) {
    this.#setting = setting;
    this.clock = setting.clock;
    this.name = setting.name;
    this.address = setting.address;
    this.maxSizeBytes = setting.maxSizeBytes ?? 50_000_000;
    this.#behaviour = { ...plainBehaviour, ...setting.behaviour };
  }

  /** Use `startReceiver`. */
  static async start(
    network: Network,
    setting: ReceiverSetting,
  ): Promise<Result<RunningReceiver, NetworkError>> {
    const receiver = new RunningReceiver(setting);
    const listening = await network.listen(setting.address, setting.port, connection => {
      receiver.#called(connection.remoteAddress);
      receiver.#sessions.add(new ReceiverSession(connection, receiver));
      receiver.counts.open = receiver.#sessions.size;
    });
    if (!listening.ok) return listening;
    receiver.#port = listening.value.port;
    receiver.#close = () => listening.value.close();
    return { ok: true, value: receiver };
  }

  get port(): number {
    return this.#port;
  }

  /** What was taken, oldest first, up to `keep`. */
  get deliveries(): readonly Delivery[] {
    return this.#deliveries;
  }

  /** Changes how those who call are treated from now on, in sessions under way too. */
  behave(change: Partial<ReceiverBehaviour>): void {
    this.#behaviour = { ...this.#behaviour, ...change };
  }

  behaviour(): ReceiverBehaviour {
    return this.#behaviour;
  }

  identity(ehlo: string, remoteAddress: string): string | null {
    return this.#setting.identity?.(ehlo, remoteAddress) ?? null;
  }

  greylisted(remoteAddress: string, mailFrom: string, rcptTo: string): boolean {
    if (this.#behaviour.greylistTries === 0) return false;
    const key = `${evidenceNetwork(remoteAddress)} ${mailFrom} ${rcptTo}`;
    const tries = this.#greylist.get(key) ?? 0;
    if (this.#greylist.size < 100_000 || tries > 0) this.#greylist.set(key, tries + 1);
    return tries < this.#behaviour.greylistTries;
  }

  greeted(ehlo: string, remoteAddress: string): void {
    countIn(this.identities, `${remoteAddress} ${ehlo.toLowerCase()}`);
  }

  refusedIdentity(): void {
    this.counts.refusedIdentity += 1;
  }

  begun(): void {
    this.counts.begun += 1;
  }

  whim(stage: WhimStage, mailFrom: string | null, remoteAddress: string): string | null {
    return this.#setting.whim?.(stage, mailFrom, remoteAddress) ?? null;
  }

  abandoned(): void {
    this.counts.abandoned += 1;
  }

  delivered(delivery: Delivery): void {
    this.counts.deliveries += 1;
    if (this.#deliveries.length < (this.#setting.keep ?? 100_000)) this.#deliveries.push(delivery);
    this.#setting.onDelivery?.(delivery);
  }

  #called(remoteAddress: string): void {
    this.counts.connections += 1;
    countIn(this.callers, remoteAddress);
  }

  left(session: ReceiverSession): void {
    this.#sessions.delete(session);
    this.counts.open = this.#sessions.size;
  }

  /** Stops listening and ends every session at once. */
  async close(): Promise<void> {
    for (const session of this.#sessions) session.destroy();
    await this.#close();
  }
}

/** Starts a receiver; an address that cannot be listened on is an error. */
export function startReceiver(
  network: Network,
  setting: ReceiverSetting,
): Promise<Result<RunningReceiver, NetworkError>> {
  return RunningReceiver.start(network, setting);
}

/**
 * Judges as strict receivers do: the address needs a PTR name that leads back to it, and the EHLO name must lead to it
 * too. `forward` gives the addresses of a name, `reverse` the PTR names of an address.
 */
export function identityByTable(
  forward: Readonly<Record<string, readonly string[]>>,
  reverse: Readonly<Record<string, readonly string[]>>,
): (ehlo: string, remoteAddress: string) => string | null {
  return (ehlo, remoteAddress) => {
    const names = reverse[remoteAddress] ?? [];
    if (!names.some(name => forward[name]?.includes(remoteAddress))) {
      return `550 5.7.25 ${remoteAddress} has no PTR name that leads back to it`;
    }
    if (!forward[ehlo.toLowerCase()]?.includes(remoteAddress)) {
      return `550 5.7.25 ${printable(ehlo)} does not lead to ${remoteAddress}`;
    }
    return null;
  };
}

/** Counts one more of `key`, in a table that holds 1,000 at most. */
function countIn(table: Map<string, number>, key: string): void {
  const seen = table.get(key) ?? 0;
  if (table.size < 1000 || seen > 0) table.set(key, seen + 1);
}

function printable(text: string): string {
  return text.replace(/[^\x21-\x7e]/g, '?').slice(0, 200);
}
