import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { sites, uplinks } from './addresses.ts';
import { blackHole, unblock } from './cuts.ts';
import { certificates, must, Scenario } from './scenario.ts';

const [one, two] = uplinks;
const smartHost = { domain: 'isp2.example', host: 'smtp.isp2.example', address: '198.18.9.25' } as const;
const login = { user: 'mail@example.com', password: 'correct horse' };

suite('a provider that blocks port 25 and has a smart host', () => {
  test('the uplink is used by its smart host when the better one is cut, and not at all before', async () => {
    const scenario = await Scenario.start({
      proveS: 2,
      sites: [...sites, smartHost],
      behaviour: site => (site.host === smartHost.host ? 'no receiver' : {}),
      uplinkLines: [
        '',
        `\n    smart_host: { host: ${smartHost.host}, user: ${login.user}, password_file: password }`,
      ],
      files: { password: `${login.password}\n` },
    });
    try {
      const [chain, key] = await Promise.all(
        ['smart-host.pem', 'smart-host.key'].map(name => readFile(join(certificates, name), 'utf8')),
      );
      assert.ok(chain && key);
      await scenario.receive(smartHost.address, 587, smartHost.host, {
        startTls: { chain, key, whim: 'none' },
        login,
      });
      must(
        await scenario.lab.providers[1].namespace.nft(
          'table ip blocked {\nchain forward {\ntype filter hook forward priority 0; policy accept\niif cust tcp dport 25 drop\n}\n}\n',
        ),
      );
      await scenario.send(50, { recipients: sites.map(site => `m{n}@${site.domain}`) });
      await scenario.until('mail by uplink 1', () => scenario.deliveries.length >= 100);
      const bySmartHost = (): number =>
        scenario.deliveries.filter(({ to }) => to === smartHost.address).length;
      assert.equal(bySmartHost(), 0, 'it is never raced');
      assert.equal(
        (await scenario.counts()).callers.some(({ address }) => address === two.source),
        false,
      );

      must(await blackHole(scenario.lab, 0));
      await scenario.until('mail by the smart host', () => bySmartHost() >= 60);
      for (const { to, remoteAddress } of scenario.deliveries)
        assert.equal(remoteAddress, to === smartHost.address ? two.source : one.source);
      assert.equal(await scenario.uplinkState(two.name), 'up');

      must(await unblock(scenario.lab, 0));
      const healedAt = Date.now();
      await scenario.until(
        'mail by uplink 1 again',
        () => (scenario.bySource(healedAt).get(one.source) ?? 0) >= 40,
        90_000,
      );
      await scenario.stopSending();
      await scenario.drained(90_000);
      const reckoning = scenario.tally.reckon(null);
      assert.deepEqual([reckoning.lost, reckoning.duplicates], [[], 0]);
    } finally {
      await scenario.close();
    }
  });
});
