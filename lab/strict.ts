import assert from 'node:assert/strict';
import type { Namespace } from '../src/surface/demo/namespaces.ts';
import { inside, type Sender, uplinks } from './addresses.ts';
import { submit } from './client.ts';
import { letterTo } from './letters.ts';
import type { Scenario } from './scenario.ts';

/** Where a mail user is, and the relay listener that he hands his mail to. */
export type User = { readonly namespace: Namespace; readonly source: string; readonly relay: string };

/** A letter to each strict receiver arrives, and each of them saw it come from that sender and passed it by SPF. */
export async function assertAccepted(
  scenario: Scenario,
  sender: Sender,
  user = insider(scenario),
): Promise<void> {
  const { receivers } = scenario.real;
  const name = `from-${sender.address}`;
  const letters = receivers.map(({ post }) => letterTo(post.domain, name));
  await submit(user.namespace, { address: user.relay, source: user.source }, letters);
  for (const receiver of receivers) {
    await scenario.until(`${name} at ${receiver.kind}`, async () => (await receiver.letters()).has(name));
    const header = (await receiver.letters()).get(name)?.header ?? '';
    const seen = ['', `${sender.name} `].map(
      known => `Received: from ${sender.name} (${known}[${sender.address}])`,
    );
    assert.ok(
      seen.some(each => header.includes(each)),
      `${receiver.kind}: ${header}`,
    );
    assert.match(header, /^Received-SPF: pass/im, receiver.kind);
  }
}

/** Mail by each uplink in turn is accepted by each strict receiver. */
export async function assertAcceptedByEach(scenario: Scenario, [one, two]: readonly Sender[]): Promise<void> {
  assert.ok(one && two);
  await assertAccepted(scenario, one);
  await useOnly(scenario, 1);
  await assertAccepted(scenario, two);
}

/** Takes the other uplink out of use. */
export async function useOnly(scenario: Scenario, index: 0 | 1): Promise<void> {
  const other = uplinks[1 - index];
  assert.ok(other);
  const { code, err } = await scenario.command('uplinks', 'drain', other.name);
  assert.equal(code, 0, err);
}

function insider({ lab }: Scenario): User {
  return { namespace: lab.inside, source: inside.user, relay: inside.mailHost };
}
