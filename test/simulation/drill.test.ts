import assert from 'node:assert/strict';
import test from 'node:test';
import type { DrillReport } from '../../src/runtime/gateway-control.ts';
import { ChangingHouse } from './changing-house.ts';

const isp1 = '198.51.100.30';
const isp2 = '203.0.113.40';

/** The whole gateway, with an operator who drills. */
class Drilled extends ChangingHouse {
  report: DrillReport | null = null;
  readonly asker = new AbortController();

  drill(forMs = 60_000): void {
    void this.gateway
      .drill(null, forMs, () => undefined, this.asker.signal)
      .then(result => {
        assert.ok(result.ok);
        this.report = result.value;
      });
  }

  /** What each address brings in that time, while mail comes. */
  async bringing(ms: number): Promise<Record<string, number>> {
    const before = this.brought;
    await this.send('receiver@remote.example', ms / 2);
    await this.send('receiver@shop.example', ms / 2);
    const after = this.brought;
    return Object.fromEntries(Object.entries(after).map(([by, count]) => [by, count - (before[by] ?? 0)]));
  }
}

function story(sentence: string, play: (house: Drilled) => Promise<void>): void {
  test(`drill: ${sentence}`, async () => {
    const house = new Drilled();
    await house.start(house.all);
    await house.bringing(20_000);
    try {
      await play(house);
      await house.clock.run(600_000);
      assert.equal(house.traced('bounced'), 0);
      assert.equal(house.traced('accepted'), house.traced('delivered'));
    } finally {
      await house.clock.await(house.gateway.stop());
    }
  });
}

story('mail leaves by the spare for its time, and then by the usual one again', async house => {
  house.drill();
  await house.clock.run(1_000);
  const during = await house.bringing(40_000);
  assert.equal(during[isp1] ?? 0, 0);
  assert.ok((during[isp2] ?? 0) > 50);
  await house.clock.run(20_000);
  assert.equal(house.report?.verdict, 'carries');
  assert.equal(house.report.sent, house.brought[isp2]);
  const after = await house.bringing(20_000);
  assert.equal(after[isp2] ?? 0, 0);
});

story(
  'receivers refuse the spare: it ends, nothing bounces, and all leaves by the usual one',
  async house => {
    const other = 'mail3.example.com';
    house.names.set(`${other} A`, [isp2]);
    house.names.set('40.113.0.203.in-addr.arpa PTR', [other]);
    const uplinks = house.all.uplinks.map(uplink =>
      uplink.name === 'isp1'
        ? uplink
        : { ...uplink, egresses: uplink.egresses.map(egress => ({ ...egress, ehlo: other })) },
    );
    await house.reload({ ...house.all, uplinks });
    await house.clock.run(1_000);
    house.drill();
    await house.clock.run(1_000);
    const brought = await house.bringing(20_000);
    assert.equal(house.report?.verdict, 'harm');
    assert.match(house.report.stopped ?? '', /refused it: 5/);
    assert.equal(brought[isp2] ?? 0, 0);
  },
);

for (const cut of ['mail port dropped', 'black hole', 'mail port reset'] as const)
  story(`the spare dies meanwhile (${cut}): it ends within seconds`, async house => {
    house.drill();
    await house.clock.run(1_000);
    await house.bringing(10_000);
    house.world.gateway.cut(house.world.uplinks[1], cut);
    await house.bringing(20_000);
    assert.equal(house.report?.verdict, 'harm');
    assert.ok((house.report.ranMs ?? 0) < 31_000);
    house.world.gateway.cut(house.world.uplinks[1], null);
  });

story('a dead spare is told before mail is moved', async house => {
  house.world.gateway.cut(house.world.uplinks[1], 'mail port dropped');
  house.drill();
  await house.bringing(20_000);
  assert.equal(house.report?.verdict, 'harm');
  assert.equal(house.report.ranMs, 0);
  assert.equal(house.brought[isp2] ?? 0, 0);
  house.world.gateway.cut(house.world.uplinks[1], null);
});

story('an identity that does not stand is told before mail is moved', async house => {
  house.names.set('40.113.0.203.in-addr.arpa PTR', null);
  house.drill();
  await house.bringing(20_000);
  assert.equal(house.report?.verdict, 'harm');
  assert.match(house.report.reason, /EGRESS-NO-PTR/);
  assert.equal(house.brought[isp2] ?? 0, 0);
});

story('who asked goes away: mail is back on the usual uplink at once', async house => {
  house.drill(600_000);
  await house.clock.run(1_000);
  await house.bringing(10_000);
  house.asker.abort();
  await house.clock.run(1_000);
  const after = await house.bringing(20_000);
  assert.equal(after[isp2] ?? 0, 0);
  assert.equal(house.report?.stopped, 'It was ended by hand.');
});

story('without mail the session is what is told', async house => {
  house.drill();
  await house.clock.run(61_000);
  assert.equal(house.report?.verdict, 'no_mail');
  assert.match(house.report.reason, /A session by it with mx\.\w+\.example went well/);
});

story('by the configuration it is held when its time comes', async house => {
  const told: string[] = [];
  house.events.subscribe(event => {
    if (event.kind === 'condition' && event.condition.kind === 'drill')
      told.push(`${event.condition.subject} ${event.condition.state}`);
  });
  await house.reload({ ...house.all, drill: { everyMs: 3_600_000, forMs: 60_000 } });
  await house.clock.run(3_600_000 - 10_000);
  await house.bringing(80_000);
  await house.clock.run(10_000);
  assert.deepEqual(told, ['isp2 carries']);
});
