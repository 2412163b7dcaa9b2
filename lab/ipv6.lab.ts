import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ipv6, type Sender, type Site, senders, uplinks } from './addresses.ts';
import { blackHole, unblock } from './cuts.ts';
import { must, Scenario } from './scenario.ts';
import { assertSound } from './sound.ts';

const [one, two] = uplinks;
const four: Site = { domain: 'remote.example', host: 'mx.remote.example', address: '192.0.2.25' };
const six: Site = { domain: 'six.example', host: 'mx.six.example', address: '2001:db8:25::25' };
const dual: Site = {
  domain: 'dual.example',
  host: 'mx.dual.example',
  address: '198.18.7.25',
  also: '2001:db8:7::25',
};
const ours: readonly Sender[] = [...senders, { address: ipv6.source, name: one.ehlo }];

/** Provider 1 still carries IPv4, and swallows every packet of IPv6. */
const noIpv6 =
  'table inet cut {\nchain forward {\ntype filter hook forward priority 0\nmeta nfproto ipv6 drop\n}\n}\n';

async function start(): Promise<Scenario> {
  const scenario = await Scenario.start({
    proveS: 2,
    ipv6: true,
    sites: [four, six, dual],
    senders: ours,
    sources: [`${one.source}, "${ipv6.source}"`, two.source],
  });
  await scenario.send(50);
  await scenario.until('mail to each site', () => arrived(scenario, six, 0).length >= 20);
  return scenario;
}

/** The sources of what came to a site at or after this wall time. */
function arrived({ deliveries }: Scenario, { domain }: Site, since: number): readonly string[] {
  return deliveries
    .filter(({ rcptTo, startedAt }) => startedAt >= since && rcptTo[0]?.endsWith(`@${domain}`))
    .map(({ remoteAddress }) => remoteAddress);
}

async function finish(scenario: Scenario): Promise<void> {
  const healedAt = Date.now();
  await scenario.until('mail by IPv6 again', () => arrived(scenario, six, healedAt).length >= 40, 90_000);
  await scenario.stopSending();
  await scenario.drained(90_000);
  assert.deepEqual(new Set(arrived(scenario, six, 0)), new Set([ipv6.source]));
  await assertSound(scenario);
}

suite('IPv6 on uplink 1 only', { concurrency: 2 }, () => {
  test('uplink 1 is cut: who has IPv6 only waits and is not bounced, all others are reached by uplink 2', async () => {
    const scenario = await start();
    try {
      must(await blackHole(scenario.lab, 0));
      const cutAt = Date.now();
      for (const site of [four, dual])
        await scenario.until(`mail to ${site.domain}`, () => arrived(scenario, site, cutAt).length >= 40);
      assert.ok(arrived(scenario, dual, cutAt).includes(two.source));
      assert.deepEqual(arrived(scenario, six, cutAt), []);
      assert.ok(scenario.tally.missing().length >= 30, 'mail for six.example is kept');
      must(await unblock(scenario.lab, 0));
      await finish(scenario);
    } finally {
      await scenario.close();
    }
  });

  test('its IPv6 alone is cut: who has IPv6 only waits, and uplink 1 goes on by IPv4', async () => {
    const scenario = await start();
    try {
      must(await scenario.lab.providers[0].namespace.nft(noIpv6));
      const cutAt = Date.now();
      for (const site of [four, dual])
        await scenario.until(`mail to ${site.domain}`, () => arrived(scenario, site, cutAt).length >= 40);
      assert.deepEqual(new Set(arrived(scenario, dual, cutAt)), new Set([one.source]));
      assert.deepEqual(arrived(scenario, six, cutAt), []);
      assert.equal(await scenario.uplinkState(one.name), 'up');
      must(await unblock(scenario.lab, 0));
      await finish(scenario);
    } finally {
      await scenario.close();
    }
  });
});
