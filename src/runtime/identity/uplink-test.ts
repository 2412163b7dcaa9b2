import type { EgressTest } from '../gateway-control.ts';
import type { Result } from '../ports.ts';
import { identitySteps } from './identity-steps.ts';
import type { IdentityTest } from './identity-watch.ts';

type Parts = {
  readonly sessions: (uplink: string) => Promise<Result<readonly EgressTest[], string>>;
  readonly identities: (uplink: string) => Promise<readonly IdentityTest[]>;
};

/** An uplink tested now: a session from each of its addresses, and what DNS says of their identity. */
export async function testUplink(
  { sessions, identities }: Parts,
  uplink: string,
): Promise<Result<readonly EgressTest[], string>> {
  const [tests, known] = await Promise.all([sessions(uplink), identities(uplink)]);
  if (!tests.ok) return tests;
  const whole = tests.value.map(test => {
    const identity = known.find(({ egress }) => egress === test.egress);
    if (identity === undefined) return test;
    const steps = identitySteps(identity.findings, identity.tookMs);
    return { ...test, ok: test.ok && steps.every(({ ok }) => ok), steps: [...test.steps, ...steps] };
  });
  return { ok: true, value: whole };
}
