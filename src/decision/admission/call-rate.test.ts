import assert from 'node:assert/strict';
import test from 'node:test';
import { CallRate } from './call-rate.ts';

/** So many calls of a client, one each so many ms, and how many were too many. */
function refused(rate: CallRate, client: string, calls: number, everyMs: number, from = 0): number {
  let tooOften = 0;
  for (let at = 0; at < calls; at += 1) if (rate.isTooOften(client, 50, from + at * everyMs)) tooOften += 1;
  return tooOften;
}

const rows: [string, number, number, number][] = [
  ['fifty a second for a minute are welcome', 3_000, 20, 0],
  ['so are five hundred at once', 500, 0, 0],
  ['one more is too many', 501, 0, 1],
  ['of two hundred a second for a minute five hundred are taken, and fifty a second', 12_000, 5, 8_501],
];
for (const [sentence, calls, everyMs, expected] of rows)
  test(`calls: ${sentence}`, () => assert.equal(refused(new CallRate(), 'one', calls, everyMs), expected));

test('calls: what one client does is no other client’s fault', () => {
  const rate = new CallRate();
  refused(rate, 'greedy', 5_000, 0);
  assert.equal(refused(rate, 'honest', 1, 0), 0);
});

test('calls: all is forgiven after ten seconds', () => {
  const rate = new CallRate();
  refused(rate, 'one', 5_000, 0);
  assert.equal(refused(rate, 'one', 500, 0, 10_000), 0);
});

test('calls: where more clients call than can be remembered, those beyond are not counted, until others are forgotten', () => {
  const rate = new CallRate();
  for (let client = 0; client < 20_000; client += 1) rate.isTooOften(`${client}`, 50, 0);
  assert.equal(refused(rate, 'late', 5_000, 0), 0);
  assert.equal(refused(rate, '7', 5_000, 0), 4_501);
  assert.equal(refused(rate, 'late', 5_000, 0, 20_000), 4_500);
});
