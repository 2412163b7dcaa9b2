import { evaluateSpf, type SpfAnswer, type SpfEvaluation } from '../../protocol/spf/evaluate.ts';
import { isSpf } from '../../protocol/spf/record.ts';
import type { DnsFact } from './dns-fact.ts';
import { type AuditFacts, type EgressFact, questionKey } from './facts.ts';
import type { AuditView } from './view.ts';

/** What SPF of a domain says of mail from an egress, by the answers in hand. */
export function spfOf(
  facts: Pick<AuditFacts, 'dns'>,
  domain: string,
  { address, ehlo }: Pick<EgressFact, 'address' | 'ehlo'>,
): SpfEvaluation {
  const check = { domain, address, sender: `postmaster@${domain}`, helo: ehlo };
  return evaluateSpf(check, ({ name, type }) => asAnswer(facts.dns[questionKey(name, type)]));
}

/** The record is sound and does not let the address send. */
export const isLeftOut = (result: SpfEvaluation['result']): boolean =>
  result === 'fail' || result === 'softfail' || result === 'neutral';

/** The SPF records of a name. */
export const spfRecords = (view: AuditView, name: string): readonly string[] =>
  view.records(name, 'TXT').filter(isSpf);

function asAnswer(fact: DnsFact | undefined): SpfAnswer {
  if (fact === undefined) return { kind: 'unasked' };
  switch (fact.kind) {
    case 'records':
      return { kind: 'records', values: fact.values };
    case 'nodata':
    case 'nxdomain':
      return { kind: 'none' };
    case 'temperror':
      return { kind: 'temperror', reason: fact.reason };
    default:
      return fact satisfies never;
  }
}
