import { canonicalAddress } from '../../protocol/dns/address.ts';
import type { DnsFact, IdentityFacts } from './dns-fact.ts';
import { type AuditFacts, type ConversationFact, type EgressFact, questionKey } from './facts.ts';

/** One MX of the domain. `exchange` is canonical; '' is the null MX. */
export type MxEntry = { readonly preference: number; readonly exchange: string };

const notAsked: DnsFact = { kind: 'temperror', reason: 'it was not asked' };

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

  /** The data of the records; none where there are none, for whatever reason. */
  records(name: string, type: string): readonly string[] {
    const fact = this.dns(name, type);
    return fact.kind === 'records' ? fact.records : [];
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

  conversationsWith(host: string): readonly ConversationFact[] {
    return this.facts.conversations.filter(conversation => conversation.host === host);
  }

  /** What identifies one egress to receivers. */
  identityOf({ id, uplink, family, address, ehlo }: EgressFact, reverseName: string): IdentityFacts {
    const type = family === 4 ? 'A' : 'AAAA';
    const ptr = plainNames(this.dns(reverseName, 'PTR'));
    const names = ptr.kind === 'records' ? ptr.records : [];
    return {
      egress: { id, uplink, family, address, ehlo },
      ptr,
      ptrAddresses: Object.fromEntries(names.map(name => [name, this.dns(name, type)])),
      ehloAddresses: this.dns(ehlo, type),
      ehloOtherAddresses: this.dns(ehlo, family === 4 ? 'AAAA' : 'A'),
    };
  }
}

/** `10 mx1.example.com.` */
function readMx(data: string): MxEntry[] {
  const match = /^(\d{1,5}) (\S*?)\.?$/.exec(data);
  return match ? [{ preference: Number(match[1]), exchange: match[2] ?? '' }] : [];
}

function plainNames(fact: DnsFact): DnsFact {
  return fact.kind === 'records'
    ? { ...fact, records: fact.records.map(name => name.replace(/\.$/, '')) }
    : fact;
}

/** `mx1.example.com MX → 10 a.example.com.`: the question and its answer, as evidence. */
export function asEvidence(name: string, type: string, fact: DnsFact): string {
  const alias = fact.kind !== 'temperror' && fact.alias !== undefined ? ` (alias of ${fact.alias})` : '';
  switch (fact.kind) {
    case 'records':
      return `${name} ${type}${alias}: ${fact.records.join(', ')}`;
    case 'nodata':
      return `${name} ${type}${alias}: no such record`;
    case 'nxdomain':
      return `${name} ${type}${alias}: no such name`;
    case 'temperror':
      return `${name} ${type}: no answer (${fact.reason})`;
    default:
      return fact satisfies never;
  }
}
