import assert from 'node:assert/strict';
import test from 'node:test';
import { RoutePenalties } from './route-penalty.ts';

const to = { host: 'mx.remote.example', address: '192.0.2.25', port: 25 };
const minute = 60_000;

test('route penalties: one lasts five minutes, and only for that egress and host', () => {
  const penalties = new RoutePenalties();
  assert.equal(penalties.add('isp2/a', to, 'refusal', '554 5.7.1 go away', 0), 5 * minute);
  assert.deepEqual([...penalties.of(to, 4 * minute)], [['isp2/a', '554 5.7.1 go away']]);
  assert.equal(penalties.of({ ...to, address: '192.0.2.26' }, 4 * minute).size, 0);
  assert.equal(penalties.of(to, 5 * minute).size, 0);
});

test('route penalties: while one lasts, another adds nothing; after it the next is twice as long, 4 h at most', () => {
  const penalties = new RoutePenalties();
  let now = 0;
  const lengths: number[] = [];
  for (let round = 0; round < 8; round += 1) {
    const forMs = penalties.add('isp2/a', to, 'network', 'refused', now);
    assert.equal(penalties.add('isp2/a', to, 'network', 'refused', now + 1), 0);
    lengths.push(forMs / minute);
    now += forMs;
  }
  assert.deepEqual(lengths, [5, 10, 20, 40, 80, 160, 240, 240]);
});

test('route penalties: an hour without one lets it start anew', () => {
  const penalties = new RoutePenalties();
  penalties.add('isp2/a', to, 'network', 'refused', 0);
  assert.equal(penalties.add('isp2/a', to, 'network', 'refused', 66 * minute), 5 * minute);
});

test('route penalties: an answer ends what the network did, and not a refusal', () => {
  const penalties = new RoutePenalties();
  penalties.add('isp1/a', to, 'network', 'refused', 0);
  penalties.add('isp2/a', to, 'refusal', '554', 0);
  penalties.answered('isp1/a', to);
  penalties.answered('isp2/a', to);
  assert.deepEqual([...penalties.of(to, 1).keys()], ['isp2/a']);
});

test('route penalties: the table is bounded', () => {
  const penalties = new RoutePenalties();
  for (let host = 0; host < 2_500; host += 1)
    penalties.add('isp1/a', { ...to, address: `host ${host}` }, 'network', 'refused', 0);
  assert.equal(penalties.of({ ...to, address: 'host 0' }, 1).size, 0);
  assert.equal(penalties.of({ ...to, address: 'host 2499' }, 1).size, 1);
});
