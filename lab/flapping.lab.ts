import { suite, test } from 'node:test';
import { blackHoleCut, interfaceDown } from './cuts.ts';
import { survivesFlapping } from './flapping.ts';

suite('an uplink that dies and returns every few seconds is trusted less each time', {
  concurrency: 2,
}, () => {
  for (const cut of [blackHoleCut, interfaceDown])
    test(`${cut.name} for a minute`, t => survivesFlapping(t, cut, 60));
});
