import { isIPv6 } from 'node:net';
import { expandMacros, type MacroFacts } from './macro.ts';
import { type AddressParts, addressParts, agree } from './network.ts';
import { isSpf, parseSpf, type SpfMechanism, type SpfQualifier, type SpfRecord } from './record.ts';

export type SpfResult = 'pass' | 'fail' | 'softfail' | 'neutral' | 'none' | 'temperror' | 'permerror';

/** What DNS says to one question; `unasked`: nobody has asked it yet. */
export type SpfAnswer =
  | { readonly kind: 'records'; readonly values: readonly string[] }
  | { readonly kind: 'none' }
  | { readonly kind: 'temperror'; readonly reason: string }
  | { readonly kind: 'unasked' };

export type SpfQuestion = { readonly name: string; readonly type: 'TXT' | 'A' | 'AAAA' | 'MX' | 'PTR' };

/** Whose mail from where: `domain` is where the record is looked up. */
export type SpfCheck = {
  readonly domain: string;
  readonly address: string;
  readonly sender: string;
  readonly helo: string;
};

export type SpfEvaluation = {
  readonly result: SpfResult;
  /** The term that decided, as it was written, and in whose record; null: none did. */
  readonly matched: { readonly domain: string; readonly term: string } | null;
  /** Why, where it is an error. */
  readonly reason: string | null;
  /** Terms that cost a look-up (section 4.6.4: 10 at most), and look-ups that found nothing (2 at most). */
  readonly lookUps: number;
  readonly voids: number;
  /** Questions that the evaluation would go on with; empty where it is complete. */
  readonly unasked: readonly SpfQuestion[];
};

export const lookUpLimit = 10;
export const voidLimit = 2;
/** Names that `mx` and `ptr` look up at most (section 4.6.4). */
const nameLimit = 10;
/** Includes within includes; the limit of look-ups comes before it. */
const depthLimit = 20;
/** Terms of all records together: far more than any sender needs, and little enough to be over soon (section 4.6.4). */
const termLimit = 4_000;

const results: Readonly<Record<SpfQualifier, SpfResult>> = {
  '+': 'pass',
  '-': 'fail',
  '~': 'softfail',
  '?': 'neutral',
};

/**
 * The check_host() function of RFC 7208 section 4, on answers in hand: nothing is asked here. What is missing for a
 * verdict is named in `unasked`; ask it and evaluate again.
 */
export function evaluateSpf(check: SpfCheck, answer: (question: SpfQuestion) => SpfAnswer): SpfEvaluation {
  const run = new Evaluation(check, answer);
  const { result, matched, reason } = run.host(check.domain, 0);
  return { result, matched, reason, lookUps: run.lookUps, voids: run.voids, unasked: run.unasked };
}

type Verdict = Pick<SpfEvaluation, 'result' | 'matched' | 'reason'>;

const verdict = (result: SpfResult, reason: string | null = null): Verdict => ({
  result,
  matched: null,
  reason,
});

/** A term's answer: does it match, or is the whole evaluation over? */
type Match = boolean | Verdict;

class Evaluation {
  lookUps = 0;
  voids = 0;
  #terms = 0;
  readonly unasked: SpfQuestion[] = [];
  readonly #check: SpfCheck;
  readonly #address: AddressParts | null;
  readonly #answer: (question: SpfQuestion) => SpfAnswer;

  constructor(check: SpfCheck, answer: (question: SpfQuestion) => SpfAnswer) {
    this.#check = check;
    this.#address = addressParts(check.address);
    this.#answer = answer;
  }

  host(domain: string, depth: number): Verdict {
    if (depth > depthLimit)
      return verdict('permerror', `the records of ${domain} include each other without end`);
    const found = this.#ask(domain, 'TXT');
    if (found.kind === 'temperror') return verdict('temperror', `${domain} TXT: ${found.reason}`);
    if (found.kind === 'unasked') return verdict('temperror', `${domain} TXT was not asked`);
    const records = found.kind === 'records' ? found.values.filter(isSpf) : [];
    const [text, ...others] = records;
    if (text === undefined) return verdict('none');
    if (others.length > 0) return verdict('permerror', `${domain} has ${records.length} SPF records`);
    const parsed = parseSpf(text);
    if (!parsed.ok) return verdict('permerror', `${domain}: ${parsed.error}`);
    this.#terms += parsed.value.mechanisms.length;
    if (this.#terms > termLimit)
      return verdict('temperror', `the records of ${this.#check.domain} have more than ${termLimit} terms`);
    return this.#record(domain, parsed.value, depth);
  }

  #record(domain: string, record: SpfRecord, depth: number): Verdict {
    for (const mechanism of record.mechanisms) {
      const match = this.#matches(mechanism, domain, depth);
      if (typeof match === 'object') return match;
      if (match)
        return {
          result: results[mechanism.qualifier],
          matched: { domain, term: mechanism.text },
          reason: null,
        };
    }
    const hasAll = record.mechanisms.some(({ name }) => name === 'all');
    if (record.redirect === null || hasAll) return verdict('neutral');
    const tooMany = this.#spend();
    if (tooMany !== null) return tooMany;
    const target = expandMacros(record.redirect, this.#facts(domain));
    const led = this.host(target, depth + 1);
    return led.result === 'none'
      ? verdict('permerror', `${domain} redirects to ${target}, which has no SPF record`)
      : led;
  }

  #matches(mechanism: SpfMechanism, domain: string, depth: number): Match {
    const { name, target, prefix4, prefix6 } = mechanism;
    switch (name) {
      case 'all':
        return true;
      case 'ip4':
      case 'ip6':
        return this.#isWithin(target ?? '', name === 'ip4' ? prefix4 : prefix6);
      default:
        break;
    }
    const tooMany = this.#spend();
    if (tooMany !== null) return tooMany;
    const named = target === null ? domain : expandMacros(target, this.#facts(domain));
    switch (name) {
      case 'include':
        return this.#include(named, domain, depth);
      case 'a':
        return this.#hasAddress(named, mechanism);
      case 'mx':
        return this.#mx(named, mechanism);
      case 'exists':
        return this.#exists(named);
      case 'ptr':
        return this.#ptr(named);
      default:
        return name satisfies never;
    }
  }

  /** Section 5.2: a pass matches, a missing record is an error. */
  #include(target: string, domain: string, depth: number): Match {
    const { result, reason } = this.host(target, depth + 1);
    switch (result) {
      case 'pass':
        return true;
      case 'fail':
      case 'softfail':
      case 'neutral':
        return false;
      case 'temperror':
        return verdict('temperror', reason);
      case 'permerror':
        return verdict('permerror', reason);
      case 'none':
        return verdict('permerror', `${domain} includes ${target}, which has no SPF record`);
      default:
        return result satisfies never;
    }
  }

  #hasAddress(name: string, { prefix4, prefix6 }: SpfMechanism): Match {
    const six = isIPv6(this.#check.address);
    const found = this.#ask(name, six ? 'AAAA' : 'A');
    const over = this.#over(found, name);
    if (over !== null) return over;
    return valuesOf(found).some(address => this.#isWithin(address, six ? prefix6 : prefix4));
  }

  #mx(name: string, mechanism: SpfMechanism): Match {
    const found = this.#ask(name, 'MX');
    const over = this.#over(found, name);
    if (over !== null) return over;
    const hosts = valuesOf(found)
      .map(text => text.replace(/^\d+ /, '').replace(/\.$/, ''))
      .filter(host => host !== '');
    if (hosts.length > nameLimit)
      return verdict('permerror', `the MX set of ${name} has more than ${nameLimit} names`);
    return this.#anyAddress(hosts, mechanism);
  }

  #anyAddress(names: readonly string[], { prefix4, prefix6 }: SpfMechanism): Match {
    const six = isIPv6(this.#check.address);
    // All are asked before any is judged, so that nobody waits for one after the other.
    const found = names.map(name => this.#ask(name, six ? 'AAAA' : 'A'));
    for (const [place, answer] of found.entries()) {
      if (valuesOf(answer).some(address => this.#isWithin(address, six ? prefix6 : prefix4))) return true;
      const over = answer.kind === 'none' ? null : this.#over(answer, names[place] ?? '');
      if (over !== null) return over;
    }
    return false;
  }

  #exists(name: string): Match {
    const found = this.#ask(name, 'A');
    return this.#over(found, name) ?? found.kind === 'records';
  }

  /** Section 5.5: an answer that does not come only means that nothing matches; one that is empty is a void look-up. */
  #ptr(target: string): Match {
    const reverse = reverseOf(this.#check.address);
    const found = this.#ask(reverse, 'PTR');
    const over = found.kind === 'none' ? this.#over(found, reverse) : null;
    if (over !== null) return over;
    const six = isIPv6(this.#check.address);
    const names = valuesOf(found)
      .slice(0, nameLimit)
      .map(name => name.replace(/\.$/, '').toLowerCase());
    const within = names.filter(name => name === target || name.endsWith(`.${target}`));
    return within.some(name =>
      valuesOf(this.#ask(name, six ? 'AAAA' : 'A')).some(address => this.#isWithin(address, null)),
    );
  }

  #spend(): Verdict | null {
    this.lookUps += 1;
    return this.lookUps > lookUpLimit
      ? verdict('permerror', `more than ${lookUpLimit} look-ups are needed`)
      : null;
  }

  /** An answer that ends the evaluation: none came, or too many found nothing. */
  #over(answer: SpfAnswer, name: string): Verdict | null {
    if (answer.kind === 'temperror') return verdict('temperror', `${name}: ${answer.reason}`);
    if (answer.kind === 'unasked') return verdict('temperror', `${name} was not asked`);
    if (answer.kind === 'none' && ++this.voids > voidLimit)
      return verdict('permerror', `more than ${voidLimit} look-ups found nothing`);
    return null;
  }

  #ask(name: string, type: SpfQuestion['type']): SpfAnswer {
    const found = this.#answer({ name, type });
    if (found.kind === 'unasked') this.unasked.push({ name, type });
    return found;
  }

  #isWithin(network: string, prefix: number | null): boolean {
    const parts = addressParts(network);
    return parts !== null && this.#address !== null && agree(this.#address, parts, prefix);
  }

  #facts(domain: string): MacroFacts {
    const { sender, address, helo } = this.#check;
    return { sender, address, helo, domain };
  }
}

const valuesOf = (answer: SpfAnswer): readonly string[] => (answer.kind === 'records' ? answer.values : []);

/** The name of an address in the reverse tree. */
const reverseOf = (address: string): string =>
  expandMacros('%{ir}.%{v}.arpa', { sender: '', domain: '', helo: '', address });
