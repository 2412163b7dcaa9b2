import { suite, test } from 'node:test';
import { cuts } from './cuts.ts';
import { survivesFlapping } from './flapping.ts';

suite('an uplink that flaps for minutes, in each way to die', { concurrency: 5 }, () => {
  for (const cut of cuts.filter(({ connect }) => connect !== 'slow'))
    test(`${cut.name} for three minutes`, t => survivesFlapping(t, cut, 180));
});
