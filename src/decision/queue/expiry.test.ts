import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { expireMsByDomain, expiresAt } from './expiry.ts';
import type { Outage } from './queued.ts';

/** Received at 100, kept for 50. */
const rows: [string, Outage[], number, number][] = [
  ['without an outage it is the time of receipt and the time to keep', [], 120, 150],
  ['an outage within that time is added', [{ from: 110, to: 120 }], 140, 160],
  ['an outage before the receipt adds nothing', [{ from: 10, to: 90 }], 140, 150],
  ['of one that lasted at the receipt only the rest is added', [{ from: 10, to: 105 }], 140, 155],
  ['an outage after expiry adds nothing', [{ from: 150, to: 190 }], 200, 150],
  ['an outage that began before expiry is added in whole', [{ from: 149, to: 169 }], 200, 170],
  [
    'a second one that begins only in the added time counts too',
    [
      { from: 140, to: 160 },
      { from: 165, to: 170 },
    ],
    200,
    175,
  ],
  ['one that lasts counts up to now', [{ from: 120, to: null }], 130, 160],
  ['one that lasts puts the end off, moment by moment', [{ from: 120, to: null }], 140, 170],
  ['all together never more than twice the time to keep', [{ from: 100, to: 900 }], 1_000, 200],
  [
    'outages that overlap count once',
    [
      { from: 110, to: 120 },
      { from: 115, to: 125 },
      { from: 112, to: 118 },
    ],
    140,
    165,
  ],
  ['an outage that a clock set back left with no length adds nothing', [{ from: 120, to: 115 }], 140, 150],
];
for (const [sentence, outages, now, expected] of rows) {
  test(`expiry: ${sentence}`, () => assert.equal(expiresAt(100, 50, outages, now), expected));
}

test('expiry is never earlier than without outages and never later than twice', () => {
  const outage = fc.record({ from: fc.nat(1_000), to: fc.option(fc.nat(1_000)) });
  fc.assert(
    fc.property(
      fc.array(outage),
      fc.nat(1_000),
      fc.nat(1_000),
      fc.nat(1_000),
      (outages, received, keep, now) => {
        const expiry = expiresAt(received, keep, outages, now);
        return expiry >= received + keep && expiry <= received + 2 * keep;
      },
    ),
  );
});

test('expiry: a domain may keep its mail for a time of its own', () => {
  const expireMsOf = expireMsByDomain([
    { name: 'backup.example', expireMs: 21 },
    { name: 'example.com', expireMs: null },
  ]);
  assert.equal(expireMsOf('a@Backup.Example'), 21);
  assert.equal(expireMsOf('a@example.com'), null);
  assert.equal(expireMsOf('a@remote.example'), null);
  assert.equal(expireMsByDomain([])('a@backup.example'), null);
});
