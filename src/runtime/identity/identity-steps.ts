import type { IdentityFinding, IdentityRule } from '../../decision/audit/egress-finding.ts';
import type { EgressTest } from '../gateway-control.ts';
import type { GatheredIdentity } from './gather-identity.ts';

type Step = EgressTest['steps'][number];

/** What the look-ups of an identity say, as the last steps of the test of an egress. */
export function identitySteps(
  findings: readonly IdentityFinding[],
  tookMs: GatheredIdentity['tookMs'],
): readonly Step[] {
  const of = (id: IdentityRule): IdentityFinding | undefined => findings.find(finding => finding.id === id);
  const unresolved = of('EGRESS-EHLO-UNRESOLVED');
  return [
    step('ptr', of('EGRESS-NO-PTR'), tookMs.ptr),
    step('forward', of('EGRESS-FCRDNS'), tookMs.forward),
    // One that resolves is judged further by where it leads.
    step(
      'ehlo_address',
      unresolved?.level === 'pass' ? of('EGRESS-EHLO-ELSEWHERE') : unresolved,
      tookMs.ehlo,
    ),
  ].flat();
}

function step(name: Step['step'], finding: IdentityFinding | undefined, elapsedMs: number): readonly Step[] {
  if (finding === undefined) return [];
  const { level, message, id } = finding;
  const ok = level !== 'error' && finding.unanswered !== true;
  const text =
    level === 'error' || level === 'warning'
      ? `${message} (${id})`
      : level === 'skip'
        ? `not judged: ${message}`
        : message;
  return [{ step: name, ok, text, elapsedMs: Math.round(elapsedMs) }];
}
