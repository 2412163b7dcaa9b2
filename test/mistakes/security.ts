import type { DnsFact } from '../../src/decision/audit/dns-fact.ts';
import type { AuditFacts, NameServerFact } from '../../src/decision/audit/facts.ts';
import {
  auditedAt,
  certificate,
  layoutB,
  nxdomain,
  values,
  withConversation,
  withDns,
} from '../audit-facts.ts';
import { type MistakeRow, mistakesOf, shows } from './mistake.ts';

const mx2 = 'mx2.example.com';
const day = 86_400_000;
const key = `3 1 1 ${certificate.keyDigest}`;
const otherKey = `3 1 1 ${'00'.repeat(32)}`;
const tlsa2 = `_25._tcp.${mx2} TLSA`;

const believed = (...data: string[]): DnsFact => ({ kind: 'records', values: data, authenticated: true });
const atMx2 = (facts: AuditFacts, ...shown: Parameters<typeof shows>): AuditFacts =>
  withConversation(facts, mx2, shows(...shown));

/** Layout B in a signed zone, with the keys of both hosts. */
const signed: AuditFacts = {
  ...layoutB,
  dns: {
    ...Object.fromEntries(
      Object.entries(layoutB.dns).map(([question, fact]) => [
        question,
        fact.kind === 'temperror' ? fact : { ...fact, authenticated: true },
      ]),
    ),
    '_25._tcp.mx1.example.com TLSA': believed(key),
    [tlsa2]: believed(key),
  },
};
const keys2 = (...data: string[]): AuditFacts => withDns(signed, { [tlsa2]: believed(...data) });
const noNextGoes = ['info DANE-NO-NEXT mx2.example.com'];

const policyText =
  'version: STSv1\nmode: enforce\nmx: mx1.example.com\nmx: mx2.example.com\nmax_age: 604800\n';
const policy = (text: string): AuditFacts => ({
  ...withDns(layoutB, { '_mta-sts.example.com TXT': values('v=STSv1; id=1') }),
  policy: { kind: 'fetched', text, redirected: false },
});
const enforced = policy(policyText);

const server = (place: number, mx: DnsFact, tcp: boolean): NameServerFact => ({
  name: `ns${place}.example.net`,
  address: `192.0.2.${50 + place}`,
  answers: { 'example.com MX': mx, 'example.com TXT': layoutB.dns['example.com TXT'] ?? nxdomain },
  tcp,
});
const right = layoutB.dns['example.com MX'] ?? nxdomain;
const served = (...servers: NameServerFact[]): AuditFacts => ({ ...layoutB, nameServers: servers });
const soundServers = served(server(1, right, true), server(2, right, true));

const rows: readonly MistakeRow[] = [
  [
    'STARTTLS is offered and fails',
    layoutB,
    withConversation(layoutB, mx2, {
      tls: { kind: 'failed', reason: 'no shared cipher' },
      ehloAfterTls: null,
    }),
    [`error TLS-BROKEN ${mx2}`],
  ],
  ['an old TLS', layoutB, atMx2(layoutB, {}, { protocol: 'TLSv1' }), [`warning TLS-OLD ${mx2}`]],
  [
    'the certificate lacks a name',
    layoutB,
    atMx2(layoutB, { names: ['mail.example.com'] }, { unverified: 'ERR_TLS_CERT_ALTNAME_INVALID' }),
    [`notice CERT-NAMES ${mx2}`],
  ],
  [
    'the certificate lacks a name, and a policy is enforced',
    enforced,
    atMx2(enforced, { names: ['mail.example.com'] }, { unverified: 'ERR_TLS_CERT_ALTNAME_INVALID' }),
    [`error CERT-NAMES ${mx2}`],
  ],
  [
    'the certificate has expired',
    layoutB,
    atMx2(layoutB, { until: auditedAt - day }, { unverified: 'CERT_HAS_EXPIRED' }),
    [`warning CERT-EXPIRED ${mx2}`],
  ],
  [
    'the certificate ends soon',
    layoutB,
    atMx2(layoutB, { until: auditedAt + 3 * day }),
    [`notice CERT-EXPIRES ${mx2}`],
  ],
  [
    'a certificate of the chain is missing',
    layoutB,
    atMx2(layoutB, {}, { unverified: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' }),
    [`notice CERT-CHAIN ${mx2}`],
  ],
  [
    'the certificate signs itself',
    layoutB,
    atMx2(layoutB, { selfSigned: true }, { unverified: 'DEPTH_ZERO_SELF_SIGNED_CERT' }),
    [`info CERT-SELF ${mx2}`],
  ],
  [
    'the policy leaves out an MX',
    enforced,
    policy(policyText.replace('mx: mx2.example.com\n', '')),
    [`error STS-MX ${mx2}`],
  ],
  [
    'the policy cannot be had',
    enforced,
    { ...enforced, policy: { kind: 'failed', reason: 'connection refused' } },
    ['error STS-POLICY example.com'],
  ],
  [
    'the policy ends after an hour',
    enforced,
    policy(policyText.replace('604800', '3600')),
    ['notice STS-MAX-AGE example.com'],
  ],
  [
    'the policy is a test',
    enforced,
    policy(policyText.replace('enforce', 'testing')),
    ['notice STS-MODE example.com'],
  ],
  [
    'two records announce a policy',
    enforced,
    withDns(enforced, { '_mta-sts.example.com TXT': values('v=STSv1; id=1', 'v=STSv1; id=2') }),
    ['error STS-MANY example.com'],
  ],
  [
    'nobody gets reports on TLS',
    layoutB,
    withDns(layoutB, { '_smtp._tls.example.com TXT': nxdomain }),
    ['notice TLSRPT-NONE example.com'],
  ],
  ['the key in DNS is another', signed, keys2(otherKey), [`error DANE-MISMATCH ${mx2}`], noNextGoes],
  [
    'one MX has no key in DNS',
    signed,
    withDns(signed, { [tlsa2]: { kind: 'nxdomain', authenticated: true } }),
    [`warning DANE-PARTIAL ${mx2}`],
    noNextGoes,
  ],
  [
    'an MX that does not exist, beside protected ones',
    signed,
    withDns(signed, {
      'example.com MX': believed('10 mx1.example.com.', '20 mx2.example.com.', '30 gone.example.com.'),
      'gone.example.com A': { kind: 'nxdomain', authenticated: true },
      'gone.example.com AAAA': { kind: 'nxdomain', authenticated: true },
      '_25._tcp.gone.example.com TLSA': { kind: 'nxdomain', authenticated: true },
    }),
    ['error MX-UNRESOLVED gone.example.com'],
  ],
  [
    'a key in a form that is not for mail',
    signed,
    keys2(key.replace('3', '1')),
    [`warning DANE-USAGE ${mx2}`],
    noNextGoes,
  ],
  ['a key that is not in use', signed, keys2(key, otherKey), [`info DANE-STALE ${mx2}`], noNextGoes],
  [
    'the name server does not answer about keys',
    signed,
    withDns(signed, {
      [tlsa2]: { kind: 'temperror', reason: 'the resolver answered SERVFAIL', failure: 'servfail' },
    }),
    [`error DANE-DENIAL ${mx2}`],
    noNextGoes,
  ],
  [
    'a key in a zone that is not signed',
    signed,
    withDns(signed, { [tlsa2]: values(key) }),
    [`warning DANE-UNSIGNED ${mx2}`],
    noNextGoes,
  ],
  [
    'the signatures are wrong',
    layoutB,
    withDns(layoutB, {
      'example.com MX': { kind: 'temperror', reason: 'the answer is bogus (DNSSEC)', failure: 'bogus' },
    }),
    ['error DNSSEC-BOGUS example.com'],
    ['notice MX-ONE-HOST example.com'],
  ],
  [
    'a name server has an old zone',
    soundServers,
    served(server(1, right, true), server(2, values('10 old.example.com.'), true)),
    ['error NS-DIFFER example.com'],
  ],
  [
    'a name server is deaf to TCP',
    soundServers,
    served(server(1, right, true), server(2, right, false)),
    ['warning NS-TCP ns2.example.net'],
  ],
];

/** Mistakes in certificates, keys, policies and name servers. */
export const securityMistakes = mistakesOf(rows);
