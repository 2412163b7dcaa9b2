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
import { egressEhloElsewhere } from './egress-ehlo-elsewhere.ts';
import type { IdentityFacts } from './identity-facts.ts';

const rows: readonly [string, IdentityFacts, level: string, fix: string | null, unanswered?: true][] = [
  ['a name that leads to the address passes', identityFacts(), 'pass', null],
  [
    'a name that leads to several addresses with ours among them passes',
    identityFacts({ ehlo: { A: records('203.0.113.40', '198.51.100.30'), AAAA: nodata } }),
    'pass',
    null,
  ],
  [
    'a name that leads elsewhere is a warning',
    identityFacts({ ehlo: { A: records('203.0.113.40'), AAAA: nodata } }),
    'warning',
    'mail.example.com. IN A 198.51.100.30',
  ],
  [
    'a name without an address of our family is a warning',
    identityFactsOfSix({ ehlo: { A: records('203.0.113.40'), AAAA: nodata } }),
    'warning',
    'mail2.example.com. IN AAAA 2001:db8:2::40',
  ],
  [
    'a name that does not resolve is the affair of another rule',
    identityFacts({ ehlo: { A: nxdomain, AAAA: nxdomain } }),
    'skip',
    null,
  ],
  [
    'silence about our family is no verdict',
    identityFacts({ ehlo: { A: silence, AAAA: records('2001:db8:1::30') } }),
    'skip',
    null,
    true,
  ],
  [
    'a private address is not judged',
    identityFacts({ ehlo: { A: records('203.0.113.40'), AAAA: nodata } }, { publicAddress: '10.20.1.2' }),
    'skip',
    null,
  ],
];

for (const [sentence, facts, level, fix, unanswered] of rows)
  test(sentence, () => {
    const finding = egressEhloElsewhere(facts);
    assert.equal(finding.level, level);
    assert.equal(finding.fix, fix);
    assert.equal(finding.unanswered, unanswered);
  });
