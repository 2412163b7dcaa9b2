import assert from 'node:assert/strict';
import type { Scenario } from './scenario.ts';

/**
 * Came more often than once, with the forward-path of each. What its sender offered again, because it was not told that
 * it was taken, does not count.
 */
export function doubled({ deliveries, offeredAgain }: Scenario): Map<string, string> {
  const seen = new Set<string>();
  const twice = new Map<string, string>();
  for (const { messageId, rcptTo } of deliveries) {
    const id = messageId ?? '';
    if (seen.has(id) && !offeredAgain.has(id)) twice.set(id, rcptTo[0] ?? '');
    seen.add(id);
  }
  return twice;
}

/** Was it written down that this recipient's message may have arrived without our being told so? */
export async function isRecordedInDoubt(scenario: Scenario, forwardPath: string): Promise<boolean> {
  return (await scenario.gateway.trace(forwardPath)).some(({ event }) => event === 'in_doubt');
}

/**
 * Nothing lost, nothing doubled, nothing altered, nothing returned to its sender, and no source address with another's
 * name in any session. A message may come twice if its doubt was recorded, for which each needs a forward-path of its own;
 * with `no doubt` none may.
 */
export async function assertSound(
  scenario: Scenario,
  doubts: 'doubts' | 'no doubt' = 'doubts',
): Promise<void> {
  assert.deepEqual(scenario.tally.reckon(null).lost, [], 'accepted and never arrived');
  for (const [messageId, forwardPath] of doubled(scenario)) {
    const trace = await scenario.gateway.trace(forwardPath);
    const recorded = doubts === 'doubts' && trace.some(({ event }) => event === 'in_doubt');
    assert.ok(recorded, `${messageId} arrived twice: ${JSON.stringify(trace)}`);
  }
  const names = new Map(scenario.senders.map(({ address, name }) => [address, name]));
  const { identities, refusedIdentity } = await scenario.counts();
  for (const { address, ehlo } of identities)
    assert.equal(ehlo, names.get(address), `the name given from ${address}`);
  assert.equal(refusedIdentity, 0);
  for (const { messageId, bodyDigest } of scenario.deliveries) {
    assert.ok(scenario.digests.has(messageId ?? ''), `${messageId} is none that was sent: a bounce?`);
    assert.equal(bodyDigest, scenario.digests.get(messageId ?? ''), `the body of ${messageId}`);
  }
}
