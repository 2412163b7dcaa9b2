import { catalogue } from '../../src/decision/audit/catalogue.ts';
import type {
  AuditFacts,
  CertificateFact,
  ConversationFact,
  TlsFact,
} from '../../src/decision/audit/facts.ts';
import { judge } from '../../src/decision/audit/judge.ts';
import { certificate } from '../audit-facts.ts';

/** One thing that is wrong in a layout which is sound otherwise. */
export type Mistake = {
  readonly name: string;
  readonly sound: AuditFacts;
  readonly facts: AuditFacts;
  /** Findings that come, each as `level ID subject`; passes and skips are not among them. */
  readonly comes: readonly string[];
  /** Findings that go, because what they explain is no longer so. */
  readonly goes: readonly string[];
};

export type MistakeRow = readonly [
  name: string,
  sound: AuditFacts,
  facts: AuditFacts,
  comes: readonly string[],
  goes?: readonly string[],
];

export const mistakesOf = (rows: readonly MistakeRow[]): readonly Mistake[] =>
  rows.map(([name, sound, facts, comes, goes = []]) => ({ name, sound, facts, comes, goes }));

/** What is told, as in `comes`. */
export const told = (facts: AuditFacts): string[] =>
  judge(facts, catalogue)
    .findings.filter(({ level }) => level !== 'pass' && level !== 'skip')
    .map(({ level, id, subject }) => `${level} ${id} ${subject.name ?? subject.kind}`);

export const isp1 = '198.51.100.30';
export const isp2 = '203.0.113.40';
export const reverse2 = '40.113.0.203.in-addr.arpa PTR';

/** The same facts, but for one of the egresses. */
export function withEgress(
  facts: AuditFacts,
  place: number,
  more: Partial<AuditFacts['egresses'][number]>,
): AuditFacts {
  const egresses = facts.egresses.map((egress, at) => (at === place ? { ...egress, ...more } : egress));
  return { ...facts, egresses };
}

/** Nothing was said after the greeting, or not even that. */
export const nothingSaid: Partial<ConversationFact> = {
  greeting: null,
  greetedAt: null,
  ehlo: null,
  tls: null,
  ehloAfterTls: null,
  nullSender: null,
  postmaster: null,
  unknownRecipient: null,
  pipelining: null,
};

/** A conversation that went over to TLS, but for some of what was shown. */
export function shows(
  more: Partial<CertificateFact>,
  rest: Partial<Extract<TlsFact, { readonly kind: 'done' }>> = {},
): Partial<ConversationFact> {
  const chain = [{ ...certificate, ...more }];
  return {
    tls: {
      kind: 'done',
      protocol: 'TLSv1.3',
      cipher: 'x',
      unverified: null,
      injected: false,
      chain,
      ...rest,
    },
  };
}
