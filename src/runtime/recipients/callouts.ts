import type { DomainSetting } from '../../decision/admission/domain.ts';
import {
  holdsInSilence,
  knownForMs,
  recipientAnswer,
  recipientKey,
  refusalWords,
  useOfRemembered,
} from '../../decision/admission/recipient-verdict.ts';
import { onlyUplinksTo } from '../../decision/next-hop/backup.ts';
import type { RouteSetting } from '../../decision/next-hop/route-setting.ts';
import type { NextHopSource } from '../delivery/egress-guide.ts';
import type { QueueStore, Random } from '../ports.ts';
import { type CalloutAnswer, type CalloutPorts, CalloutSite } from './callout-site.ts';
import { keptRows } from './kept-rows.ts';
import { RecipientMemory } from './recipient-memory.ts';
import { StoreBelief } from './store-belief.ts';

const mostUnderWay = 5_000;
/** A store that takes all is asked about the same recipient again after this. */
const unbelievedForMs = 15 * 60_000;
/** Sites that were not asked for so long are given up. */
const siteKeptMs = 3_600_000;
const randomLetters = 'abcdefghijklmnopqrstuvwxyz0123456789';
const beliefsKey = 'recipients heard';

/** `words`: the store's refusal. */
export type CalloutVerdict =
  | { readonly kind: 'take' }
  | { readonly kind: 'refuse'; readonly words: string }
  | { readonly kind: 'unsure' };

const take: CalloutVerdict = { kind: 'take' };
const unsure: CalloutVerdict = { kind: 'unsure' };

export type CalloutsParts = CalloutPorts & {
  readonly random: Random;
  readonly store: Pick<QueueStore, 'remember' | 'recall'>;
  readonly finder: NextHopSource;
  readonly routes: () => readonly RouteSetting[];
  /** The primary of this domain is known not to answer. */
  readonly isAway: (domain: string) => boolean;
  /** The trouble with a domain's store has changed; null: it is over. */
  readonly tell: (domain: string, trouble: string | null) => void;
};

/**
 * Asks the mail stores of our domains, and for a backup the primary, which recipients exist, and remembers what they say.
 * Equal questions share one call. What is learnt for a backup is kept on disk, for its time comes when the primary is
 * away.
 */
export class Callouts {
  readonly #parts: CalloutsParts;
  readonly #memory: RecipientMemory;
  readonly #sites = new Map<string, CalloutSite>();
  readonly #beliefs = new Map<string, StoreBelief>();
  readonly #told = new Map<string, string>();
  readonly #underWay = new Map<string, Promise<CalloutVerdict>>();
  readonly #tests = new Map<string, Promise<void>>();
  #beliefsText = '';

  constructor(parts: CalloutsParts) {
    this.#parts = parts;
    this.#memory = new RecipientMemory(parts.clock, parts.store);
  }

  async start(): Promise<void> {
    await this.#memory.load();
    const text = await this.#parts.store.recall(beliefsKey);
    if (!text.ok || text.value === null) return;
    for (const [domain, heardAt, lastKnown] of readBeliefs(text.value)) {
      const belief = this.#beliefOf(domain);
      belief.heardAt = heardAt;
      belief.lastKnown = lastKnown;
    }
  }

  async stop(): Promise<void> {
    for (const site of this.#sites.values()) site.close();
    await Promise.all([this.#memory.flush(), this.#writeBeliefs()]);
  }

  /** Never fails. At once where it is remembered, else within some ten seconds. */
  check(domain: DomainSetting, forwardPath: string): CalloutVerdict | Promise<CalloutVerdict> {
    const key = recipientKey(forwardPath);
    const known = this.#memory.get(key);
    if (known !== null) {
      const now = this.#parts.clock.now();
      const use = useOfRemembered(known, now);
      if (use === 'refresh' && !this.#parts.isAway(domain.name)) void this.#askOnce(domain, key, forwardPath);
      if (use !== 'ask') return known.known ? take : { kind: 'refuse', words: known.words };
    }
    if (this.#parts.isAway(domain.name)) return this.#ofOld(domain.name, key);
    return this.#askOnce(domain, key, forwardPath);
  }

  #askOnce(domain: DomainSetting, key: string, forwardPath: string): Promise<CalloutVerdict> {
    const before = this.#underWay.get(key);
    if (before !== undefined) return before;
    if (this.#underWay.size >= mostUnderWay) return Promise.resolve(this.#ofOld(domain.name, key));
    const asking = this.#ask(domain, key, forwardPath).finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, asking);
    return asking;
  }

  async #ask(domain: DomainSetting, key: string, forwardPath: string): Promise<CalloutVerdict> {
    const belief = this.#beliefOf(domain.name);
    const { clock } = this.#parts;
    const testing = belief.isTestDue(clock.now()) ? this.#test(domain.name, belief) : null;
    const answer = await this.#askSite(domain.name, forwardPath);
    await testing;
    const said = recipientAnswer(answer.reply);
    const now = clock.now();
    if (said === 'unsure') {
      belief.silent(whyUnsure(answer));
      this.#tell(domain.name, belief);
      return this.#ofOld(domain.name, key);
    }
    if (said === 'unknown' && this.#memory.get(key)?.known === true) {
      belief.testSoon();
      if (belief.isTestDue(now)) await this.#test(domain.name, belief);
    }
    belief.heard(said, forwardPath, now);
    this.#tell(domain.name, belief);
    const durable = domain.role === 'backup';
    if (said === 'known') {
      // Of a store that takes all it is remembered only that it was asked.
      const at = belief.takesAll ? now - knownForMs + unbelievedForMs : now;
      this.#memory.set(key, { known: true, at, words: '', durable: durable && !belief.takesAll });
      return take;
    }
    if (!belief.takesSome) return this.#ofOld(domain.name, key);
    const words = answer.reply === null ? '' : refusalWords(answer.reply);
    this.#memory.set(key, { known: false, at: now, words, durable });
    return { kind: 'refuse', words };
  }

  /** Nobody answers: what was learnt before, if it still holds. */
  #ofOld(domain: string, key: string): CalloutVerdict {
    const known = this.#memory.get(key);
    if (known === null) return unsure;
    const { heardAt } = this.#beliefOf(domain);
    if (!holdsInSilence(known, heardAt, this.#parts.clock.now())) return unsure;
    return known.known ? take : { kind: 'refuse', words: known.words };
  }

  /** A mailbox that cannot exist, postmaster, and one that was taken before, if there is one. */
  #test(domain: string, belief: StoreBelief): Promise<void> {
    const before = this.#tests.get(domain);
    if (before !== undefined) return before;
    const { lastKnown } = belief;
    const testing = Promise.all([
      this.#askSite(domain, `${this.#randomLocalPart()}@${domain}`),
      this.#askSite(domain, `postmaster@${domain}`),
      lastKnown === null ? null : this.#askSite(domain, lastKnown),
    ]).then(([random, postmaster, known]) => {
      this.#tests.delete(domain);
      belief.tested(
        {
          random: recipientAnswer(random.reply),
          postmaster: recipientAnswer(postmaster.reply),
          before: known === null ? null : recipientAnswer(known.reply),
        },
        this.#parts.clock.now(),
      );
      void this.#writeBeliefs();
    });
    this.#tests.set(domain, testing);
    return testing;
  }

  async #askSite(domain: string, forwardPath: string): Promise<CalloutAnswer> {
    const hop = await this.#parts.finder.find(domain);
    if (hop.kind !== 'hosts') return { reply: null, why: hop.reason };
    let site = this.#sites.get(hop.site);
    if (site === undefined) {
      this.#dropOldSites();
      site = new CalloutSite(hop.site, this.#parts);
      this.#sites.set(hop.site, site);
    }
    site.hosts = hop.hosts;
    site.onlyUplinks = onlyUplinksTo(domain, this.#parts.routes());
    return site.ask(forwardPath);
  }

  #dropOldSites(): void {
    const old = this.#parts.clock.monotonic() - siteKeptMs;
    for (const [key, site] of this.#sites) {
      if (site.usedAt > old) continue;
      site.close();
      this.#sites.delete(key);
    }
  }

  #randomLocalPart(): string {
    const letter = (): string =>
      randomLetters.charAt(Math.floor(this.#parts.random.next() * randomLetters.length));
    return Array.from({ length: 20 }, letter).join('');
  }

  #beliefOf(domain: string): StoreBelief {
    const known = this.#beliefs.get(domain);
    if (known !== undefined) return known;
    const belief = new StoreBelief();
    this.#beliefs.set(domain, belief);
    return belief;
  }

  #tell(domain: string, belief: StoreBelief): void {
    const trouble = belief.trouble(domain);
    const before = this.#told.get(domain);
    if (before === trouble?.what) return;
    if (trouble === null) this.#told.delete(domain);
    else this.#told.set(domain, trouble.what);
    this.#parts.tell(domain, trouble?.sentence ?? null);
  }

  async #writeBeliefs(): Promise<void> {
    const rows = [...this.#beliefs].flatMap(([domain, { heardAt, lastKnown }]) =>
      heardAt > 0 ? [[domain, heardAt, lastKnown]] : [],
    );
    const text = JSON.stringify(rows);
    if (rows.length === 0 || text === this.#beliefsText) return;
    this.#beliefsText = text;
    await this.#parts.store.remember(beliefsKey, text);
  }
}

function whyUnsure({ reply, why }: CalloutAnswer): string {
  return reply === null ? why : `it answers ${refusalWords(reply)}`;
}

function* readBeliefs(text: string): Iterable<[string, number, string | null]> {
  for (const [domain, heardAt, lastKnown] of keptRows(text)) {
    if (typeof domain === 'string' && typeof heardAt === 'number')
      yield [domain, heardAt, typeof lastKnown === 'string' ? lastKnown : null];
  }
}
