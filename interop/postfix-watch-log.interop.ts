import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { uplinks } from '../lab/addresses.ts';
import { blackHole, unblock } from '../lab/cuts.ts';
import { must } from '../lab/scenario.ts';
import { PostfixHouse } from './postfix-house.ts';
import { Watch } from './postfix-watcher.ts';

const [, two] = uplinks;
const byTwo = `${two.source} as ${two.ehlo}`;
/** Deliveries alone tell of the uplinks: no host is asked by probes of the operator's. */
const seldom = 'health: { interval: 300s, suspect_interval: 1s, timeout: 4s, prove: 3s }';

suite('the watch hears the log of a real Postfix, whatever becomes of it', { timeout: 900_000 }, () => {
  let house: PostfixHouse;
  let watch: Watch | undefined;
  let settings: string;
  before(async () => {
    house = await PostfixHouse.build();
    settings = await readFile(join(house.directory, 'postern.yaml'), 'utf8');
    await configure(settings.replace(/^health:.*$/m, seldom).replaceAll(/, probe: \[.*?\] \}/g, ' }'));
    const apply = await house.postern('apply', '--yes');
    assert.equal(apply.code, 0, apply.err);
    watch = await Watch.start(house);
  });
  after(async () => {
    if (process.env.SHOW_WATCH === '1') console.log(watch?.lines.join('\n'));
    await watch?.stop();
    await house.close();
  });

  const running = (): Watch => {
    assert.ok(watch);
    return watch;
  };
  const configure = (text: string): Promise<void> => writeFile(join(house.directory, 'postern.yaml'), text);
  const uses = (name: string): Promise<void> =>
    house.until(
      `${name} to be used`,
      () => {
        const last = running().lines.findLast(line => /default_transport (?:is|stays) /.test(line)) ?? '';
        return new RegExp(`default_transport (?:is|stays) ${name}\\b`).test(last);
      },
      100_000,
    );
  const sendSome = async (count: number): Promise<readonly string[]> => {
    const ids: string[] = [];
    for (let number = 0; number < count; number += 1)
      ids.push(await house.send(`someone@${number % 2 === 0 ? 'remote' : 'other'}.example`));
    return ids;
  };
  const once = (ids: readonly string[]): void => {
    for (const id of ids) assert.equal(house.copies(id), 1, `${id} came once`);
  };

  /** What deliveries alone can tell: the log is heard. */
  const hearsOfACut = async (): Promise<void> => {
    await uses('postern-isp1');
    await Promise.all((await sendSome(2)).map(id => house.arrived(id)));
    must(await blackHole(house.network, 0));
    const ids = await sendSome(6);
    await uses('postern-isp2');
    for (const id of ids) assert.equal(await house.arrived(id), byTwo);
    must(await unblock(house.network, 0));
    await uses('postern-isp1');
    once(ids);
  };

  test('a log that Postfix rotates is followed on', async () => {
    await hearsOfACut();
    const rotated = await house.run(['postfix', '-c', house.config, 'logrotate']);
    assert.equal(rotated.code, 0, rotated.err);
    await sleep(1_500);
    await hearsOfACut();
  });

  test('a log that is renamed before a reload, as logrotate does, is followed on', async () => {
    await house.run(['mv', `${house.directory}/log`, `${house.directory}/log.1`]);
    assert.equal((await house.run(['postfix', '-c', house.config, 'reload'])).code, 0);
    await sleep(1_500);
    await hearsOfACut();
  });

  test('100,000 lines of others cost little, and a cut is heard among them', async () => {
    await Promise.all((await sendSome(2)).map(id => house.arrived(id)));
    const before = await running().cost();
    must(await blackHole(house.network, 0));
    const line =
      'Nov 24 20:00:00 mail postfix/smtpd[99]: warning: hostname a.example does not resolve to address 192.0.2.99: Name or service not known';
    const flood = house.run(['sh', '-c', `yes '${line}' | head -n 100000 >> ${house.directory}/log`]);
    const ids = await sendSome(6);
    assert.equal((await flood).code, 0);
    await uses('postern-isp2');
    for (const id of ids) assert.equal(await house.arrived(id), byTwo);
    const spent = await running().cost();
    console.log(`the flood: ${spent.cpuMs - before.cpuMs} ms of CPU, ${spent.residentMb.toFixed(0)} MB`);
    assert.ok(spent.cpuMs - before.cpuMs < 10_000);
    assert.ok(spent.residentMb - before.residentMb < 100);
    must(await unblock(house.network, 0));
    await uses('postern-isp1');
    once(ids);
  });

  test('SIGHUP takes a changed postern.yaml, and keeps the one before where it is bad', async () => {
    await configure(`${settings}nonsense: 1\n`);
    await running().hangUp();
    await house.until('the refusal', () => running().said(/not taken, and the one before stays in use/));
    assert.ok(running().said(/postern\.yaml:\d+:\d+: .*nonsense/));
    await configure(settings.replace('preference: 10', 'preference: 30'));
    await running().hangUp();
    await house.until('the change', () =>
      running().said(/was read again and is in use: postern-isp1, postern-isp2/),
    );
    await uses('postern-isp2');
    assert.equal(await house.arrived(await house.send('someone@other.example')), byTwo);
    await configure(settings);
    await running().hangUp();
    await uses('postern-isp1');
  });

  test('what was deferred before the watch was started leaves as soon as an uplink works', async () => {
    await running().stop();
    await configure(settings);
    must(await blackHole(house.network, 0));
    must(await blackHole(house.network, 1));
    const ids = await sendSome(4);
    const listed = async (): Promise<number> =>
      (await house.run(['postqueue', '-c', house.config, '-j'])).out.split('"deferred"').length - 1;
    await house.until('all of it to be deferred', async () => (await listed()) === ids.length, 60_000);
    must(await unblock(house.network, 1));
    watch = await Watch.start(house);
    await uses('postern-isp2');
    for (const id of ids) assert.equal(await house.arrived(id), byTwo);
    must(await unblock(house.network, 0));
    await uses('postern-isp1');
    once(ids);
  });

  test('20 messages a second under a cut: what is late by how much', async () => {
    await running().stop();
    watch = await Watch.start(house);
    await uses('postern-isp1');
    const rate = 20;
    const sending: Promise<readonly [id: string, at: number]>[] = [];
    const begun = performance.now();
    for (let number = 0; number < 20 * rate; number += 1) {
      if (number === 5 * rate) must(await blackHole(house.network, 0));
      const wait = begun + (number * 1_000) / rate - performance.now();
      if (wait > 0) await sleep(wait);
      const at = Date.now();
      const to = `someone@${['remote', 'other', 'third'][number % 3]}.example`;
      sending.push(house.send(to).then(id => [id, at] as const));
    }
    const sent = await Promise.all(sending);
    const took = (performance.now() - begun) / 1_000;
    await uses('postern-isp2');
    await house.until('all of it to arrive', () => sent.every(([id]) => house.copies(id) > 0), 120_000);
    const late = sent
      .slice(5 * rate)
      .map(([id, at]) => (house.arrivedAt(id) ?? 0) - at)
      .sort((one, other) => one - other);
    const at = (part: number): number => late[Math.min(late.length - 1, Math.floor(part * late.length))] ?? 0;
    console.log(
      `${(sent.length / took).toFixed(1)} a second: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${late.at(-1)} ms`,
    );
    must(await unblock(house.network, 0));
    once(sent.map(([id]) => id));
    assert.ok(at(0.99) < 60_000, `p99 was ${at(0.99)} ms`);
  });
});
