import { type Egress, localEgress } from '../../decision/egress/egress.ts';
import type { HostAddress } from '../../decision/egress/route.ts';
import type { NextHopHost } from '../../decision/next-hop/next-hop.ts';
import type { Reply } from '../../protocol/smtp/reply.ts';
import type { EgressGuide } from '../delivery/egress-guide.ts';
import { choiceForCall } from '../delivery/route-choice.ts';
import type { Clock, Connection, Network } from '../ports.ts';
import { type CalloutQuestion, CalloutSession, questionsPerBatch } from './callout-session.ts';

const mostSessions = 10;
const mostWaiting = 2_000;
const connectMs = 4_000;
/** For a question in all. */
const answerMs = 10_000;
/** After a store could not be spoken to, nobody waits for it so long. */
const leftAloneMs = 10_000;
const silentLimit = 5;
const mostAddresses = 6;
/** After a handshake that failed, clear text so long. */
const noTlsMs = 3_600_000;

export type CalloutPorts = {
  readonly network: Network;
  readonly clock: Clock;
  readonly guide: Pick<EgressGuide, 'snapshot' | 'penalties'>;
  readonly hostname: () => string;
};

/** The store's reply to RCPT, or null with why there is none. */
export type CalloutAnswer = { readonly reply: Reply | null; readonly why: string };

/** An address of the store, and the egress by which it is called. */
type CallTarget = { readonly to: HostAddress; readonly egress: Egress };

/** The sessions with one mail store, and the questions that wait for them. Never fails: what cannot be asked is null. */
export class CalloutSite {
  readonly key: string;
  hosts: readonly NextHopHost[] = [];
  /** The only uplinks that the operator's route lets it use; null: all. */
  onlyUplinks: readonly string[] | null = null;
  readonly #ports: CalloutPorts;
  readonly #waiting = new Set<CalloutQuestion>();
  readonly #sessions = new Set<CalloutSession>();
  readonly #idle: CalloutSession[] = [];
  #opening = 0;
  /** Monotonic ms. */
  #aloneUntil = 0;
  #aloneWhy = '';
  /** Questions without an answer, since the last that had one. */
  #silent = 0;
  #noTlsUntil = 0;
  #usedAt = 0;
  #closed = false;

  constructor(key: string, ports: CalloutPorts) {
    this.key = key;
    this.#ports = ports;
  }

  /** When it was last asked anything. */
  get usedAt(): number {
    return this.#usedAt;
  }

  ask(forwardPath: string): Promise<CalloutAnswer> {
    const { clock } = this.#ports;
    const now = clock.monotonic();
    this.#usedAt = now;
    if (this.#closed) return Promise.resolve({ reply: null, why: 'Postern is stopping' });
    if (now < this.#aloneUntil) return Promise.resolve({ reply: null, why: this.#aloneWhy });
    if (this.#waiting.size >= mostWaiting)
      return Promise.resolve({ reply: null, why: 'too many questions wait for the store' });
    return new Promise(resolve => {
      const question: CalloutQuestion = {
        forwardPath,
        done: (reply, why) => {
          late.cancel();
          this.#waiting.delete(question);
          this.#note(reply !== null, why);
          resolve({ reply, why });
        },
      };
      const late = clock.timer(answerMs, () => question.done(null, 'the store does not answer in time'));
      this.#waiting.add(question);
      this.#pump();
    });
  }

  close(): void {
    this.#closed = true;
    this.#failAll('Postern is stopping');
    for (const session of this.#sessions) session.close();
  }

  /** A store that is connected to and does not answer is left alone too; then one question more decides. */
  #note(answered: boolean, why: string): void {
    if (answered) {
      this.#silent = 0;
      return;
    }
    this.#silent += 1;
    if (this.#silent < silentLimit) return;
    this.#silent = silentLimit - 1;
    this.#leaveAlone(why);
  }

  #leaveAlone(why: string): void {
    this.#aloneUntil = this.#ports.clock.monotonic() + leftAloneMs;
    this.#aloneWhy = why;
  }

  #pump(): void {
    while (this.#waiting.size > 0) {
      const session = this.#idle.pop();
      if (session === undefined) break;
      const batch = [...take(this.#waiting, questionsPerBatch)];
      for (const question of batch) this.#waiting.delete(question);
      session.ask(batch);
    }
    const wanted = Math.ceil(this.#waiting.size / questionsPerBatch);
    while (this.#opening < wanted && this.#sessions.size + this.#opening < mostSessions) void this.#open();
  }

  async #open(): Promise<void> {
    this.#opening += 1;
    const made = await this.#connect();
    this.#opening -= 1;
    if (made.kind === 'failed') return this.#unreached(made.why);
    if (this.#closed) return made.connection.destroy();
    const { clock } = this.#ports;
    const { to, egress } = made.target;
    const mayHide = egress.kind === 'uplink' && clock.monotonic() >= this.#noTlsUntil;
    let wasReady = false;
    const session = new CalloutSession({
      clock,
      connection: made.connection,
      ehlo: egress.ehlo,
      tlsKey: mayHide ? `callout ${egress.id} ${to.address}:${to.port}` : null,
      idle: () => {
        wasReady = true;
        this.#idle.push(session);
        this.#pump();
      },
      ended: (_session, why, tlsFailed) => {
        this.#sessions.delete(session);
        const place = this.#idle.indexOf(session);
        if (place >= 0) this.#idle.splice(place, 1);
        if (tlsFailed) this.#noTlsUntil = clock.monotonic() + noTlsMs;
        else if (!wasReady) this.#unreached(why);
        if (!this.#closed) this.#pump();
      },
    });
    this.#sessions.add(session);
  }

  /** The first address that lets us connect. */
  async #connect(): Promise<
    | { readonly kind: 'made'; readonly connection: Connection; readonly target: CallTarget }
    | { readonly kind: 'failed'; readonly why: string }
  > {
    let why = 'no address of the store can be called';
    for (const target of this.#targets()) {
      const { to, egress } = target;
      const made = await this.#ports.network.connect({
        source: egress.kind === 'uplink' ? egress.source : null,
        address: to.address,
        port: to.port,
        timeoutMs: connectMs,
      });
      if (made.ok) return { kind: 'made', connection: made.value, target };
      why = `${to.address}: ${made.error.message}`;
    }
    return { kind: 'failed', why };
  }

  /** Addresses in their order; a private one is called unbound, others by the egress that comes first. */
  #targets(): CallTarget[] {
    const { guide, hostname } = this.#ports;
    const targets: CallTarget[] = [];
    for (const { local, addresses } of this.hosts)
      for (const to of addresses) {
        if (local) targets.push({ to, egress: localEgress(hostname()) });
        else {
          const choice = choiceForCall(to, this.key, this.onlyUplinks, guide);
          if (choice.kind === 'candidates') targets.push({ to, egress: choice.candidates[0].egress });
        }
      }
    return targets.slice(0, mostAddresses);
  }

  /** Where another session stands, it answers what waits. */
  #unreached(why: string): void {
    if (this.#sessions.size > 0 || this.#opening > 0) return;
    this.#leaveAlone(why);
    this.#failAll(why);
  }

  #failAll(why: string): void {
    for (const question of this.#waiting) question.done(null, why);
  }
}

function* take<Item>(items: Iterable<Item>, count: number): Iterable<Item> {
  let taken = 0;
  for (const item of items) {
    if (taken === count) return;
    taken += 1;
    yield item;
  }
}
