import { suite, test } from 'node:test';
import { survivesAtRest } from './at-rest.ts';
import { blackHoleCut } from './cuts.ts';

suite('a cut while nothing is under way: the first message leaves by the other uplink at once', () => {
  test(`${blackHoleCut.name}, with sessions kept`, t => survivesAtRest(t, blackHoleCut, 'kept'));
});
