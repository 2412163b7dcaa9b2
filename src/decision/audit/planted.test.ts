import assert from 'node:assert/strict';
import test from 'node:test';
import { hostMistakes } from '../../../test/mistakes/host.ts';
import { told } from '../../../test/mistakes/mistake.ts';
import { receivingMistakes } from '../../../test/mistakes/receiving.ts';
import { securityMistakes } from '../../../test/mistakes/security.ts';
import { sendingMistakes } from '../../../test/mistakes/sending.ts';

// In layouts that are sound otherwise, as seen from outside or on the gateway: exactly the findings that belong to it.
for (const { name, sound, facts, comes, goes } of [
  ...receivingMistakes,
  ...sendingMistakes,
  ...securityMistakes,
  ...hostMistakes,
])
  test(`audit, one planted mistake: ${name}`, () => {
    const before = told(sound);
    const after = told(facts);
    assert.deepEqual(missingIn(before, after), comes.toSorted());
    assert.deepEqual(missingIn(after, before), goes.toSorted());
  });

/** What the second has and the first has not, in order. */
const missingIn = (first: readonly string[], second: readonly string[]): string[] =>
  second.filter(each => !first.includes(each)).toSorted();
