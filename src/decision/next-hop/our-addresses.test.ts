import assert from 'node:assert/strict';
import test from 'node:test';
import type { ListenerSetting } from '../admission/listener.ts';
import type { EgressSnapshot, EgressView } from '../egress/health-state.ts';
import { ourAddresses } from './our-addresses.ts';

const nothing: EgressSnapshot = { version: 1, egresses: [] };
const mx = { role: 'mx', address: '198.51.100.30', port: 25, publicAddress: null } as const;
type Door = Pick<ListenerSetting, 'address' | 'port' | 'role' | 'publicAddress'>;

const doors: [string, Door, number, string[]][] = [
  ['an mx listener of the world is ourselves', mx, 25, ['198.51.100.30']],
  ['a relay listener is not', { ...mx, role: 'relay' }, 25, []],
  [
    'behind NAT the public address is',
    { ...mx, address: '10.20.1.2', publicAddress: '203.0.113.40' },
    25,
    ['203.0.113.40'],
  ],
  ['a private listener on the port of the mail hosts is', { ...mx, address: '10.20.0.2' }, 25, ['10.20.0.2']],
  ['a loopback listener on another port is not', { ...mx, address: '127.0.0.1', port: 2525 }, 2526, []],
];
for (const [sentence, door, deliveryPort, expected] of doors)
  test(`ourselves: ${sentence}`, () => {
    assert.deepEqual([...ourAddresses([], nothing, [door], deliveryPort)], expected);
  });

test('ourselves: what an interface has now counts too', () => {
  const view = { egress: { publicAddress: '2001:DB8::40' } } as unknown as EgressView;
  assert.deepEqual([...ourAddresses([], { version: 2, egresses: [view] }, [], 25)], ['2001:db8::40']);
});
