import { ClientNetworks } from '../../decision/admission/client-networks.ts';
import type { NetworkError } from '../../decision/egress/observation.ts';
import { type Answer, type DnsQuery, decodeQuery, encodeAnswer } from '../../protocol/dns/message.ts';
import type { DnsRecord } from '../../protocol/dns/record.ts';
import { StreamReader, streamFrame } from '../../protocol/dns/stream.ts';
import type { Clock, Connection, DatagramSocket, Listener, Network, Result } from '../../runtime/ports.ts';
import { Zone, type ZoneTable } from './zone-table.ts';

export type NameServerSetting = {
  readonly address: string;
  /** 0 takes one that is free for UDP and TCP. */
  readonly port: number;
  readonly zone: ZoneTable;
  readonly clock: Clock;
  /** Networks (CIDR) that are answered, as a provider's resolver does; all others are refused. Empty: everyone is. */
  readonly customers?: readonly string[];
  /** Before each answer. */
  readonly delayMs?: number;
  /** Of every record. */
  readonly ttlS?: number;
  /** The zone is signed: the AD bit is set for those who ask for it. */
  readonly authenticated?: boolean;
  readonly log?: (query: SeenQuery) => void;
};

/** One question that came in. */
export type SeenQuery = {
  readonly name: string;
  readonly type: string;
  readonly from: string;
  readonly by: 'udp' | 'tcp';
};

/** What it does in place of an honest answer; all of it can change at any time. */
export type NameServerBehaviour = {
  /** Hears, and says nothing. */
  readonly silent: boolean;
  readonly servfail: boolean;
  /** It validates, and the signatures are wrong: SERVFAIL, but for those who want what does not validate too. */
  readonly bogus: boolean;
  /** Every answer by UDP is cut: the client has to ask by TCP. */
  readonly truncate: boolean;
  readonly delayMs: number;
};

/** How many questions `queries` keeps. */
const maxSeen = 10_000;

/** A name server that answers from a table, by UDP and TCP, and remembers who asked what. */
export class RunningNameServer {
  readonly address: string;
  readonly #setting: NameServerSetting;
  readonly #customers: ClientNetworks | null;
  readonly #sockets: { readonly udp: DatagramSocket; readonly tcp: Listener };
  readonly #connections = new Set<Connection>();
  readonly #seen: SeenQuery[] = [];
  #zone: Zone;
  #behaviour: NameServerBehaviour;
  #closed = false;

  /** Use `startNameServer`. */
  constructor(setting: NameServerSetting, sockets: { udp: DatagramSocket; tcp: Listener }) {
    this.#setting = setting;
    this.#sockets = sockets;
    this.address = setting.address;
    this.#zone = new Zone(setting.zone);
    this.#behaviour = {
      silent: false,
      servfail: false,
      bogus: false,
      truncate: false,
      delayMs: setting.delayMs ?? 0,
    };
    const customers = setting.customers ?? [];
    this.#customers = customers.length > 0 ? new ClientNetworks(customers) : null;
    sockets.udp.handle((datagram, from) =>
      this.#answer(datagram, from.address, 'udp', answer => sockets.udp.send(answer, from)),
    );
  }

  get port(): number {
    return this.#sockets.udp.port;
  }

  /** The questions so far, oldest first. */
  get queries(): readonly SeenQuery[] {
    return this.#seen;
  }

  /** Another zone in place of this one. */
  replace(table: ZoneTable): void {
    this.#zone = new Zone(table);
  }

  /** Replaces the values under `NAME TYPE`; null takes them away. */
  set(key: string, values: readonly string[] | null): void {
    this.#zone.set(key, values);
  }

  behave(change: Partial<NameServerBehaviour>): void {
    this.#behaviour = { ...this.#behaviour, ...change };
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#sockets.udp.close();
    for (const connection of this.#connections) connection.destroy();
    await this.#sockets.tcp.close();
  }

  /** Serves one connection that the listener accepted. */
  take(connection: Connection): void {
    if (this.#closed) return connection.destroy();
    this.#connections.add(connection);
    const reader = new StreamReader();
    connection.handle({
      data: chunk => {
        for (const message of reader.push(chunk))
          this.#answer(message, connection.remoteAddress, 'tcp', answer =>
            connection.write(streamFrame(answer)),
          );
      },
      drained() {},
      closed: () => {
        this.#connections.delete(connection);
      },
    });
  }

  #answer(message: Buffer, from: string, by: 'udp' | 'tcp', send: (answer: Buffer) => void): void {
    const query = decodeQuery(message);
    if (query === null) return;
    const seen: SeenQuery = { name: query.question.name, type: query.question.type, from, by };
    if (this.#seen.length < maxSeen) this.#seen.push(seen);
    this.#setting.log?.(seen);
    const { silent, delayMs } = this.#behaviour;
    if (silent) return;
    const answer = this.#encode(query, from, by);
    if (delayMs <= 0) return send(answer);
    this.#setting.clock.timer(delayMs, () => {
      if (!this.#closed) send(answer);
    });
  }

  #encode(query: DnsQuery, from: string, by: 'udp' | 'tcp'): Buffer {
    const answer = this.#decide(query, from);
    const whole = encodeAnswer(query, answer);
    const fits = by === 'tcp' || (!this.#behaviour.truncate && whole.length <= query.payloadBytes);
    if (fits) return whole;
    return encodeAnswer(query, { ...answer, truncated: true, answers: [], authorities: [] });
  }

  #decide(query: DnsQuery, from: string): Answer {
    const empty = { truncated: false, authenticated: false, answers: [], authorities: [] };
    if (this.#customers !== null && !this.#customers.includes(from)) return { ...empty, rcode: 'refused' };
    if (this.#behaviour.servfail || (this.#behaviour.bogus && !query.unchecked))
      return { ...empty, rcode: 'servfail' };
    const ttlS = this.#setting.ttlS ?? 300;
    const found = this.#zone.lookUp(query.question.name, query.question.type, ttlS);
    return {
      rcode: found.kind === 'nxdomain' ? 'nxdomain' : 'noerror',
      truncated: false,
      authenticated: query.wantsAuthentic && this.#setting.authenticated === true,
      answers: found.records,
      authorities: found.kind === 'records' ? [] : [startOfAuthority(ttlS)],
    };
  }
}

/** Says how long "there is none" may be believed (RFC 2308 section 3). */
function startOfAuthority(ttlS: number): DnsRecord {
  return { name: '', ttlS, data: { type: 'SOA', minimumS: ttlS } };
}

/** How often a free port is looked for that serves UDP and TCP. */
const portTries = 10;

/**
 * Starts a name server on one address.
 * Fails as the network fails: the address is not on this host, or the port is taken.
 */
export async function startNameServer(
  network: Network,
  setting: NameServerSetting,
): Promise<Result<RunningNameServer, NetworkError>> {
  const family = setting.address.includes(':') ? 6 : 4;
  for (let tries = 1; ; tries++) {
    let server: RunningNameServer | null = null;
    const tcp = await network.listen(setting.address, setting.port, connection =>
      server === null ? connection.destroy() : server.take(connection),
    );
    if (!tcp.ok) return tcp;
    const udp = await network.datagrams(setting.address, family, tcp.value.port);
    if (udp.ok) {
      server = new RunningNameServer(setting, { udp: udp.value, tcp: tcp.value });
      return { ok: true, value: server };
    }
    await tcp.value.close();
    if (setting.port !== 0 || tries >= portTries) return udp;
  }
}
