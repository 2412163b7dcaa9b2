import assert from 'node:assert/strict';
import test from 'node:test';
import type { GatewaySettings } from '../../src/decision/gateway-settings.ts';
import type { Processes, Web } from '../../src/runtime/ports.ts';
import { ChangingHouse } from './changing-house.ts';

/** What a program of the operator's was told, and from where a webhook was called. */
const told: string[] = [];
const called: string[] = [];
let house: ChangingHouse | null = null;

const processes: Processes = {
  run: async ({ environment }) => {
    const { POSTERN_EVENT: event, POSTERN_UPLINK: uplink, POSTERN_STATE: state } = environment;
    told.push(`${event}${uplink === '' ? '' : ` ${uplink}`} ${state}`);
    return { ok: true, value: undefined };
  },
};
/** Its host is out in the world: only an uplink that is whole leads there. */
const web: Pick<Web, 'post'> = {
  post: async ({ source, headers }) => {
    const [isp1, isp2] = house?.world.uplinks ?? [];
    const uplink = source === '198.51.100.30' ? isp1 : isp2;
    if (uplink === undefined || uplink.cut !== null)
      return { ok: false, error: 'ntfy.example did not answer.' };
    called.push(`${source ?? 'anywhere'}: ${headers?.Title?.split(':')[0]}`);
    return { ok: true, value: 200 };
  },
};

const minute = 60_000;

test('an outage is told once when it begins and once when it ends, over a restart, by a way that leads out', async () => {
  house = new ChangingHouse({ processes, web });
  const { clock, world } = house;
  const settings: GatewaySettings = {
    ...house.all,
    notify: [
      { kind: 'mail', address: 'postmaster@example.com' },
      { kind: 'command', path: '/usr/local/bin/on-change' },
      { kind: 'webhook', url: 'https://ntfy.example/mail' },
    ],
  };
  const [isp1, isp2] = world.uplinks;
  await house.start(settings);
  await house.send('someone@remote.example', minute);
  assert.deepEqual([told, called], [[], []], 'that all is sound is no news');

  world.gateway.cut(isp1, 'black hole');
  await house.send('someone@remote.example', 2 * minute);
  assert.deepEqual(told, ['uplink isp1 down']);
  assert.deepEqual(called, ['203.0.113.40: isp1 is down']);
  const [notice, ...more] = world.deliveries.filter(({ mailFrom }) => mailFrom === '');
  assert.deepEqual(more, []);
  assert.deepEqual(notice?.rcptTo, ['postmaster@example.com']);

  await house.restart(settings);
  await house.send('someone@remote.example', 5 * minute);
  assert.equal(told.length, 1, 'a restart repeats nothing');

  world.gateway.cut(isp1, null);
  await house.send('someone@remote.example', 5 * minute);
  assert.deepEqual(told, ['uplink isp1 down', 'uplink isp1 up']);
  assert.equal(called.length, 2);

  told.splice(0);
  called.splice(0);
  for (const uplink of world.uplinks) world.gateway.cut(uplink, 'black hole');
  await house.send('someone@remote.example', 10 * minute, 10_000);
  assert.deepEqual(told.toSorted(), ['all_uplinks trouble', 'uplink isp1 down', 'uplink isp2 down']);
  assert.equal(called.length, 0, 'nothing leads out');
  for (const uplink of [isp1, isp2]) world.gateway.cut(uplink, null);
  await house.send('someone@remote.example', 10 * minute, 10_000);
  // One that is usable, though still degraded, is back.
  assert.deepEqual(
    told
      .slice(3)
      .map(each => each.replace('degraded', 'up'))
      .toSorted(),
    ['all_uplinks over', 'uplink isp1 up', 'uplink isp2 up'],
  );
  const titles = called.map(call => call.replace(/^.*: /, ''));
  assert.equal(titles.length, 3, titles.join('; '));
  for (const title of titles) assert.match(title, / (?:up|degraded|again) after \d+ minutes$/);
  await clock.await(house.gateway.stop());
});
