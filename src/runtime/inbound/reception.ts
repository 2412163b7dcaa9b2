import { type AdmissionRules, admitClient } from '../../decision/admission/admit.ts';
import { CallRate } from '../../decision/admission/call-rate.ts';
import { ClientNetworks, clientKey } from '../../decision/admission/client-networks.ts';
import type { DomainSetting, RelaySetting } from '../../decision/admission/domain.ts';
import { type ClientLimits, endpointText, type ListenerSetting } from '../../decision/admission/listener.ts';
import { formatReply, reply } from '../../protocol/smtp/reply.ts';
import type { ServerLimits } from '../../protocol/smtp/server-session-types.ts';
import type { EventStream, Rejected } from '../events.ts';
import type { CertificateChoice, Clock, Connection, QueueStore, TlsFacts } from '../ports.ts';
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

export type ReceptionParts = {
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

/** What follows from the settings for every client. */
type Terms = {
  readonly settings: InboundSettings;
  readonly rules: AdmissionRules;
  /** Of all listeners, lower case: what our Received fields say. */
  readonly names: ReadonlySet<string>;
  readonly ours: ClientNetworks;
};

const noPlaceText: Readonly<Record<NoPlace, string>> = {
  'too many of one client': 'Too many connections are open from your address; close some first.',
  full: 'Too many connections are open here; call again later.',
};

/** Beyond these at a time, and in a second, a client that cannot be served is closed without a word. */
const turnedAwayLimit = 500;
const farewellsPerSecond = 200;

/** RFC 5321 section 4.5.3.2 asks a server for 5 minutes; a session that lasts an hour has had its turn. */
const sessionTimes = {
  commandTimeoutMs: 5 * 60_000,
  dataTimeoutMs: 5 * 60_000,
  sessionTimeoutMs: 60 * 60_000,
};

/** Who has called at any door: is served, hears why not, or is closed without a word. */
export class Reception {
  readonly #parts: ReceptionParts;
  #terms: Terms;
  readonly #guests = new Guests();
  readonly #calls = new CallRate();
  readonly #turns: Turns;
  readonly #handshakes = new HandshakeNotices();
  /** Connections that hear why they are not served, and are not closed yet. */
  #turnedAway = 0;
  #farewells = { second: 0, said: 0 };
  #closed = false;

  constructor(parts: ReceptionParts, settings: InboundSettings) {
    this.#parts = parts;
    this.#terms = termsOf(settings);
    this.#turns = new Turns(parts.clock);
  }

  /** Takes new settings, for open sessions too. */
  reload(settings: InboundSettings): void {
    this.#terms = termsOf(settings);
  }

  /** Somebody called at this listener. */
  called(listener: ListenerSetting, connection: Connection): void {
    this.#turns.called(connection.remoteAddress, () => this.#receive(listener, connection));
  }

  /** Who still calls is told that we are stopping. */
  close(): void {
    this.#closed = true;
  }

  /** Open sessions end with 421 when their transaction is over, at the latest after `graceMs`. */
  async empty(graceMs: number): Promise<void> {
    const { clock } = this.#parts;
    this.#guests.shutdown();
    const deadline = clock.monotonic() + graceMs;
    while (this.#guests.size > 0 && clock.monotonic() < deadline) await clock.sleep(20);
    this.#guests.destroy();
  }

  #receive(listener: ListenerSetting, connection: Connection): void {
    const { settings, ours: ourNetworks } = this.#terms;
    const { limits } = settings;
    const client = connection.remoteAddress;
    const ours = ourNetworks.includes(client);
    const now = this.#parts.clock.monotonic();
    if (!ours && this.#calls.isTooOften(clientKey(client), limits.perClient, now)) {
      this.#reject(listener, client, 'it calls too often');
      return connection.destroy();
    }
    const refusal = admitClient({ listener, ours });
    if (refusal !== null) {
      this.#reject(listener, client, 'relaying is for our own networks');
      return this.#turnAway(connection, formatReply(refusal));
    }
    const noPlace = this.#guests.takePlace(client, ours, limits, now);
    if (noPlace !== null) {
      const why = noPlaceText[noPlace];
      this.#reject(listener, client, why);
      return this.#turnAway(connection, formatReply(reply(421, '4.7.0', why)));
    }
    const session = new SmtpConnection(connection, {
      listener,
      uplink: settings.uplinkOf(listener.publicAddress ?? connection.localAddress),
      ourNames: () => this.#terms.names,
      ours: () => this.#terms.ours.includes(client),
      limits: serverLimits(limits),
      rules: () => this.#terms.rules,
      ...(this.#parts.recipientCheck ? { recipientCheck: this.#parts.recipientCheck } : {}),
      intake: this.#parts.intake,
      store: this.#parts.store,
      clock: this.#parts.clock,
      turn: ours ? atOnce : work => this.#turns.take(client, work),
      certificates: this.#parts.certificates?.choiceFor(listener) ?? null,
      handshake: (facts, error) => this.#tellHandshake(listener, client, facts, error),
      rejected: (what, reason) => this.#reject(listener, client, reason, what),
      closed: reason => {
        gone();
        if (reason !== null) this.#reject(listener, client, reason);
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
    if (this.#closed) session.shutdown();
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

  #reject(setting: ListenerSetting, client: string, reason: string, what: Rejected = 'client'): void {
    const { events, clock } = this.#parts;
    const listener = endpointText(setting);
    events.emit({ kind: 'rejected', at: clock.now(), what, listener, client, reason });
  }
}

const faultText = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);

const atOnce = (work: () => void): null => {
  work();
  return null;
};

const termsOf = (settings: InboundSettings): Terms => ({
  settings,
  rules: { domains: new Set(settings.domains.map(domain => domain.name)) },
  names: new Set(settings.listeners.map(({ name }) => name.toLowerCase())),
  ours: new ClientNetworks(settings.relay.fromNetworks),
});

const serverLimits = (limits: ClientLimits): ServerLimits => ({
  messageSizeBytes: limits.messageSizeBytes,
  recipients: limits.recipients,
  errors: 20,
  idleCommands: 100,
  lineBytes: 2048,
  ...sessionTimes,
});
