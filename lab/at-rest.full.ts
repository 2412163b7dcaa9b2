import { suite, test } from 'node:test';
import { survivesAtRest } from './at-rest.ts';
import { cuts } from './cuts.ts';

suite('each cut while nothing is under way: the first message leaves by the other uplink at once', {
  concurrency: 3,
}, () => {
  for (const cut of cuts)
    for (const kept of ['kept', 'closed'] as const)
      test(`${cut.name}, with sessions ${kept}`, t => survivesAtRest(t, cut, kept));
});
