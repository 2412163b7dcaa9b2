import { BoundedMap } from '../../decision/bounded-map.ts';
import type { UplinkSetting } from '../../decision/egress/egress.ts';
import type { EgressSnapshot } from '../../decision/egress/health-state.ts';
import { dnsServersOf, orderDnsPaths } from '../../decision/next-hop/dns-paths.ts';
import type { DnsServerSetting } from '../../decision/next-hop/dns-server.ts';
import type { DnsFailure } from '../../protocol/dns/failure.ts';
import { followAliases, maxAliases } from '../../protocol/dns/follow.ts';
import { canonicalName } from '../../protocol/dns/names.ts';
import { type DataOf, isOfType, type RecordType } from '../../protocol/dns/record.ts';
import type { EventStream } from '../events.ts';
import { AnswerCache, type CachedAnswer } from './answer-cache.ts';
import type { DnsPorts, Question } from './ask.ts';
import { PathMemory } from './path-memory.ts';
import { QuestionRace, type RaceOutcome } from './question-race.ts';
import { systemResolvers } from './real-system-resolvers.ts';

export type ResolverSetting = DnsPorts & {
  /** The configured resolvers; empty: the system's. */
  readonly servers: () => readonly DnsServerSetting[];
  readonly uplinks: () => readonly UplinkSetting[];
  readonly snapshot: () => EgressSnapshot;
  /** The system's resolvers; default: those of /etc/resolv.conf. */
  readonly system?: () => readonly DnsServerSetting[];
  readonly events?: EventStream;
  /** Where a resolver fails, it is asked once more whether that is for the signatures: for those who explain. */
  readonly tellsBogus?: boolean;
};

/** What DNS says to one question. `ttlMs` is how much longer that may be believed. */
export type DnsAnswer<Type extends RecordType = RecordType> =
  | (Believed & {
      readonly kind: 'records';
      /** At least one. */
      readonly records: readonly DataOf<Type>[];
    })
  /** The name exists, without records of this type. */
  | (Believed & { readonly kind: 'nodata' })
  | (Believed & { readonly kind: 'nxdomain' })
  /** Nobody could say. */
  | { readonly kind: 'temperror'; readonly reason: string; readonly failure: DnsFailure };

type Believed = {
  /** The name that aliases led to; the asked one where there were none. */
  readonly name: string;
  readonly ttlMs: number;
  /** Validated with DNSSEC by a resolver that may be believed, all the way. */
  readonly authenticated: boolean;
  /** Its time is over, but no resolver answers (RFC 8767). */
  readonly stale: boolean;
};

const cachedAnswers = 20_000;
const minTtlMs = 5_000;
const maxTtlMs = 86_400_000;
const maxNegativeTtlMs = 3_600_000;
/** The whole of one question, aliases and all. */
const totalMs = 10_000;
/** With a stale answer in hand nobody waits longer for a fresh one (RFC 8767 section 5, client response timer). */
const staleAfterMs = 1_800;
/** After a failure a stale answer serves at once for so long (the failure recheck timer). */
const recheckMs = 30_000;
/** A stale answer is to be asked for again after that time. */
const staleTtlMs = 30_000;
/** Nobody is asked again at once after a failure (RFC 9520 section 3.2). */
const failureMs = 1_000;
/** Questions under way, and those that wait for one of them to end. */
const maxRaces = 256;
const maxWaiting = 10_000;
/** Beyond so many sockets no second way is opened beside the first. */
const maxSockets = 800;
const warnEveryMs = 60_000;

/**
 * Asks DNS so that the answer survives the death of an uplink: from the addresses of egresses that are up, hedged
 * across uplinks, with a cache that serves stale answers for a day when nobody answers (RFC 8767). Equal questions at
 * one time are asked once. Never throws for what the network does; one question takes 10 s at most.
 */
export class Resolver {
  readonly #setting: ResolverSetting;
  readonly #cache = new AnswerCache(cachedAnswers);
  readonly #memory = new PathMemory();
  readonly #asked = new Map<string, Promise<CachedAnswer | Failure>>();
  readonly #failures = new BoundedMap<string, Failure & { readonly until: number }>(cachedAnswers);
  readonly #races = new Set<QuestionRace>();
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  #closed = false;
  #warnedAt = Number.NEGATIVE_INFINITY;

  constructor(setting: ResolverSetting) {
    this.#setting = setting;
  }

  /** A name that cannot be asked for does not exist. */
  async resolve<Type extends RecordType>(name: string, type: Type): Promise<DnsAnswer<Type>> {
    const owner = canonicalName(name);
    if (owner === null) return noSuchName(name);
    const key = `${type} ${owner}`;
    const now = this.#setting.clock.monotonic();
    const known = this.#cache.get(key, now);
    if (known !== null && (known.freshUntil > now || known.servesStaleUntil > now))
      return this.#shown(known, type, known.freshUntil <= now);
    if (known === null) {
      const failure = this.#failures.get(key);
      if (failure !== undefined && failure.until > now) return failure;
    }
    const asked = this.#ask(key, { name: owner, type });
    const found = await (known === null ? asked : this.#orStale(asked, known));
    return found.kind === 'temperror' ? found : this.#shown(found, type, found === known);
  }

  /** The addresses of a host, of both families; none where there are none or nobody answers. */
  async addresses(name: string): Promise<readonly string[]> {
    const answers = await Promise.all([this.resolve(name, 'A'), this.resolve(name, 'AAAA')]);
    return answers.flatMap(answer =>
      answer.kind === 'records' ? answer.records.map(({ address }) => address) : [],
    );
  }

  /** As `resolve`, but what is in the cache does not count, fresh or stale: for those who test what DNS says now. */
  async resolveAnew<Type extends RecordType>(name: string, type: Type): Promise<DnsAnswer<Type>> {
    const owner = canonicalName(name);
    if (owner === null) return noSuchName(name);
    const found = await this.#ask(`${type} ${owner}`, { name: owner, type });
    return found.kind === 'temperror' ? found : this.#shown(found, type, false);
  }

  /** Ends all that is under way; what was asked is answered by `temperror`. */
  close(): void {
    this.#closed = true;
    for (const wake of this.#waiting.splice(0)) wake();
    for (const race of this.#races) race.giveUp('Postern is stopping');
  }

  #shown<Type extends RecordType>(known: CachedAnswer, type: Type, stale: boolean): DnsAnswer<Type> {
    const { kind, name, authenticated } = known;
    const ttlMs = stale ? staleTtlMs : known.freshUntil - this.#setting.clock.monotonic();
    const believed = { name, ttlMs, authenticated: authenticated && !stale, stale };
    if (kind !== 'records') return { kind, ...believed };
    return { kind, ...believed, records: known.data.filter(data => isOfType(data, type)) };
  }

  /** The fresh answer if it comes in time, else what we have. */
  #orStale(asked: Promise<CachedAnswer | Failure>, known: CachedAnswer): Promise<CachedAnswer | Failure> {
    const { promise, resolve } = Promise.withResolvers<CachedAnswer>();
    const timer = this.#setting.clock.timer(staleAfterMs, () => resolve(known));
    void asked.then(found => {
      timer.cancel();
      resolve(found.kind === 'temperror' ? known : found);
    });
    return promise;
  }

  #ask(key: string, question: Question): Promise<CachedAnswer | Failure> {
    const under = this.#asked.get(key);
    if (under !== undefined) return under;
    const asked = this.#chase(question).then(found => {
      this.#asked.delete(key);
      this.#keep(key, found);
      return found;
    });
    this.#asked.set(key, asked);
    return asked;
  }

  #keep(key: string, found: CachedAnswer | Failure): void {
    const now = this.#setting.clock.monotonic();
    this.#failures.delete(key);
    if (found.kind !== 'temperror') return this.#cache.set(key, found);
    const known = this.#cache.get(key, now);
    if (known !== null) return this.#cache.set(key, { ...known, servesStaleUntil: now + recheckMs });
    this.#failures.set(key, { ...found, until: now + failureMs });
  }

  /** Asks, and asks again for the target where an answer ends at an alias. */
  async #chase(question: Question): Promise<CachedAnswer | Failure> {
    const { clock } = this.#setting;
    const deadline = clock.monotonic() + totalMs;
    let name = question.name;
    let ttlS = Number.POSITIVE_INFINITY;
    let authenticated = true;
    for (let step = 0; step <= maxAliases; step++) {
      const outcome = await this.#race({ name, type: question.type }, deadline);
      if (outcome.kind === 'failed') return this.#failed(await this.#explained(question, outcome, deadline));
      const { response, path } = outcome;
      authenticated &&= response.authenticated && path.server.trustAd;
      const found = followAliases(name, question.type, response);
      ttlS = Math.min(ttlS, found.ttlS);
      if (found.kind === 'alias') {
        name = found.name;
        continue;
      }
      const longestMs = found.kind === 'records' ? maxTtlMs : maxNegativeTtlMs;
      return {
        kind: found.kind,
        name: found.name,
        data: found.kind === 'records' ? found.data : [],
        authenticated,
        freshUntil: clock.monotonic() + Math.min(Math.max(ttlS * 1_000, minTtlMs), longestMs),
        servesStaleUntil: 0,
      };
    }
    const reason = `DNS look-up of ${question.name} ${question.type} failed: more than ${maxAliases} aliases`;
    return { kind: 'temperror', reason, failure: 'alias_loop' };
  }

  /** A failure that is for the signatures goes away when nobody looks at them (RFC 4035 section 5.5). */
  async #explained(
    { name, type }: Question,
    outcome: Extract<RaceOutcome, { kind: 'failed' }>,
    deadline: number,
  ): Promise<Extract<RaceOutcome, { kind: 'failed' }>> {
    if (this.#setting.tellsBogus !== true || outcome.failure !== 'servfail') return outcome;
    const unchecked = await this.#race({ name, type, unchecked: true }, deadline);
    if (unchecked.kind === 'failed') return outcome;
    const reason = `DNS look-up of ${name} ${type} failed: the answer is bogus (DNSSEC)`;
    return { kind: 'failed', reason, failure: 'bogus' };
  }

  /** One question to the resolvers, when its turn comes. */
  async #race(question: Question, deadline: number): Promise<RaceOutcome> {
    if (this.#running >= maxRaces) {
      if (this.#waiting.length >= maxWaiting)
        return { kind: 'failed', reason: 'Too many DNS look-ups are waiting', failure: 'given_up' };
      await new Promise<void>(resolve => this.#waiting.push(resolve));
    }
    if (this.#closed) return { kind: 'failed', reason: 'Postern is stopping', failure: 'given_up' };
    this.#running += 1;
    const { promise, resolve } = Promise.withResolvers<RaceOutcome>();
    const race = new QuestionRace(
      this.#setting,
      question,
      {
        paths: () => this.#paths(),
        memory: this.#memory,
        mayHedge: () => this.#openSockets() < maxSockets,
        deadline,
      },
      resolve,
    );
    this.#races.add(race);
    const outcome = await promise;
    this.#races.delete(race);
    this.#running -= 1;
    this.#waiting.shift()?.();
    return outcome;
  }

  #paths(): ReturnType<typeof orderDnsPaths> {
    const { clock, servers, uplinks, snapshot, system = systemResolvers } = this.#setting;
    const now = clock.monotonic();
    const configured = servers();
    const systems = configured.length > 0 ? [] : system();
    return orderDnsPaths(dnsServersOf(configured, uplinks(), systems), snapshot(), {
      lastGood: this.#memory.lastGood,
      isSilent: key => this.#memory.isSilent(key, now),
    });
  }

  #openSockets(): number {
    let open = 0;
    for (const race of this.#races) open += race.open;
    return open;
  }

  #failed(outcome: Extract<RaceOutcome, { kind: 'failed' }>): Failure {
    const { clock, events } = this.#setting;
    const now = clock.monotonic();
    const silent = outcome.failure === 'timeout' || outcome.failure === 'unreachable';
    if (silent && !this.#closed && now - this.#warnedAt >= warnEveryMs) {
      this.#warnedAt = now;
      const message = `${outcome.reason}. Mail to domains that are not in the cache waits; check dns.servers and the uplinks.`;
      events?.emit({ kind: 'warning', at: clock.now(), subject: 'dns', message });
    }
    return { kind: 'temperror', reason: outcome.reason, failure: outcome.failure };
  }
}

type Failure = Extract<DnsAnswer, { readonly kind: 'temperror' }>;

/** Of what cannot be asked for. */
function noSuchName(name: string): Believed & { readonly kind: 'nxdomain' } {
  return { kind: 'nxdomain', name, ttlMs: maxNegativeTtlMs, authenticated: false, stale: false };
}
