import assert from 'node:assert/strict';
import test from 'node:test';
import { ClientCounter } from './client-counter.ts';

const limits = { connections: 3, perClient: 2 };

test('one client may hold so many connections and no more, and gets its place back', () => {
  const clients = new ClientCounter();
  assert.equal(clients.enter('192.0.2.1', false, limits), null);
  assert.equal(clients.enter('192.0.2.1', false, limits), null);
  assert.equal(clients.enter('192.0.2.1', false, limits), 'too many of one client');
  clients.leave('192.0.2.1', false);
  assert.equal(clients.of('192.0.2.1'), 1);
  assert.equal(clients.enter('192.0.2.1', false, limits), null);
});

test('our own networks are bounded by the total only', () => {
  const clients = new ClientCounter();
  for (let index = 0; index < 3; index += 1) assert.equal(clients.enter('10.20.0.7', true, limits), null);
  assert.equal(clients.enter('10.20.0.7', true, limits), 'full');
  assert.equal(clients.total, 3);
});

test('strangers leave a tenth of the places to our own networks', () => {
  const clients = new ClientCounter();
  const ten = { connections: 10, perClient: 2 };
  for (let index = 0; index < 9; index += 1)
    assert.equal(clients.enter(`192.0.2.${index}`, false, ten), null);
  assert.equal(clients.enter('192.0.2.9', false, ten), 'full');
  assert.equal(clients.enter('10.20.0.7', true, ten), null);
  clients.leave('192.0.2.0', false);
  assert.equal(clients.enter('192.0.2.9', false, ten), null);
  assert.equal(clients.enter('10.20.0.8', true, ten), 'full');
});

test('addresses of one IPv6 /64 are one client', () => {
  const clients = new ClientCounter();
  clients.enter('2001:db8::1', false, limits);
  clients.enter('2001:db8::2', false, limits);
  assert.equal(clients.enter('2001:db8::3', false, limits), 'too many of one client');
});
