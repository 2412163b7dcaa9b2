import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { uplinks } from '../lab/addresses.ts';
import { blackHole, cuts, heal, unblock } from '../lab/cuts.ts';
import { must } from '../lab/scenario.ts';
import { PostfixHouse } from './postfix-house.ts';
import { Watch } from './postfix-watcher.ts';

const [one, two] = uplinks;
const byOne = `${one.source} as ${one.ehlo}`;
const byTwo = `${two.source} as ${two.ehlo}`;

suite('the uplinks of a real Postfix are watched', { timeout: 400_000 }, () => {
  let house: PostfixHouse;
  let watch: Watch;
  before(async () => {
    house = await PostfixHouse.build();
    const apply = await house.postern('apply', '--yes');
    assert.equal(apply.code, 0, apply.err);
    watch = await Watch.start(house);
  });
  after(async () => {
    if (process.env.SHOW_WATCH === '1') console.log(watch.lines.join('\n'));
    await watch.stop();
    await house.close();
  });

  const transport = async (): Promise<string> =>
    (await house.run(['postconf', '-c', house.config, '-h', 'default_transport'])).out.trim();
  /** main.cf names it, and the watch says that Postfix has it in use. */
  const uses = (name: string): Promise<void> =>
    house.until(
      `${name} to be used`,
      async () => {
        const last = watch.lines.findLast(line => /default_transport (?:is|stays) /.test(line)) ?? '';
        return (
          new RegExp(`default_transport (?:is|stays) ${name}\\b`).test(last) && (await transport()) === name
        );
      },
      100_000,
    );

  test('it is refused twice on one Postfix', async () => {
    const again = await house.postern('watch');
    assert.equal(again.code, 2);
    assert.match(again.err, /Another "postern postfix watch" \(process \d+\)/);
    const undo = await house.postern('apply', '--undo', '--yes');
    assert.equal(undo.code, 2);
    assert.match(undo.err, /stop it first/);
  });

  for (const name of ['black-hole', 'port-25-dropped', 'port-25-reset', 'interface-down-unreachable'])
    test(`${name}: mail leaves by the other uplink, what was deferred too, each once; and back with proof`, async () => {
      const cut = cuts.find(each => each.name === name);
      assert.ok(cut);
      // A new life has forgotten how often the uplink fell, so its proof is short.
      await watch.stop();
      watch = await Watch.start(house);
      assert.equal(await house.arrived(await house.send('someone@remote.example')), byOne);
      must(await cut.apply(house.network));
      const ids: string[] = [];
      const sentAt = new Map<string, number>();
      for (let number = 0; number < 16; number += 1) {
        const id = await house.send(`someone@${number % 2 === 0 ? 'remote' : 'other'}.example`);
        ids.push(id);
        sentAt.set(id, Date.now());
        await sleep(400);
      }
      await uses('postern-isp2');
      const ways = await Promise.all(ids.map(id => house.arrived(id)));
      assert.deepEqual(new Set(ways), new Set([byTwo]));
      const delays = ids.map(id => (house.arrivedAt(id) ?? 0) - (sentAt.get(id) ?? 0));
      console.log(`${name}: the longest delay was ${Math.max(...delays)} ms`);
      must(await heal(house.network));
      await uses('postern-isp1');
      assert.equal(await house.arrived(await house.send('someone@other.example')), byOne);
      for (const id of ids) assert.equal(house.copies(id), 1, `${id} came once`);
    });

  test('both dead: nothing is touched, and the mail of that time leaves when one is back', async () => {
    must(await blackHole(house.network, 0));
    must(await blackHole(house.network, 1));
    const id = await house.send('someone@third.example');
    await house.until('the watch to say so', () => watch.said(/No uplink can be used .*nothing is touched/));
    const files = await house.files();
    await sleep(6_000);
    assert.deepEqual(await house.files(), files);
    must(await unblock(house.network, 1));
    await uses('postern-isp2');
    assert.equal(await house.arrived(id), byTwo);
    must(await unblock(house.network, 0));
    await uses('postern-isp1');
    assert.equal(house.copies(id), 1);
  });

  test('the operator is told by mail, which goes out by Postfix with the null sender', async () => {
    const notices = house.deliveries.filter(({ rcptTo }) => rcptTo.includes('operator@third.example'));
    assert.ok(notices.length >= 4, `${notices.length} notices came`);
    assert.deepEqual(new Set(notices.map(({ mailFrom }) => mailFrom)), new Set(['']));
  });

  test('killed at any moment it leaves a sound Postfix, and the next one goes on', async () => {
    for (const afterMs of [0, 150, 300, 600]) {
      watch.lines.length = 0;
      must(await blackHole(house.network, 0));
      await house.send('someone@remote.example');
      await house.until('a sign of the cut', () => watch.said(/isp1.* is (down|degraded)/));
      await sleep(afterMs);
      await watch.kill();
      assert.equal((await house.run(['postfix', '-c', house.config, 'check'])).code, 0);
      assert.match(await transport(), /^postern-isp[12]$/);
      watch = await Watch.start(house);
      await uses('postern-isp2');
      assert.equal(await house.arrived(await house.send('someone@other.example')), byTwo);
      must(await unblock(house.network, 0));
      await uses('postern-isp1');
    }
  });

  test('a default_transport and maps of the operator are left alone, and said', async () => {
    const own = ['default_transport=smtp', 'transport_maps=inline:{ { third.example = smtp: } }'];
    await house.run(['postconf', '-c', house.config, '-e', ...own]);
    await watch.stop();
    watch = await Watch.start(house);
    assert.ok(watch.said(/transport_maps = inline.* is respected/));
    must(await blackHole(house.network, 0));
    await house.until('the watch to say so', () => watch.said(/default_transport is smtp, .*left as it is/));
    await sleep(6_000);
    assert.equal(await transport(), 'smtp');
    must(await unblock(house.network, 0));
  });
});
