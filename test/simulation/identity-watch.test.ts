import assert from 'node:assert/strict';
import test from 'node:test';
import type { GatewaySettings } from '../../src/decision/gateway-settings.ts';
import type { Condition } from '../../src/decision/notice/condition.ts';
import { ChangingHouse } from './changing-house.ts';

const minute = 60_000;
const isp1 = 'isp1/198.51.100.30';
const ptr1 = '30.100.51.198.in-addr.arpa PTR';

/** The whole gateway, and what its operator hears of identities. */
class Identified extends ChangingHouse {
  readonly told: string[] = [];
  readonly conditions: Condition[] = [];
  readonly warnings: string[] = [];

  constructor() {
    super();
    this.events.subscribe(event => {
      if (event.kind === 'warning' && event.subject.startsWith('identity')) this.warnings.push(event.message);
      if (event.kind !== 'condition' || event.condition.kind !== 'identity') return;
      this.conditions.push(event.condition);
      this.told.push(`${event.condition.subject} ${event.condition.previous} ${event.condition.state}`);
    });
  }

  fit(uplink: string): string | undefined {
    return this.gateway.uplinks().find(({ name }) => name === uplink)?.egresses[0]?.fit;
  }

  changed(uplink: string, change: Partial<GatewaySettings['uplinks'][number]>): GatewaySettings {
    return {
      ...this.all,
      uplinks: this.all.uplinks.map(each => (each.name === uplink ? { ...each, ...change } : each)),
    };
  }
}

function story(sentence: string, play: (house: Identified) => Promise<void>): void {
  test(`identity: ${sentence}`, async () => {
    const house = new Identified();
    await house.start(house.all);
    try {
      await play(house);
    } finally {
      await house.clock.await(house.gateway.stop());
    }
  });
}

story('what stands is fit within seconds of the start', async house => {
  await house.clock.run(1_000);
  assert.deepEqual([house.fit('isp1'), house.fit('isp2')], ['fit', 'fit']);
  assert.deepEqual(house.told, []);
});

story(
  'a PTR that goes is told once, mail leaves by the other uplink, and both are over when it is back',
  async house => {
    await house.clock.run(1_000);
    house.names.set(ptr1, null);
    await house.clock.run(61 * minute);
    assert.equal(house.fit('isp1'), 'fit', 'one bad test changes nothing');
    await house.clock.run(5 * minute);
    assert.equal(house.fit('isp1'), 'unfit');
    assert.deepEqual(house.told, [`${isp1} fit unfit`]);
    assert.match(house.conditions[0]?.reason ?? '', /no PTR.*EGRESS-NO-PTR.*used last/);
    await house.send('receiver@remote.example', 5_000);
    assert.deepEqual(Object.keys(house.brought), ['203.0.113.40']);
    house.names.set(ptr1, ['mail.example.com']);
    await house.clock.run(5 * minute + 1_000);
    assert.deepEqual(house.told, [`${isp1} fit unfit`, `${isp1} unfit fit`]);
    await house.send('receiver@shop.example', 5_000);
    assert.ok((house.brought['198.51.100.30'] ?? 0) > 0);
  },
);

story('while DNS does not answer, nothing changes', async house => {
  await house.clock.run(1_000);
  house.names.behave({ silent: true });
  await house.clock.run(3 * 60 * minute);
  assert.equal(house.fit('isp1'), 'fit');
  assert.deepEqual(house.told, []);
});

story('all egresses unfit: all are used still, in their order', async house => {
  house.names.set(ptr1, null);
  house.names.set('40.113.0.203.in-addr.arpa PTR', null);
  await house.clock.run(70 * minute);
  assert.deepEqual([house.fit('isp1'), house.fit('isp2')], ['unfit', 'unfit']);
  await house.send('receiver@remote.example', 5_000);
  assert.deepEqual(Object.keys(house.brought), ['198.51.100.30']);
});

story('with "hold" mail waits for an identity that stands, and leaves when it does', async house => {
  const uplinks = house.all.uplinks.map(each => ({ ...each, whenUnfit: 'hold' as const }));
  await house.reload({ ...house.all, uplinks });
  house.names.set(ptr1, null);
  house.names.set('40.113.0.203.in-addr.arpa PTR', null);
  await house.clock.run(70 * minute);
  await house.send('receiver@remote.example', 5_000);
  await house.clock.run(minute);
  assert.deepEqual(house.brought, {});
  house.names.set(ptr1, ['mail.example.com']);
  await house.clock.await(house.gateway.testUplink('isp1'));
  await house.clock.run(5_000);
  assert.deepEqual(Object.keys(house.brought), ['198.51.100.30']);
  assert.equal(house.traced('bounced'), 0);
});

story('a name that leads elsewhere is warned of once', async house => {
  house.names.set('mail.example.com A', ['192.0.2.99']);
  house.names.set(ptr1, ['other.example.com']);
  house.names.set('other.example.com A', ['198.51.100.30']);
  await house.clock.run(3 * 60 * minute);
  await house.clock.await(house.gateway.testUplink('isp1'));
  assert.equal(house.fit('isp1'), 'fit');
  assert.equal(house.warnings.length, 1);
  assert.match(house.warnings[0] ?? '', /EGRESS-EHLO-ELSEWHERE/);
});

story('a reload that leaves address and name alone keeps what was found', async house => {
  house.names.set(ptr1, null);
  await house.clock.run(70 * minute);
  await house.reload(house.changed('isp1', { preference: 15 }));
  assert.equal(house.fit('isp1'), 'unfit');
  await house.clock.run(10 * minute);
  assert.deepEqual(house.told, [`${isp1} unknown unfit`]);
});

story('another EHLO name is tested anew', async house => {
  await house.clock.run(1_000);
  const egresses = (house.all.uplinks[0]?.egresses ?? []).map(each => ({
    ...each,
    ehlo: 'nowhere.example.com',
  }));
  await house.reload(house.changed('isp1', { egresses }));
  await house.clock.run(6 * minute);
  assert.equal(house.fit('isp1'), 'unfit');
  await house.reload(house.all);
  await house.clock.run(1_000);
  assert.equal(house.fit('isp1'), 'fit');
  assert.deepEqual(house.told, [`${isp1} unknown unfit`, `${isp1} unfit fit`]);
});

story('an unfit egress that is taken out of the configuration troubles nobody any more', async house => {
  house.names.set(ptr1, null);
  await house.clock.run(70 * minute);
  await house.reload(house.settings('isp2'));
  assert.deepEqual(house.told, [`${isp1} unknown unfit`, `${isp1} unfit fit`]);
});

story(
  'an address that an interface is given is judged at once, and is not told as fit while it is gone',
  async house => {
    const id = 'isp1/eth1';
    const egresses = (house.all.uplinks[0]?.egresses ?? []).map(each => ({
      ...each,
      id,
      address: null,
      interface: 'eth1',
    }));
    const hangUp = (cut: 'address taken away' | null): void =>
      house.world.gateway.cut(house.world.uplinks[0], cut);
    await house.reload(house.changed('isp1', { egresses }));
    await house.clock.run(1_000);
    assert.equal(house.fit('isp1'), 'fit');
    hangUp('address taken away');
    await house.clock.run(5_000);
    house.names.set(ptr1, null);
    hangUp(null);
    await house.clock.run(minute);
    assert.equal(house.fit('isp1'), 'unfit');
    await house.send('receiver@remote.example', 5_000);
    assert.deepEqual(Object.keys(house.brought), ['203.0.113.40']);
    hangUp('address taken away');
    await house.clock.run(5_000);
    assert.deepEqual(house.told, [`${id} unknown unfit`]);
    house.names.set(ptr1, ['mail.example.com']);
    hangUp(null);
    await house.clock.run(minute);
    assert.deepEqual(house.told, [`${id} unknown unfit`, `${id} unfit fit`]);
  },
);

story('behind a smart host nothing is asked, and the reason is told', async house => {
  const smartHost = { host: 'smtp.isp2.example', port: 587, tls: 'verify', login: null } as const;
  await house.reload(house.changed('isp2', { smartHost }));
  await house.clock.run(1_000);
  const report = house.gateway.uplinks().find(({ name }) => name === 'isp2')?.egresses[0];
  assert.equal(report?.fit, 'unknown');
  assert.match(report?.fitReason ?? '', /smart host smtp\.isp2\.example/);
});

story('a test by hand shows the look-ups, and a good one makes fit at once', async house => {
  house.names.set(ptr1, null);
  await house.clock.run(6 * minute);
  assert.equal(house.fit('isp1'), 'unfit');
  const bad = await house.clock.await(house.gateway.testUplink('isp1'));
  const steps = bad.ok ? (bad.value[0]?.steps ?? []) : [];
  assert.deepEqual(
    steps.slice(-3).map(({ step, ok }) => [step, ok]),
    [
      ['ptr', false],
      ['forward', true],
      ['ehlo_address', true],
    ],
  );
  house.names.set(ptr1, ['mail.example.com']);
  await house.clock.await(house.gateway.testUplink('isp1'));
  assert.equal(house.fit('isp1'), 'fit');
});
