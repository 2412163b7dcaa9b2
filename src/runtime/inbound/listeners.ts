import { type AdmissionRules, admitClient } from '../../decision/admission/admit.ts';
import { CallRate } from '../../decision/admission/call-rate.ts';
import { ClientNetworks, clientKey } from '../../decision/admission/client-networks.ts';
import type { DomainSetting, RelaySetting } from '../../decision/admission/domain.ts';
import { type ClientLimits, endpointText, type ListenerSetting } from '../../decision/admission/listener.ts';
import { formatReply, reply } from '../../protocol/smtp/reply.ts';
import type { ServerLimits } from '../../protocol/smtp/server-session-types.ts';
import type { EventStream } from '../events.ts';
import type {
  CertificateChoice,
  Clock,
  Connection,
  Listener,
  Network,
  QueueStore,
  Result,
  Timer,
  TlsFacts,
} from '../ports.ts';
import type { NoPlace } from './client-counter.ts';
import { Guests } from './guests.ts';
import { HandshakeNotices } from './handshake-notices.ts';
import type { Intake } from './intake.ts';
import type { RecipientCheck } from './recipient-check.ts';
import { partingMs, SmtpConnection } from './smtp-connection.ts';
import { Turns } from './turns.ts';

/** What inbound mail is governed by; swapped whole on reload. */
export type InboundSettings = {
  readonly listeners: readonly ListenerSetting[];
  readonly domains: readonly DomainSetting[];
  readonly relay: RelaySetting;
  readonly limits: ClientLimits;
  /** The uplink that a listener's address belongs to, by source or public address. */
  readonly uplinkOf: (address: string) => string | null;
};

/** What the doors work with. */
export type ListenersParts = {
  readonly network: Network;
  readonly clock: Clock;
  readonly events: EventStream;
  readonly store: QueueStore;
  readonly intake: Intake;
  /** Left out: every recipient of our domains is taken. */
  readonly recipientCheck?: RecipientCheck;
  /** Left out: STARTTLS is offered nowhere. */
  readonly certificates?: ListenerCertificates;
};

/** The certificates of our listeners. Null: this one offers no STARTTLS. */
export interface ListenerCertificates {
  choiceFor(listener: ListenerSetting): CertificateChoice | null;
}

type Door = {
  setting: ListenerSetting;
  state: 'listening' | 'absent' | 'failed' | 'closed';
  listener: Listener | null;
  retry: Timer | null;
  opening: boolean;
};

const noPlaceText: Readonly<Record<NoPlace, string>> = {
  'too many of one client': 'Too many connections are open from your address; close some first.',
  full: 'Too many connections are open here; call again later.',
};

/** How often a door that could not be opened is tried again, beside the host's own word of a change. */
const retryMs = 5_000;

/** Beyond these at a time, and in a second, a client that cannot be served is closed without a word. */
const turnedAwayLimit = 500;
const farewellsPerSecond = 200;

/** RFC 5321 section 4.5.3.2 asks a server for 5 minutes; a session that lasts an hour has had its turn. */
const sessionTimes = {
  commandTimeoutMs: 5 * 60_000,
  dataTimeoutMs: 5 * 60_000,
  sessionTimeoutMs: 60 * 60_000,
};

/**
 * All doors in. An address that is not on the host is waited for; whatever else is wrong with one is an error at start,
 * and later is tried again.
 */
export class Listeners {
  readonly #parts: ListenersParts;
  #settings: InboundSettings;
  #rules: AdmissionRules;
  /** Of all listeners, lower case: what our Received fields say. */
  #names: ReadonlySet<string>;
  #ours: ClientNetworks;
  readonly #doors = new Map<string, Door>();
  readonly #guests = new Guests();
  readonly #calls = new CallRate();
  readonly #turns: Turns;
  readonly #handshakes = new HandshakeNotices();
  /** Connections that hear why they are not served, and are not closed yet. */
  #turnedAway = 0;
  #farewells = { second: 0, said: 0 };
  #watch: { close(): void } | null = null;
  #stopping = false;

  constructor(parts: ListenersParts, settings: InboundSettings) {
    this.#parts = parts;
    this.#settings = settings;
    this.#turns = new Turns(parts.clock);
    this.#rules = rulesOf(settings);
    this.#names = namesOf(settings);
    this.#ours = new ClientNetworks(settings.relay.fromNetworks);
  }

  /** Opens every door; those that cannot be opened for another reason than an absent address are the error. */
  async start(): Promise<Result<void, string>> {
    this.#watch = this.#parts.network.watchHost(() => this.#retryClosed());
    return this.#openMissing();
  }

  /** Takes new settings: doors that stay are not touched, and no open connection is dropped. */
  async reload(settings: InboundSettings): Promise<Result<void, string>> {
    this.#settings = settings;
    this.#rules = rulesOf(settings);
    this.#names = namesOf(settings);
    this.#ours = new ClientNetworks(settings.relay.fromNetworks);
    const wanted = new Map(settings.listeners.map(setting => [doorKey(setting), setting]));
    for (const [key, door] of this.#doors) {
      const setting = wanted.get(key);
      if (setting) door.setting = setting;
      else await this.#close(key, door);
    }
    return this.#openMissing();
  }

  states(): readonly { address: string; port: number; role: string; state: string }[] {
    return [...this.#doors.values()].map(({ setting, state, listener }) => ({
      address: setting.address,
      port: listener?.port ?? setting.port,
      role: setting.role,
      state,
    }));
  }

  /** No new clients; open sessions end with 421 when their transaction is over, at the latest after `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    this.#watch?.close();
    for (const [key, door] of this.#doors) await this.#close(key, door);
    this.#guests.shutdown();
    const deadline = this.#parts.clock.monotonic() + graceMs;
    while (this.#guests.size > 0 && this.#parts.clock.monotonic() < deadline)
      await this.#parts.clock.sleep(20);
    this.#guests.destroy();
  }

  async #openMissing(): Promise<Result<void, string>> {
    const errors: string[] = [];
    for (const setting of this.#settings.listeners) {
      const key = doorKey(setting);
      const door = this.#doors.get(key) ?? {
        setting,
        state: 'closed',
        listener: null,
        retry: null,
        opening: false,
      };
      if (door.listener !== null) continue;
      this.#doors.set(key, door);
      const opened = await this.#tryOpen(door);
      if (!opened.ok) errors.push(opened.error);
    }
    return errors.length === 0 ? { ok: true, value: undefined } : { ok: false, error: errors.join(' ') };
  }

  async #tryOpen(door: Door): Promise<Result<void, string>> {
    const { address, port } = door.setting;
    if (door.opening) return { ok: true, value: undefined };
    door.retry?.cancel();
    door.opening = true;
    const opened = await this.#parts.network.listen(address, port, connection =>
      this.#turns.called(connection.remoteAddress, () => this.#accept(door, connection)),
    );
    door.opening = false;
    if (this.#stopping || this.#doors.get(doorKey(door.setting)) !== door) {
      if (opened.ok) await opened.value.close();
      return { ok: true, value: undefined };
    }
    if (opened.ok) {
      door.listener = opened.value;
      this.#tell(door, 'listening', 'Mail is taken here.');
      return { ok: true, value: undefined };
    }
    door.retry = this.#parts.clock.timer(retryMs, () => void this.#tryOpen(door));
    if (opened.error.kind === 'address_absent') {
      if (door.state !== 'absent') {
        this.#tell(
          door,
          'absent',
          'The address is not on this host now; mail is taken here as soon as it appears.',
        );
      }
      return { ok: true, value: undefined };
    }
    const why = opened.error.message.replace(/\.$/, '');
    const error = `The listener ${endpointText(door.setting)} cannot be opened (${why}); stop what holds the port, or give Postern the right to it.`;
    if (door.state !== 'failed') this.#tell(door, 'failed', `${why}.`);
    return { ok: false, error };
  }

  #retryClosed(): void {
    for (const door of this.#doors.values()) if (door.listener === null) void this.#tryOpen(door);
  }

  async #close(key: string, door: Door): Promise<void> {
    this.#doors.delete(key);
    door.retry?.cancel();
    await door.listener?.close();
    this.#tell(door, 'closed', 'No new mail is taken here.');
  }

  #accept(door: Door, connection: Connection): void {
    const { setting } = door;
    const { limits } = this.#settings;
    const client = connection.remoteAddress;
    const ours = this.#ours.includes(client);
    const now = this.#parts.clock.monotonic();
    if (!ours && this.#calls.isTooOften(clientKey(client), limits.perClient, now)) {
      this.#reject(setting, client, 'it calls too often');
      return connection.destroy();
    }
    const refusal = admitClient({ listener: setting, ours });
    if (refusal !== null) {
      this.#reject(setting, client, 'relaying is for our own networks');
      return this.#turnAway(connection, formatReply(refusal));
    }
    const noPlace = this.#guests.takePlace(client, ours, limits, now);
    if (noPlace !== null) {
      const why = noPlaceText[noPlace];
      this.#reject(setting, client, why);
      return this.#turnAway(connection, formatReply(reply(421, '4.7.0', why)));
    }
    const session = new SmtpConnection(connection, {
      listener: setting,
      uplink: this.#settings.uplinkOf(setting.publicAddress ?? connection.localAddress),
      ourNames: () => this.#names,
      ours: () => this.#ours.includes(client),
      limits: serverLimits(limits),
      rules: () => this.#rules,
      ...(this.#parts.recipientCheck ? { recipientCheck: this.#parts.recipientCheck } : {}),
      intake: this.#parts.intake,
      store: this.#parts.store,
      clock: this.#parts.clock,
      turn: ours ? atOnce : work => this.#turns.take(client, work),
      certificates: this.#parts.certificates?.choiceFor(setting) ?? null,
      handshake: (facts, error) => this.#tellHandshake(setting, client, facts, error),
      refused: what => this.#reject(setting, client, what),
      closed: reason => {
        gone();
        if (reason !== null) this.#reject(setting, client, reason);
      },
      failed: error =>
        this.#parts.events.emit({
          kind: 'warning',
          at: this.#parts.clock.now(),
          subject: 'inbound',
          message: `A connection ended by a fault of Postern: ${faultText(error)}; please report it.`,
        }),
    });
    const gone = this.#guests.seat(client, ours, session);
    if (this.#stopping) session.shutdown();
  }

  /** These count in no limit of clients, so they have one of their own, and a short time to go. */
  #turnAway(connection: Connection, farewell: Buffer): void {
    const second = Math.floor(this.#parts.clock.monotonic() / 1_000);
    if (second !== this.#farewells.second) this.#farewells = { second, said: 0 };
    if (this.#turnedAway >= turnedAwayLimit || this.#farewells.said >= farewellsPerSecond)
      return connection.destroy();
    this.#farewells.said += 1;
    this.#turnedAway += 1;
    const late = this.#parts.clock.timer(partingMs, () => connection.destroy());
    connection.handle({
      data: () => {},
      drained: () => {},
      closed: () => {
        late.cancel();
        this.#turnedAway -= 1;
      },
    });
    connection.write([farewell]);
    connection.end();
  }

  #tellHandshake(
    setting: ListenerSetting,
    client: string,
    facts: TlsFacts | null,
    error: string | null,
  ): void {
    const { events, clock } = this.#parts;
    const listener = endpointText(setting);
    events.emit({ kind: 'tls', at: clock.now(), side: 'server', with: listener, facts, error });
    if (error === null) return;
    const notice = this.#handshakes.failed(listener, error, clock.monotonic());
    if (notice !== null) this.#reject(setting, client, notice);
  }

  #reject(setting: ListenerSetting, client: string, reason: string): void {
    const listener = endpointText(setting);
    this.#parts.events.emit({ kind: 'rejected', at: this.#parts.clock.now(), listener, client, reason });
  }

  #tell(door: Door, state: Door['state'], reason: string): void {
    door.state = state;
    const { setting, listener } = door;
    const address = endpointText({ address: setting.address, port: listener?.port ?? setting.port });
    this.#parts.events.emit({ kind: 'listener', at: this.#parts.clock.now(), address, state, reason });
  }
}

const faultText = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);

const atOnce = (work: () => void): null => {
  work();
  return null;
};

const doorKey = (setting: ListenerSetting): string => `${setting.address} ${setting.port}`;

const rulesOf = (settings: InboundSettings): AdmissionRules => ({
  domains: new Set(settings.domains.map(domain => domain.name)),
});

const namesOf = (settings: InboundSettings): ReadonlySet<string> =>
  new Set(settings.listeners.map(({ name }) => name.toLowerCase()));

const serverLimits = (limits: ClientLimits): ServerLimits => ({
  messageSizeBytes: limits.messageSizeBytes,
  recipients: limits.recipients,
  errors: 20,
  idleCommands: 100,
  lineBytes: 2048,
  ...sessionTimes,
});
