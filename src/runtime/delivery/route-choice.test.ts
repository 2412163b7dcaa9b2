import assert from 'node:assert/strict';
import test from 'node:test';
import type { LeasedRecipient } from '../../decision/queue/queued.ts';
import { laneOf, plainLane } from './lane.ts';
import { backupsOf } from './route-choice.ts';

const at = Date.UTC(2026, 5, 1, 12);
const minute = 60_000;

function recipient(part: Partial<LeasedRecipient['recipient']>): LeasedRecipient {
  const message = { id: 'M', receivedAt: at, reversePath: '', sizeBytes: 1, bodyType: '7bit', client: null };
  const plain = { message: 'M', index: 0, forwardPath: 'a@b.example', state: 'active', attempts: 1 } as const;
  const unknown = { nextAttemptAt: at, lease: null, lastEgress: null, lastReply: null, doubt: null };
  return {
    message: { ...message, bodyType: '7bit' },
    body: { kind: 'inline', bytes: Buffer.alloc(1) },
    recipient: { ...plain, ...unknown, ...part },
  };
}

test('lanes: thousands that one site put off are a handful of lanes', () => {
  const keys = new Set<string>();
  for (let n = 0; n < 10_000; n++)
    keys.add(laneOf(recipient({ lastEgress: { id: 'isp1/198.51.100.30', since: at + n * 240 } })).key);
  assert.ok(keys.size <= 6, `${keys.size} lanes`);
});

test('lanes: none makes the time on an egress longer', () => {
  for (const since of [at, at + 1, at + 9 * minute, at + 25 * minute]) {
    const lane = laneOf(recipient({ lastEgress: { id: 'isp1', since } }));
    assert.ok(lane.lastEgress !== null && lane.lastEgress.since <= since);
  }
});

test('lanes: refused for good by a stand-in means the preferred egress only', () => {
  const lane = laneOf(recipient({ lastReply: '550 5.7.1 No', lastEgress: { id: 'isp2', since: at } }));
  assert.deepEqual(lane, { ...plainLane, key: '!', preferredOnly: true, base: plainLane });
});

const host = (name: string, local = false) => ({ name, mxPreference: 10, addresses: [], local });

const sites: [string, string, Parameters<typeof backupsOf>[1], string][] = [
  ['the one host of the best set has none beside it', 'mx.a', [host('mx.a')], ''],
  ['the best set, in any order, has none beside it', 'mx.a,mx.b', [host('mx.b'), host('mx.a')], ''],
  ['the others are named in order', 'mx.a', [host('mx.a'), host('mx.c'), host('mx.b')], 'mx.b,mx.c'],
  ['a best set without addresses leaves the others', 'mx.a', [host('mx.b')], 'mx.b'],
  ['the mail store has none', '10.0.0.1:25', [host('10.0.0.1', true)], ''],
];

for (const [sentence, site, hosts, expected] of sites)
  test(`backups of a site: ${sentence}`, () => assert.equal(backupsOf(site, hosts), expected));
