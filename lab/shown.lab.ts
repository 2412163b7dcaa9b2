import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { PeerProcess } from '../src/surface/demo/peer-process.ts';
import { sites, uplinks } from './addresses.ts';
import { cuts, heal } from './cuts.ts';
import { LabNetwork } from './network.ts';
import { plainConnect } from './probe.ts';
import { must } from './scenario.ts';

const [one, two] = uplinks;
const [site] = sites;

suite('each cut shows a plain connect what it shows in the field', () => {
  let lab: LabNetwork;
  let internet: PeerProcess;

  before(async () => {
    lab = must(await LabNetwork.build());
    internet = must(await PeerProcess.start(lab.internet, () => {}));
    must(
      await internet.order({
        do: 'receive',
        addresses: [site.address],
        port: 25,
        name: site.host,
        identity: null,
        behaviour: {},
      }),
    );
  });

  after(() => {
    internet.close();
    lab.destroy();
  });

  for (const cut of cuts) {
    test(`${cut.name}: ${cut.connect}`, async () => {
      // Both gateways are known to ARP, as on a host in use.
      for (const { source } of uplinks) await plainConnect(lab, source, site.address, 3_500);
      must(await cut.apply(lab));
      // What says nothing is not waited for; what says something may take its time, as three questions of ARP do.
      const waitMs = cut.connect === 'silent' ? 3_500 : 15_000;
      const during = await plainConnect(lab, one.source, site.address, waitMs);
      const byTwo = await plainConnect(lab, two.source, site.address, 3_500);
      must(await heal(lab));
      const healed = await plainConnect(lab, one.source, site.address, 3_500);
      if (cut.connect === 'slow') assert.ok(during.shown === '220' && during.afterMs >= 300, during.shown);
      else assert.equal(during.shown, cut.connect);
      assert.deepEqual([byTwo.shown, healed.shown], ['220', '220']);
    });
  }
});
