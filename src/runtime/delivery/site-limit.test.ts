import assert from 'node:assert/strict';
import test from 'node:test';
import { SiteLimit } from './site-limit.ts';

type Step = (limit: SiteLimit) => void;

const takes =
  (messages: number, elapsedMs = 100, now = 0): Step =>
  limit => {
    for (let n = 0; n < messages; n++) limit.succeeded(elapsedMs, now);
  };
const presses =
  (now: number): Step =>
  limit =>
    limit.pressed(now);

const rows: [string, readonly Step[], number][] = [
  ['a site begins with a few', [], 5],
  ['each message that it takes brings one more', [takes(3)], 8],
  ['twenty are enough', [takes(1_000)], 20],
  ['too much halves it', [takes(1_000), presses(0)], 10],
  ['too much, said by many at once, halves it once', [takes(1_000), presses(0), presses(900)], 10],
  ['too much, said again, halves it again', [takes(1_000), presses(0), presses(1_000)], 5],
  ['one stays', [presses(0), presses(2_000), presses(4_000), presses(6_000)], 1],
  ['after that it grows by the round', [takes(1_000), presses(0), takes(11)], 11],
  ['a site that lets no more in keeps what it has', [takes(1_000), limit => limit.full(7, 0)], 7],
  ['it is not asked for more for a minute', [limit => limit.full(3, 0), takes(9, 100, 59_000)], 3],
  ['it is asked for more after a minute', [limit => limit.full(3, 0), takes(4, 100, 60_000)], 4],
  ['a site that becomes slow is given no more', [takes(4), takes(50, 2_000), takes(20, 2_000)], 9],
  ['a site that has always been slow grows too', [takes(4, 20_000)], 9],
  ['after an outage it begins with less', [takes(1_000), limit => limit.lost()], 2],
  ['from another address it begins anew', [takes(1_000), limit => limit.moved()], 5],
];

for (const [sentence, steps, expected] of rows)
  test(`site limit: ${sentence}`, () => {
    const limit = new SiteLimit(false);
    for (const step of steps) step(limit);
    assert.equal(limit.sessions, expected);
  });

test('site limit: the mail store behind us takes all at once', () =>
  assert.equal(new SiteLimit(true).sessions, 20));
