import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { uplinks } from '../lab/addresses.ts';
import { must, Scenario } from '../lab/scenario.ts';
import { testCertificate } from '../test/certificates.ts';
import type { FindingView, ReportView } from './signed-house.ts';

/** Bytes of a packet that the hop behind the provider's router takes, as behind PPPoE with a tunnel in it. */
const narrow = 1_400;

suite('check, where the way out of an uplink is narrower than its interface', () => {
  let house: Scenario;
  before(async () => {
    const probe = '\n    probe: [mx.remote.example, mx.other.example]';
    house = await Scenario.start({
      uplinkLines: [probe, probe],
      behaviour: () => ({ startTls: { ...testCertificate('remote'), whim: 'none' } }),
    });
  });
  after(() => house?.close());

  /** What is told of the packets of each uplink. */
  async function told(): Promise<readonly [FindingView | undefined, FindingView | undefined]> {
    const { out, err } = await house.command('check', 'example.com', '--json', '--only', 'EGRESS-MTU');
    if (out === '') throw new Error(`check told nothing: ${err}`);
    const report: ReportView = JSON.parse(out);
    const of = (name: string): FindingView | undefined =>
      report.findings.find(({ subject }) => subject.name?.startsWith(`${name}/`));
    return [of('isp1'), of('isp2')];
  }

  /** From now on the router sends on packets of that size at most. */
  async function narrowed(index: 0 | 1): Promise<void> {
    const { namespace } = house.lab.providers[index];
    const { internet } = uplinks[index].core;
    must(await namespace.ip(`route replace default via ${internet} mtu lock ${narrow}`));
  }

  test('packets of full size pass by both', async () => {
    const [one, two] = await told();
    assert.deepEqual([one?.level, two?.level], ['pass', 'pass']);
  });

  test('a router that tells of its smaller link is heard, and the fix mends it', async () => {
    await narrowed(0);
    const [one, two] = await told();
    assert.deepEqual([one?.level, two?.level], ['notice', 'pass']);
    assert.match(one?.message ?? '', /takes packets of 1400 bytes, its interface isp1 makes them 1500/);
    assert.equal(one?.fix, `ip link set dev isp1 mtu ${narrow}`);
    must(await house.lab.mailHost.ip(one?.fix?.replace(/^ip /, '') ?? ''));
    const [mended] = await told();
    assert.equal(mended?.level, 'pass');
  });

  test('where the word of the router is filtered it is told that packets vanish, and the fix mends it', async () => {
    const { namespace } = house.lab.providers[1];
    await narrowed(1);
    must(
      await namespace.nft(`table ip mute {
chain output {
type filter hook output priority filter
icmp type destination-unreachable drop
}
}
`),
    );
    const [, two] = await told();
    assert.equal(two?.level, 'notice', JSON.stringify(two));
    assert.match(
      two?.message ?? '',
      /vanish on the way to mx\.remote\.example \[192\.0\.2\.25\] and mx\.other/,
    );
    const [, setting = '', value = ''] = /^sysctl -w (\S+)=(\d)/.exec(two?.fix ?? '') ?? [];
    must(await house.lab.mailHost.settings({ [setting.replace('net.', '').replaceAll('.', '/')]: value }));
    const [, mended] = await told();
    assert.equal(mended?.level, 'pass', JSON.stringify(mended));
  });
});
