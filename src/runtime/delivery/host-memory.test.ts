import assert from 'node:assert/strict';
import test from 'node:test';
import { HostMemory } from './host-memory.ts';

const to = { host: 'mx.remote.example', address: '192.0.2.10', port: 25 };
const other = { ...to, address: '192.0.2.11' };
const local = { kind: 'local', id: 'local', ehlo: 'mail.example.com' } as const;
const isp1 = {
  kind: 'uplink',
  id: 'isp1/198.51.100.30',
  uplink: 'isp1',
  family: 4,
  source: '198.51.100.30',
  publicAddress: '198.51.100.30',
  ehlo: 'mail.example.com',
} as const;
const minute = 60_000;

test('memory of hosts: one with which TLS failed is spoken with in clear for ten minutes by that egress, and no other', () => {
  const hosts = new HostMemory();
  assert.equal(hosts.isClear({ egress: isp1, to }, 0), false);
  hosts.noteClear({ egress: isp1, to }, 0);
  assert.deepEqual(
    [
      hosts.isClear({ egress: isp1, to }, 9 * minute),
      hosts.isClear({ egress: isp1, to }, 10 * minute),
      hosts.isClear({ egress: isp1, to: other }, 0),
      hosts.isClear({ egress: local, to }, 0),
    ],
    [true, false, false, false],
  );
});

test('memory of hosts: an uplink that comes back changes nothing of that', () => {
  const hosts = new HostMemory();
  hosts.noteClear({ egress: isp1, to }, 0);
  hosts.noteDead(to, 0, 10);
  hosts.forgetAll();
  assert.equal(hosts.isDead(to, 1), false);
  assert.equal(hosts.isClear({ egress: isp1, to }, 1), true);
});

test('memory of hosts: a refused login is news once, and again in other words or after it was taken', () => {
  const hosts = new HostMemory();
  const told = [
    hosts.noteLoginRefused(to, '535 no'),
    hosts.noteLoginRefused(to, '535 no'),
    hosts.noteLoginRefused(to, '534 weak'),
  ];
  hosts.noteLoginTaken(to);
  assert.deepEqual([...told, hosts.noteLoginRefused(to, '534 weak')], [true, false, true, true]);
});

test('memory of hosts: it holds ten thousand, and the oldest goes first', () => {
  const hosts = new HostMemory();
  for (let i = 0; i <= 10_000; i++) hosts.noteClear({ egress: isp1, to: { ...to, port: i } }, 0);
  assert.deepEqual(
    [
      hosts.isClear({ egress: isp1, to: { ...to, port: 0 } }, 1),
      hosts.isClear({ egress: isp1, to: { ...to, port: 1 } }, 1),
    ],
    [false, true],
  );
});
