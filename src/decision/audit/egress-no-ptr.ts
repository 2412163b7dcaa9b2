import { egressFinding, evidence, type IdentityFinding, seen } from './egress-finding.ts';
import { addressType, type IdentityFacts } from './identity-facts.ts';

const id = 'EGRESS-NO-PTR';

/** The address that the world sees has a PTR. */
export function egressNoPtr(facts: IdentityFacts): IdentityFinding {
  const judged = seen(facts);
  if (typeof judged === 'string') return egressFinding(id, facts, { level: 'skip', message: judged });
  const { address, ehlo, asked } = judged;
  const type = addressType(facts.family);
  const forward = asked.ehlo[type];
  // Where nobody could say, it is not doubted.
  const leadsBack =
    forward.kind === 'temperror' || (forward.kind === 'records' && forward.values.includes(address));
  const shown = [evidence(asked.reverseName, 'PTR', asked.ptr)];
  switch (asked.ptr.kind) {
    case 'records':
      return egressFinding(id, facts, {
        level: 'pass',
        message: `${address} has the PTR ${asked.ptr.values.join(', ')}.`,
        evidence: shown,
      });
    case 'temperror':
      return egressFinding(id, facts, {
        level: 'skip',
        message: `Nobody could say whether ${address} has a PTR: ${asked.ptr.reason}.`,
        evidence: shown,
        unanswered: true,
      });
    case 'nodata':
    case 'nxdomain':
      return egressFinding(id, facts, {
        level: 'error',
        message: `${address} has no PTR: Gmail and others refuse its mail. Ask the provider of ${facts.uplink}, who owns the address, to set it.`,
        evidence: shown,
        fix: leadsBack
          ? `${asked.reverseName}. IN PTR ${ehlo}.`
          : `${asked.reverseName}. IN PTR ${ehlo}.\n${ehlo}. IN ${type} ${address}`,
      });
    default:
      return asked.ptr satisfies never;
  }
}
