import assert from 'node:assert/strict';
import test from 'node:test';
import {
  identityFacts,
  identityFactsOfSix,
  nodata,
  nxdomain,
  records,
  silence,
} from '../../../test/identity-facts.ts';
import { egressEhloUnresolved } from './egress-ehlo-unresolved.ts';
import type { IdentityFacts } from './identity-facts.ts';

const rows: readonly [string, IdentityFacts, level: string, fix: string | null, unanswered?: true][] = [
  ['a name with an address passes', identityFacts(), 'pass', null],
  [
    'an address of the other family is one, too',
    identityFactsOfSix({ ehlo: { A: records('203.0.113.40'), AAAA: nodata } }),
    'pass',
    null,
  ],
  [
    'a name that does not exist is an error',
    identityFacts({ ehlo: { A: nxdomain, AAAA: nxdomain } }),
    'error',
    'mail.example.com. IN A 198.51.100.30',
  ],
  [
    'a name without addresses is an error',
    identityFactsOfSix({ ehlo: { A: nodata, AAAA: nodata } }),
    'error',
    'mail2.example.com. IN AAAA 2001:db8:2::40',
  ],
  [
    'silence about one family is no verdict while the other has none',
    identityFacts({ ehlo: { A: silence, AAAA: nodata } }),
    'skip',
    null,
    true,
  ],
  [
    'silence about one family does not matter where the other has one',
    identityFacts({ ehlo: { A: records('198.51.100.30'), AAAA: silence } }),
    'pass',
    null,
  ],
  [
    'from a private address the name is said to the world all the same',
    identityFacts({ ehlo: { A: nxdomain, AAAA: nxdomain } }, { publicAddress: '10.20.1.2' }),
    'error',
    null,
  ],
  [
    'on loopback nobody hears it',
    identityFacts({ ehlo: { A: nxdomain, AAAA: nxdomain } }, { publicAddress: '127.0.0.2' }),
    'skip',
    null,
  ],
  [
    'an address in brackets needs no record',
    identityFacts({ ehlo: { A: nxdomain, AAAA: nxdomain } }, { ehlo: '[198.51.100.30]' }),
    'skip',
    null,
  ],
  [
    'behind a smart host nobody hears it',
    identityFacts({}, { smartHost: 'smtp.isp2.example', asked: null }),
    'skip',
    null,
  ],
];

for (const [sentence, facts, level, fix, unanswered] of rows)
  test(sentence, () => {
    const finding = egressEhloUnresolved(facts);
    assert.equal(finding.level, level);
    assert.equal(finding.fix, fix);
    assert.equal(finding.unanswered, unanswered);
  });
