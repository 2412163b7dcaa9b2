import { canonicalAddress } from '../../protocol/dns/address.ts';
import { reverseName } from '../records/reverse-name.ts';
import { answerText, type DnsFact } from './dns-fact.ts';
import { type AuditFacts, type ConversationFact, type EgressFact, questionKey } from './facts.ts';
import type { Evidence } from './finding.ts';
import { addressType, type IdentityFacts } from './identity-facts.ts';

/** One MX of the domain. `exchange` is canonical; '' is the null MX. */
export type MxEntry = { readonly preference: number; readonly exchange: string };

const notAsked: DnsFact = { kind: 'temperror', reason: 'it was not asked', failure: 'given_up' };

/** The facts as rules read them: looked up by name, and derived once. */
export class AuditView {
  readonly facts: AuditFacts;
  #mx: readonly MxEntry[] | null = null;

  constructor(facts: AuditFacts) {
    this.facts = facts;
  }

  /** What DNS said; of what was not asked, that nobody could say. */
  dns(name: string, type: string): DnsFact {
    return this.facts.dns[questionKey(name, type)] ?? notAsked;
  }

  wasAsked(name: string, type: string): boolean {
    return this.facts.dns[questionKey(name, type)] !== undefined;
  }

  /** The data of the records; none where there are none, for whatever reason. */
  records(name: string, type: string): readonly string[] {
    const fact = this.dns(name, type);
    return fact.kind === 'records' ? fact.values : [];
  }

  /** All that is there of a name's addresses, canonical. */
  addresses(name: string): readonly string[] {
    return [...this.records(name, 'A'), ...this.records(name, 'AAAA')].map(canonicalAddress);
  }

  /** Could nobody say whether the name has addresses? */
  isUnsure(name: string): boolean {
    return this.dns(name, 'A').kind === 'temperror' || this.dns(name, 'AAAA').kind === 'temperror';
  }

  /** The MX set, best first; empty where there is none. */
  get mx(): readonly MxEntry[] {
    this.#mx ??= this.records(this.facts.domain, 'MX')
      .flatMap(readMx)
      .toSorted((one, other) => one.preference - other.preference);
    return this.#mx;
  }

  /** The hosts that receive: the MX set, else the domain itself (RFC 5321 section 5.1), each once. */
  get mailHosts(): readonly string[] {
    const names = this.mx.filter(({ exchange }) => exchange !== '').map(({ exchange }) => exchange);
    if (this.mx.length > 0) return [...new Set(names)];
    return this.addresses(this.facts.domain).length > 0 ? [this.facts.domain] : [];
  }

  /** Some answer was validated, so an answer that was not is not signed. */
  get validates(): boolean {
    return Object.values(this.facts.dns).some(
      fact => fact.kind !== 'temperror' && fact.authenticated === true,
    );
  }

  conversationsWith(host: string): readonly ConversationFact[] {
    return this.facts.conversations.filter(conversation => conversation.host === host);
  }

  /** How one egress identifies itself, and what DNS says of that. */
  identityOf(egress: EgressFact): IdentityFacts {
    const { id, uplink, family, address, ehlo, smartHost } = egress;
    const type = addressType(family);
    const { name: reverse } = reverseName(address);
    return {
      egress: id,
      uplink,
      family,
      publicAddress: address,
      ehlo,
      smartHost,
      asked: {
        reverseName: reverse,
        ptr: this.dns(reverse, 'PTR'),
        forward: this.records(reverse, 'PTR').map(name => ({ name, addresses: this.dns(name, type) })),
        ehlo: { A: this.dns(ehlo, 'A'), AAAA: this.dns(ehlo, 'AAAA') },
      },
    };
  }
}

/** `10 mx1.example.com.` */
function readMx(data: string): MxEntry[] {
  const match = /^(\d{1,5}) (\S*?)\.?$/.exec(data);
  return match ? [{ preference: Number(match[1]), exchange: match[2] ?? '' }] : [];
}

/** A question and its answer, as evidence. */
export function evidenceOf(view: AuditView, name: string, type: string): Evidence {
  return { asked: `${name} ${type}`, answer: answerText(view.dns(name, type)) };
}
