import type { DnsFact } from '../../decision/audit/dns-fact.ts';
import { questionKey } from '../../decision/audit/facts.ts';
import { canonicalName } from '../../protocol/dns/names.ts';
import type { RecordData, RecordType } from '../../protocol/dns/record.ts';
import { dataText } from '../../protocol/dns/zone-text.ts';
import type { Resolver } from '../dns/resolver.ts';
import { fixedOrder } from './fixed-order.ts';

/** Questions that one audit may ask: no domain's mail needs more, and what does is a loop. */
const questionLimit = 2_000;

/** Asks DNS and writes down what it said; each question once, however often it is put. */
export class Notebook {
  readonly #resolver: Pick<Resolver, 'resolve'>;
  readonly #asked = new Map<string, Promise<DnsFact>>();
  readonly #facts = new Map<string, DnsFact>();

  constructor(resolver: Pick<Resolver, 'resolve'>) {
    this.#resolver = resolver;
  }

  ask(name: string, type: RecordType): Promise<DnsFact> {
    const key = questionKey(name, type);
    const asked = this.#asked.get(key);
    if (asked !== undefined) return asked;
    const answer = this.#answer(name, type).then(fact => {
      this.#facts.set(key, fact);
      return fact;
    });
    this.#asked.set(key, answer);
    return answer;
  }

  /** The data of the records; none where there are none, for whatever reason. */
  async records(name: string, type: RecordType): Promise<readonly string[]> {
    const fact = await this.ask(name, type);
    return fact.kind === 'records' ? fact.values : [];
  }

  /** What is written down so far; a question without its answer yet counts as unanswered. */
  facts(): Record<string, DnsFact> {
    const keys = [...this.#asked.keys()].toSorted(fixedOrder);
    const reason = 'no answer came in the time of the check';
    const late: DnsFact = { kind: 'temperror', reason, failure: 'given_up' };
    return Object.fromEntries(keys.map(key => [key, this.#facts.get(key) ?? late]));
  }

  async #answer(name: string, type: RecordType): Promise<DnsFact> {
    if (canonicalName(name) !== name) return { kind: 'nxdomain' };
    if (this.#asked.size >= questionLimit)
      return {
        kind: 'temperror',
        reason: `more than ${questionLimit} questions would be needed`,
        failure: 'given_up',
      };
    const answer = await this.#resolver.resolve(name, type);
    if (answer.kind === 'temperror') return answer;
    const more = {
      ...(answer.name === name ? {} : { alias: answer.name }),
      ...(answer.authenticated ? { authenticated: true } : {}),
    };
    return answer.kind === 'records'
      ? {
          kind: 'records',
          values: answer.records.map(valueText).toSorted(fixedOrder),
          ...more,
          ttlS: Math.round(answer.ttlMs / 1000),
        }
      : { kind: answer.kind, ...more };
  }
}

/** As in a master file, but names that stand alone without their final dot. */
function valueText(data: RecordData): string {
  const text = dataText(data);
  return data.type === 'CNAME' || data.type === 'NS' || data.type === 'PTR' ? text.slice(0, -1) : text;
}
