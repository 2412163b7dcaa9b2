import { test } from 'node:test';
import { interfaceDown } from './cuts.ts';
import { survivesFlapping } from './flapping.ts';

test('an uplink that dies and returns every few seconds is trusted less each time', t =>
  survivesFlapping(t, interfaceDown, 45));
