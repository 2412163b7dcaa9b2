import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { corpusOf } from './corpus.ts';
import { endHttp } from './http-peer.ts';
import { mutated } from './mutate.ts';
import { targets } from './targets.ts';

after(endHttp);

for (const target of targets) {
  const corpus = corpusOf(target);
  test(`fuzzing, ${target.name}: what is kept does no harm`, async () => {
    assert.ok(corpus.length > 0);
    for (const { bytes } of corpus) await target.feed(bytes);
  });

  test(`fuzzing, ${target.name}: nor does what is near to it`, async () => {
    const inputs = mutated(
      corpus.map(({ bytes }) => bytes),
      target.words,
    );
    const fed = fc.asyncProperty(inputs, async bytes => target.feed(bytes));
    await fc.assert(fed, { numRuns: 50 });
  });
}
