import assert from 'node:assert/strict';
import test from 'node:test';
import { evidenceNetwork } from './route.ts';

const rows: [string, string, string, boolean][] = [
  ['two hosts of one /24 are one network', '192.0.2.10', '192.0.2.200', true],
  ['two /24s are two networks', '192.0.2.10', '192.0.3.10', false],
  ['two hosts of one /48 are one network', '2001:db8:7:1::10', '2001:db8:7:2::10', true],
  ['two /48s are two networks', '2001:db8:7::10', '2001:db8:8::10', false],
  ['zeros that are left out are zeros', '2001:db8::10', '2001:db8:0:5::10', true],
  ['leading zeros and capitals are no difference', '2001:0DB8:00a7::1', '2001:db8:A7:9::1', true],
];

for (const [sentence, one, other, same] of rows)
  test(`evidence: ${sentence}`, () => assert.equal(evidenceNetwork(one) === evidenceNetwork(other), same));
