import { egressFinding, evidence, type IdentityFinding, isLiteral, seen } from './egress-finding.ts';
import { addressType, type IdentityFacts } from './identity-facts.ts';

const id = 'EGRESS-EHLO-ELSEWHERE';

/** The EHLO name resolves to the address that the world sees, as some receivers want it. */
export function egressEhloElsewhere(facts: IdentityFacts): IdentityFinding {
  const skip = (message: string): IdentityFinding => egressFinding(id, facts, { level: 'skip', message });
  if (isLiteral(facts.ehlo)) return skip(`${facts.ehlo} is an address and no name, so it needs no record.`);
  const judged = seen(facts);
  if (typeof judged === 'string') return skip(judged);
  const { address, ehlo, asked } = judged;
  const type = addressType(facts.family);
  const own = asked.ehlo[type];
  const other = asked.ehlo[type === 'A' ? 'AAAA' : 'A'];
  const shown = [evidence(ehlo, 'A', asked.ehlo.A), evidence(ehlo, 'AAAA', asked.ehlo.AAAA)];
  if (own.kind === 'records' && own.values.includes(address))
    return egressFinding(id, facts, {
      level: 'pass',
      message: `The EHLO name ${ehlo} resolves to ${address}.`,
      evidence: shown,
    });
  if (own.kind === 'temperror')
    return egressFinding(id, facts, {
      level: 'skip',
      message: `Nobody could say whether ${ehlo} resolves to ${address}.`,
      evidence: shown,
      unanswered: true,
    });
  if (own.kind !== 'records' && other.kind !== 'records')
    return skip(`${ehlo} is not known to resolve at all.`);
  const elsewhere = own.kind === 'records' ? own.values.join(', ') : `no IPv${facts.family} address`;
  return egressFinding(id, facts, {
    level: 'warning',
    message: `The EHLO name ${ehlo} of ${address} leads to ${elsewhere}: some receivers count that against the mail, although RFC 5321 forbids them to refuse it for that alone.`,
    evidence: shown,
    fix: `${ehlo}. IN ${type} ${address}`,
  });
}
