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
import { egressNoPtr } from './egress-no-ptr.ts';
import type { IdentityFacts } from './identity-facts.ts';

const rows: readonly [string, IdentityFacts, level: string, fix: string | null, unanswered?: true][] = [
  ['an address with a PTR passes', identityFacts(), 'pass', null],
  ['an IPv6 address with a PTR passes', identityFactsOfSix(), 'pass', null],
  [
    'a name of the reverse tree that does not exist is an error',
    identityFacts({ ptr: nxdomain }),
    'error',
    '30.100.51.198.in-addr.arpa. IN PTR mail.example.com.',
  ],
  [
    'a name of the reverse tree without a PTR is an error',
    identityFacts({ ptr: nodata }),
    'error',
    '30.100.51.198.in-addr.arpa. IN PTR mail.example.com.',
  ],
  ['silence of DNS is no verdict', identityFacts({ ptr: silence }), 'skip', null, true],
  [
    'behind NAT the public address is judged',
    identityFacts({ ptr: nxdomain }, { egress: 'isp1/10.20.1.2' }),
    'error',
    '30.100.51.198.in-addr.arpa. IN PTR mail.example.com.',
  ],
  [
    'a private address is not judged, for the world never sees it',
    identityFacts({ ptr: nxdomain }, { publicAddress: '10.20.1.2' }),
    'skip',
    null,
  ],
  [
    'an address that a provider shares among customers is not judged',
    identityFacts({ ptr: nxdomain }, { publicAddress: '100.64.3.2' }),
    'skip',
    null,
  ],
  [
    'a loopback address is not judged',
    identityFacts({ ptr: nxdomain }, { publicAddress: '127.0.0.2' }),
    'skip',
    null,
  ],
  ['an absent address is not judged', identityFacts({}, { publicAddress: null, asked: null }), 'skip', null],
  [
    'who sends through a smart host needs none',
    identityFacts({}, { smartHost: 'smtp.isp2.example', asked: null }),
    'skip',
    null,
  ],
];

for (const [sentence, facts, level, fix, unanswered] of rows)
  test(sentence, () => {
    const finding = egressNoPtr(facts);
    assert.equal(finding.level, level);
    assert.equal(finding.fix, fix);
    assert.equal(finding.unanswered, unanswered);
  });

test('query, answer and ground are shown', () => {
  const { evidence, reference, subject } = egressNoPtr(identityFacts({ ptr: nxdomain }));
  assert.deepEqual(evidence, [{ asked: '30.100.51.198.in-addr.arpa PTR', answer: 'NXDOMAIN' }]);
  assert.match(reference, /5\.7\.25/);
  assert.deepEqual(subject, {
    kind: 'egress',
    name: 'isp1/198.51.100.30',
    address: '198.51.100.30',
    uplink: 'isp1',
    family: 4,
  });
});

test('the fix, tried on the facts, ends the finding', () => {
  assert.equal(egressNoPtr(identityFacts({ ptr: records('mail.example.com') })).level, 'pass');
});
