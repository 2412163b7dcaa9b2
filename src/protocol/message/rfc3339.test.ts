import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { rfc3339 } from './rfc3339.ts';

test('times are told as RFC 3339 in UTC, as the platform tells them', () => {
  const rows = [0, 951_782_399_999, 951_782_400_000, 1_709_164_800_000, 4_107_542_399_999, 1_795_539_826_120];
  for (const ms of rows) assert.equal(rfc3339(ms), new Date(ms).toISOString());
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 253_402_300_799_999 }), ms => {
      assert.equal(rfc3339(ms), new Date(ms).toISOString());
    }),
  );
});
