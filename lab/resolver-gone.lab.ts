import assert from 'node:assert/strict';
import { suite, type TestContext, test } from 'node:test';
import { manySites, sites, uplinks } from './addresses.ts';
import { blackHole, unblock } from './cuts.ts';
import { acquaint } from './hand-over.ts';
import { must, Scenario } from './scenario.ts';
import { assertSound } from './sound.ts';

const [one, two] = uplinks;
/** Domains that nobody has asked for before the cut. */
const unasked = manySites(20);

/** The router of provider 1 swallows questions to name servers, and nothing else. */
const deaf = `table ip cut {
chain forward {
type filter hook forward priority 0; policy accept
iif cust meta l4proto { tcp, udp } th dport 53 drop
}
}
`;

/** Provider 1's resolver is out of reach, and mail to domains that were never asked for leaves by `expected`. */
async function survives(
  t: TestContext,
  cut: (scenario: Scenario) => Promise<void>,
  expected: (typeof uplinks)[number],
): Promise<void> {
  const scenario = await Scenario.start({ proveS: 2, ownResolvers: true, sites: [...sites, ...unasked] });
  try {
    await acquaint(scenario);
    await cut(scenario);
    const cutAt = Date.now();
    await scenario.send(50, { label: 'unasked', recipients: unasked.map(({ domain }) => `m{n}@${domain}`) });
    const since = (): number => scenario.deliveries.filter(({ startedAt }) => startedAt >= cutAt).length;
    await scenario.until('mail to each new domain', () => since() >= 3 * unasked.length, 30_000);
    await scenario.stopSending();
    await scenario.drained();
    const { lost, addedDelayMs } = scenario.tally.reckon({ at: cutAt, healedAt: Date.now() });
    t.diagnostic(`added delay ${JSON.stringify(addedDelayMs)}, ${lost.length} lost`);
    assert.equal(scenario.bySource(cutAt).get(expected.source), since());
    must(await unblock(scenario.lab, 0));
    await assertSound(scenario);
  } finally {
    await scenario.close();
  }
}

suite("each uplink has its provider's own resolver, and that of uplink 1 is gone", { concurrency: 2 }, () => {
  test('with the uplink: new domains are asked for and served by uplink 2', t =>
    survives(t, async ({ lab }) => must(await blackHole(lab, 0)), two));
  test('by itself: uplink 2 answers, and mail goes on by uplink 1', t =>
    survives(t, async ({ lab }) => must(await lab.providers[0].namespace.nft(deaf)), one));
});
