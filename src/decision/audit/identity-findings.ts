import { egressEhloElsewhere } from './egress-ehlo-elsewhere.ts';
import { egressEhloUnresolved } from './egress-ehlo-unresolved.ts';
import { egressFcrdns } from './egress-fcrdns.ts';
import type { IdentityFinding } from './egress-finding.ts';
import { egressNoPtr } from './egress-no-ptr.ts';
import type { IdentityFacts } from './identity-facts.ts';

/** What every rule says of the identity of one egress. */
export function identityFindings(facts: IdentityFacts): readonly IdentityFinding[] {
  return [egressNoPtr(facts), egressFcrdns(facts), egressEhloUnresolved(facts), egressEhloElsewhere(facts)];
}
