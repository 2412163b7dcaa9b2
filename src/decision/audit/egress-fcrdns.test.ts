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
import { egressFcrdns } from './egress-fcrdns.ts';
import type { IdentityFacts } from './identity-facts.ts';

const rows: readonly [string, IdentityFacts, level: string, fix: string | null, unanswered?: true][] = [
  ['a name that resolves back passes', identityFacts(), 'pass', null],
  ['an IPv6 name that resolves back passes', identityFactsOfSix(), 'pass', null],
  [
    'of several names one that resolves back is enough',
    identityFacts({
      ptr: records('old.example.com', 'mail.example.com'),
      forward: [
        { name: 'old.example.com', addresses: nxdomain },
        { name: 'mail.example.com', addresses: records('198.51.100.30') },
      ],
    }),
    'pass',
    null,
  ],
  [
    'our own name that leads elsewhere is an error with its address as the fix',
    identityFacts({ forward: [{ name: 'mail.example.com', addresses: records('203.0.113.40') }] }),
    'error',
    'mail.example.com. IN A 198.51.100.30',
  ],
  [
    'our own name without an address of the family is an error',
    identityFactsOfSix({ forward: [{ name: 'mail2.example.com', addresses: nodata }] }),
    'error',
    'mail2.example.com. IN AAAA 2001:db8:2::40',
  ],
  [
    "a provider's pool name that leads nowhere is mended by another PTR",
    identityFacts({
      ptr: records('dsl-30.isp1.example'),
      forward: [{ name: 'dsl-30.isp1.example', addresses: nxdomain }],
    }),
    'error',
    '30.100.51.198.in-addr.arpa. IN PTR mail.example.com.\nmail.example.com. IN A 198.51.100.30',
  ],
  [
    'a PTR to what is no name is an error',
    identityFacts({ ptr: records(''), forward: [{ name: '', addresses: nxdomain }] }),
    'error',
    '30.100.51.198.in-addr.arpa. IN PTR mail.example.com.\nmail.example.com. IN A 198.51.100.30',
  ],
  ['without a PTR there is nothing to look up', identityFacts({ ptr: nxdomain, forward: [] }), 'skip', null],
  ['silence about the PTR is no verdict', identityFacts({ ptr: silence, forward: [] }), 'skip', null, true],
  [
    'silence about one name is no verdict while no other resolves back',
    identityFacts({
      forward: [
        { name: 'a.example.com', addresses: nxdomain },
        { name: 'b.example.com', addresses: silence },
      ],
    }),
    'skip',
    null,
    true,
  ],
  [
    'a private address is not judged',
    identityFacts({ forward: [] }, { publicAddress: '192.168.1.2' }),
    'skip',
    null,
  ],
];

for (const [sentence, facts, level, fix, unanswered] of rows)
  test(sentence, () => {
    const finding = egressFcrdns(facts);
    assert.equal(finding.level, level);
    assert.equal(finding.fix, fix);
    assert.equal(finding.unanswered, unanswered);
  });
