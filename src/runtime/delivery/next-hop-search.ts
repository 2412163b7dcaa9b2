import { domainOf } from '../../protocol/smtp/address.ts';
import type { Clock } from '../ports.ts';
import type { NextHopSource } from './egress-guide.ts';
import { bySite, type Found, type Group, grouped } from './group.ts';

/** How long the domains of one message wait for each other's look-ups, so that those of one site share a transaction. */
const gatherMs = 250;

/** Looks up where groups go: those of one site together, and a domain that is slow to look up keeps nobody waiting. */
export class NextHopSearch {
  readonly #clock: Clock;
  readonly #finder: NextHopSource;
  readonly #found: (found: Found, tries: number) => void;
  /** A group was parted by its domains. */
  readonly #parted: (whole: Group, part: Group) => void;
  readonly #later: (group: Group, tries: number) => void;
  readonly #under = new Set<Group>();

  constructor(parts: {
    readonly clock: Clock;
    readonly finder: NextHopSource;
    readonly found: (found: Found, tries: number) => void;
    readonly parted: (whole: Group, part: Group) => void;
    /** The wait of `later` is over. */
    readonly later: (group: Group, tries: number) => void;
  }) {
    this.#clock = parts.clock;
    this.#finder = parts.finder;
    this.#found = parts.found;
    this.#parted = parts.parted;
    this.#later = parts.later;
  }

  /** `tries`: how often it was looked up within this attempt, given back with what is found. */
  begin(group: Group, tries: number): void {
    const domain = domainOf(group[0].recipient.forwardPath);
    if (group.some(({ recipient }) => domainOf(recipient.forwardPath) !== domain))
      return this.#beginEach(group, tries);
    this.#under.add(group);
    void this.#finder.find(domain).then(hop => {
      if (this.#under.delete(group)) this.#found({ group, hop }, tries);
    });
  }

  later(group: Group, waitMs: number, tries: number): void {
    this.#under.add(group);
    this.#clock.timer(waitMs, () => {
      if (this.#under.delete(group)) this.#later(group, tries);
    });
  }

  /** Holds a group until something is known, unless it is given up meanwhile. */
  until<Known>(group: Group, known: Promise<Known>, then: (known: Known) => void): void {
    this.#under.add(group);
    void known.then(value => {
      if (this.#under.delete(group)) then(value);
    });
  }

  /** Gives up what is under way, and gives it back. */
  takeAll(): Group[] {
    const groups = [...this.#under];
    this.#under.clear();
    return groups;
  }

  #beginEach(group: Group, tries: number): void {
    const byDomain = grouped(group, ({ recipient }) => domainOf(recipient.forwardPath));
    const pass = (found: readonly Found[]): void => {
      for (const one of bySite(found.filter(each => this.#under.delete(each.group)))) {
        this.#parted(group, one.group);
        this.#found(one, tries);
      }
    };
    let gathering: Found[] | null = [];
    const passGathered = (): void => {
      const found = gathering ?? [];
      gathering = null;
      late.cancel();
      pass(found);
    };
    const late = this.#clock.timer(gatherMs, passGathered);
    for (const part of byDomain) {
      this.#under.add(part);
      void this.#finder.find(domainOf(part[0].recipient.forwardPath)).then(hop => {
        if (gathering === null) return pass([{ group: part, hop }]);
        gathering.push({ group: part, hop });
        if (gathering.length === byDomain.length) passGathered();
      });
    }
  }
}
