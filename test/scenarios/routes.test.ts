import assert from 'node:assert/strict';
import test from 'node:test';
import type { Settings } from '../../src/config/settings.ts';
import type { SmartHost } from '../../src/decision/next-hop/route-setting.ts';
import { realClock } from '../../src/runtime/real-clock.ts';
import { type RunningReceiver, startReceiver } from '../../src/surface/demo/receiver.ts';
import { eventually, House, isp1, isp2 } from './house.ts';
import type { Letter } from './smtp-client.ts';

/** The operator's routes and smart hosts, over real sockets. */
function scenario(
  sentence: string,
  change: (usual: Settings, smart: SmartHost) => Settings,
  play: (house: House, provider: RunningReceiver) => Promise<void>,
): void {
  test(`scenario: ${sentence}`, async () => {
    const house = await House.build();
    const provider = await startReceiver(house.network, {
      port: 0,
      address: '127.0.0.30',
      name: 'smtp.isp2.example',
      clock: realClock,
    });
    assert.ok(provider.ok);
    const { address, port } = provider.value;
    try {
      await house.open(usual => change(usual, { host: address, port, tls: 'none', login: null }));
      await play(house, provider.value);
    } finally {
      await house.close();
      await provider.value.close();
    }
  });
}

const letter = (id: string, reversePath = 'sender@example.com', to = 'receiver@remote.example'): Letter => ({
  reversePath,
  forwardPaths: [to],
  content: `Message-ID: <${id}@example.com>\r\nSubject: ${id}\r\n\r\nHello.`,
});
const bringers = ({ deliveries }: RunningReceiver): string[] =>
  deliveries.map(({ remoteAddress, ehlo }) => `${remoteAddress} ${ehlo}`);

scenario(
  'the spare uplink sends through its smart host while the better one is drained',
  (usual, smartHost) => ({
    ...usual,
    uplinks: usual.uplinks.map(uplink => (uplink.name === 'isp2' ? { ...uplink, smartHost } : uplink)),
  }),
  async (house, provider) => {
    await house.submit(letter('one'));
    await eventually('the first message', () => house.remote.deliveries.length === 1);
    await house.gateway.drain('isp1', null, 'a test');
    await house.submit(letter('two'));
    await eventually('the second message', () => provider.deliveries.length === 1);
    await house.gateway.resume('isp1');
    await house.submit(letter('three'));
    await eventually('the third message', () => house.remote.deliveries.length === 2);
    assert.deepEqual(bringers(provider), [`${isp2.address} ${isp2.ehlo}`]);
    assert.deepEqual(new Set(bringers(house.remote)), new Set([`${isp1.address} ${isp1.ehlo}`]));
  },
);

scenario(
  'a sender has a smart host, another an uplink, and our own mail goes its way',
  (usual, smartHost) => ({
    ...usual,
    routes: [
      { to: null, from: '@bulk.example.com', uplinks: null, smartHost },
      { to: null, from: 'boss@example.com', uplinks: ['isp2'], smartHost: null },
      { to: '*', from: null, uplinks: ['isp1'], smartHost: null },
    ],
  }),
  async (house, provider) => {
    await house.submit(letter('one', 'news@bulk.example.com', 'a@elsewhere.example'));
    await house.submit(letter('two', 'boss@example.com'));
    await house.submit(letter('three', 'news@bulk.example.com', 'user@example.com'));
    await eventually('all of them', () =>
      [provider, house.remote, house.mailStore].every(({ deliveries }) => deliveries.length === 1),
    );
    assert.deepEqual(bringers(provider), [`${isp1.address} ${isp1.ehlo}`]);
    assert.deepEqual(bringers(house.remote), [`${isp2.address} ${isp2.ehlo}`]);
  },
);
