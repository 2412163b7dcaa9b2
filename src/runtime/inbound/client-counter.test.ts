import assert from 'node:assert/strict';
import test from 'node:test';
import { ClientCounter } from './client-counter.ts';

const limits = { connections: 3, perClient: 2 };

test('one client may hold so many connections and no more, and gets its place back', () => {
  const clients = new ClientCounter();
  assert.equal(clients.enter('192.0.2.1', false, limits), null);
  assert.equal(clients.enter('192.0.2.1', false, limits), null);
  assert.match(clients.enter('192.0.2.1', false, limits) ?? '', /your address/);
  clients.leave('192.0.2.1');
  assert.equal(clients.enter('192.0.2.1', false, limits), null);
});

test('our own networks are bounded by the total only', () => {
  const clients = new ClientCounter();
  for (let index = 0; index < 3; index += 1) assert.equal(clients.enter('10.20.0.7', true, limits), null);
  assert.match(clients.enter('10.20.0.7', true, limits) ?? '', /Too many connections are open here/);
  assert.equal(clients.total, 3);
});

test('addresses of one IPv6 /64 are one client', () => {
  const clients = new ClientCounter();
  clients.enter('2001:db8::1', false, limits);
  clients.enter('2001:db8::2', false, limits);
  assert.match(clients.enter('2001:db8::3', false, limits) ?? '', /your address/);
});
