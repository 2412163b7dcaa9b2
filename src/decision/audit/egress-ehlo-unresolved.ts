import { egressFinding, evidence, heard, type IdentityFinding, isLiteral, seen } from './egress-finding.ts';
import { addressType, type IdentityFacts } from './identity-facts.ts';

const id = 'EGRESS-EHLO-UNRESOLVED';

/** The EHLO name has an address at all. Judged for a private address too, for the name is said to the world all the same. */
export function egressEhloUnresolved(facts: IdentityFacts): IdentityFinding {
  const skip = (message: string): IdentityFinding => egressFinding(id, facts, { level: 'skip', message });
  if (isLiteral(facts.ehlo)) return skip(`${facts.ehlo} is an address and no name, so it needs no record.`);
  const judged = heard(facts);
  if (typeof judged === 'string') return skip(judged);
  const { address, ehlo, asked } = judged;
  const both = [asked.ehlo.A, asked.ehlo.AAAA];
  const shown = [evidence(ehlo, 'A', asked.ehlo.A), evidence(ehlo, 'AAAA', asked.ehlo.AAAA)];
  if (both.some(({ kind }) => kind === 'records'))
    return egressFinding(id, facts, { level: 'pass', message: `${ehlo} resolves.`, evidence: shown });
  if (both.some(({ kind }) => kind === 'temperror'))
    return egressFinding(id, facts, {
      level: 'skip',
      message: `Nobody could say whether ${ehlo} has an address.`,
      evidence: shown,
      unanswered: true,
    });
  return egressFinding(id, facts, {
    level: 'error',
    message: `The EHLO name ${ehlo} of ${address} does not resolve: many receivers refuse such a client. Give it an address, or write another name as ehlo of uplink ${facts.uplink}.`,
    evidence: shown,
    // A private address has no business in the public DNS.
    fix: typeof seen(facts) === 'string' ? null : `${ehlo}. IN ${addressType(facts.family)} ${address}`,
  });
}
