import assert from 'node:assert/strict';
import test from 'node:test';
import {
  auditedAt,
  certificate,
  layoutB,
  nodata,
  nxdomain,
  said,
  silence,
  values,
  withConversation,
  withDns,
} from '../../../../test/audit-facts.ts';
import { ruleTable } from '../../../../test/rule-table.ts';
import type { DnsFailure } from '../../../protocol/dns/failure.ts';
import type { DnsFact } from '../dns-fact.ts';
import type { AuditFacts, ConversationFact, EgressFact, HostFact } from '../facts.ts';
import { judge } from '../judge.ts';
import { caaIssuer } from './caa-issuer.ts';
import { daneNoNext } from './dane-no-next.ts';
import { dnssecAlgorithm } from './dnssec-algorithm.ts';
import { dnssecExpiring } from './dnssec-expiring.ts';
import { egressCert } from './egress-cert.ts';
import { egressDnsbl } from './egress-dnsbl.ts';
import { egressMtu } from './egress-mtu.ts';
import { egressWrongWay } from './egress-wrong-way.ts';
import { hostProber } from './host-prober.ts';
import { hostRpFilter } from './host-rp-filter.ts';
import { hostWatchTarget } from './host-watch-target.ts';
import { nsLame } from './ns-lame.ts';
import { smtpBareLf } from './smtp-bare-lf.ts';
import { smtpBareLfOut } from './smtp-bare-lf-out.ts';
import { smtpLiteral } from './smtp-literal.ts';
import { smtpPipeliningBroken } from './smtp-pipelining-broken.ts';
import { spfType99 } from './spf-type99.ts';
import { stsId } from './sts-id.ts';

const one = 'isp1/198.51.100.30';
const two = 'isp2/203.0.113.40';
const home = 'example.com';
const both = (level: string): string[] => [`${level} mx1.example.com`, `${level} mx2.example.com`];
const mx1 = (more: Partial<ConversationFact>): AuditFacts =>
  withConversation(layoutB, 'mx1.example.com', more);
const first = (more: Partial<EgressFact>): AuditFacts => ({
  ...layoutB,
  egresses: layoutB.egresses.map((egress, place) => (place === 0 ? { ...egress, ...more } : egress)),
});
const host = (more: Partial<HostFact>): AuditFacts => ({
  ...layoutB,
  host: {
    sources: [],
    resolvers: [],
    overrides: [],
    clockOffsetMs: null,
    strictInterfaces: [],
    mtus: [],
    ...more,
  },
});
const configured = (probes: number): AuditFacts => ({
  ...layoutB,
  configuration: {
    hostname: 'mail.example.com',
    uplinks: [{ name: 'isp1', preference: 10, probes }],
    listeners: [
      {
        name: 'mx1.example.com',
        role: 'mx',
        address: '198.51.100.30',
        uplink: null,
        certificate: { ...certificate, names: ['mx1.example.com', 'mail.example.com'] },
      },
    ],
    domains: [],
    relayNetworks: [],
    queueExpireMs: 1,
  },
});

const issued = (issuer: string, ...caa: string[]): AuditFacts =>
  withDns(
    withConversation(layoutB, 'mx1.example.com', {
      tls: {
        kind: 'done',
        protocol: 'TLSv1.3',
        cipher: '',
        chain: [{ ...certificate, issuer }],
        unverified: null,
        injected: false,
      },
    }),
    { 'mx1.example.com CAA': nodata, 'example.com CAA': caa.length === 0 ? nodata : values(...caa) },
  );
ruleTable(caaIssuer, [
  ['nobody asked', layoutB, []],
  ['no record', issued("C=US, O=Let's Encrypt, CN=E7"), []],
  [
    'the issuer is named',
    issued("C=US, O=Let's Encrypt, CN=E7", '0 issue "letsencrypt.org"'),
    ['pass mx1.example.com'],
  ],
  [
    'with parameters',
    issued("C=US, O=Let's Encrypt, CN=E7", '0 issue "letsencrypt.org; validationmethods=dns-01"'),
    ['pass mx1.example.com'],
  ],
  [
    'another is',
    issued("C=US, O=Let's Encrypt, CN=E7", '0 issue "digicert.com"'),
    ['warning mx1.example.com'],
  ],
  ['an authority that we do not know', issued('O=Own Authority', '0 issue "digicert.com"'), []],
]);
const signed = (...data: string[]): DnsFact => ({ kind: 'records', values: data, authenticated: true });
const right = `3 1 1 ${certificate.keyDigest}`;
ruleTable(daneNoNext, [
  ['no DANE', layoutB, []],
  [
    'today’s key only',
    withDns(layoutB, { '_25._tcp.mx1.example.com TLSA': signed(right) }),
    ['info mx1.example.com'],
  ],
  [
    'two keys',
    withDns(layoutB, { '_25._tcp.mx1.example.com TLSA': signed(right, `3 1 1 ${'00'.repeat(32)}`) }),
    [],
  ],
]);
ruleTable(dnssecAlgorithm, [
  ['not signed', layoutB, []],
  ['ECDSA', withDns(layoutB, { 'example.com DNSKEY': values('257 3 13') }), []],
  ['RSA with SHA-1', withDns(layoutB, { 'example.com DNSKEY': values('257 3 5') }), [`warning ${home}`]],
]);
const nowS = auditedAt / 1000;
const day = 86_400;
const signature = (fromS: number, untilS: number): AuditFacts =>
  withDns(layoutB, {
    'example.com DNSKEY': values('257 3 13'),
    'example.com RRSIG': values(`MX 13 ${fromS} ${untilS}`),
  });
ruleTable(dnssecExpiring, [
  ['half of its life is left', signature(nowS - 7 * day, nowS + 7 * day), []],
  ['a day of a fortnight is left', signature(nowS - 13 * day, nowS + day), [`warning ${home}`]],
  ['an hour of a day is left, with online signing', signature(nowS - 3_600 * 10, nowS + 3_600 * 14), []],
]);
ruleTable(egressCert, [
  ['no certificate', layoutB, []],
  ['one name is in it, one is not', configured(0), [`info ${two}`]],
]);
const listed = (facts: Record<string, DnsFact>, kind: 'major' | 'policy' = 'major'): AuditFacts => ({
  ...withDns(layoutB, {
    '2.0.0.127.dnsbl.example A': values('127.0.0.2'),
    '1.0.0.127.dnsbl.example A': nxdomain,
    '40.113.0.203.dnsbl.example A': nxdomain,
    ...facts,
  }),
  asked: { ...layoutB.asked, blocklists: [{ zone: 'dnsbl.example', kind }] },
});
const mine = '30.100.51.198.dnsbl.example A';
ruleTable(egressDnsbl, [
  ['no list was named', layoutB, []],
  ['not on it', listed({ [mine]: nxdomain }), [`pass ${one}`, `pass ${two}`]],
  ['on it', listed({ [mine]: values('127.0.0.2') }), [`error ${one}`, `pass ${two}`]],
  [
    'on a list of policy',
    listed({ [mine]: values('127.0.0.10') }, 'policy'),
    [`warning ${one}`, `pass ${two}`],
  ],
  [
    'a list that refuses us never lists',
    listed({ [mine]: values('127.255.255.254') }),
    [`skip ${one}`, `pass ${two}`],
  ],
  [
    'a list that lists everything proves nothing',
    listed({ [mine]: values('127.0.0.2'), '1.0.0.127.dnsbl.example A': values('127.0.0.2') }),
    [`skip ${one}`, `skip ${two}`],
  ],
  ['silence', listed({ [mine]: silence }), [`skip ${one}`, `pass ${two}`]],
]);
ruleTable(egressWrongWay, [
  ['nobody told', layoutB, []],
  ['the address of the other uplink', first({ observed: '203.0.113.40' }), [`error ${one}`]],
  ['a third address is told elsewhere', first({ observed: '192.0.2.99' }), []],
]);
const mtu = (path: number | null): AuditFacts =>
  host({ mtus: [{ egress: one, interface: 'eth1', link: 1500, path }] });
const near = 'mx.remote.example [192.0.2.25]';
const far = 'mx.other.example [198.18.7.25]';
const full = (
  stalled: readonly string[],
  passed: readonly string[],
  byOther: readonly string[],
): AuditFacts => ({
  ...layoutB,
  egresses: layoutB.egresses.map((egress, place) => ({
    ...egress,
    fullPackets: place === 0 ? { passed, stalled } : { passed: byOther, stalled: [] },
  })),
});
ruleTable(egressMtu, [
  ['not known', layoutB, []],
  ['as wide as the link, but no packet of full size was sent', mtu(1500), []],
  ['narrower, as a router told', mtu(1400), [`notice ${one}`]],
  ['packets of full size pass', full([], [near], [near]), [`pass ${one}`, `pass ${two}`]],
  ['they vanish on the way to two hosts', full([near, far], [], []), [`notice ${one}`]],
  ['they vanish, and pass by the other uplink', full([near], [], [near]), [`notice ${one}`, `pass ${two}`]],
  ['they vanish on the way to the only host that was asked', full([near], [], []), [`skip ${one}`]],
  ['they vanish on the way to one host and come to another', full([near], [far], []), [`pass ${one}`]],
]);
test('EGRESS-MTU: what is told, and that lowering the MTU of the interface mends it', () => {
  const told = (facts: AuditFacts) =>
    judge(facts, [egressMtu]).findings.find(({ level }) => level === 'notice');
  const narrow = told(mtu(1400));
  assert.equal(narrow?.fix, 'ip link set dev eth1 mtu 1400');
  assert.deepEqual(narrow?.evidence, [
    { asked: 'ip route get (a mail host) from 198.51.100.30', answer: 'mtu 1400' },
  ]);
  const vanish = told(full([near, far], [], []));
  assert.match(vanish?.fix ?? '', /^sysctl -w net\.ipv4\.tcp_mtu_probing=1/);
  assert.match(
    vanish?.message ?? '',
    /vanish on the way to mx\.remote\.example \[192\.0\.2\.25\] and mx\.other/,
  );
  const mended = { mtus: [{ egress: one, interface: 'eth1', link: 1400, path: 1400 }] };
  assert.equal(told(host(mended)), undefined);
});
ruleTable(hostProber, [
  ['nobody refuses us', layoutB, []],
  [
    'the greeting does',
    mx1({ greeting: said(554, 'Your address is listed at dnsbl.example') }),
    ['notice mx1.example.com'],
  ],
  ['a greeting that refuses everybody is none of us', mx1({ greeting: said(554, 'No service') }), []],
  [
    'nor is a domain that it does not take',
    mx1({ postmaster: { ...said(554, 'Relay access denied'), status: '5.7.1' } }),
    [],
  ],
  [
    'a refusal of the mailbox is none of us',
    mx1({ postmaster: { ...said(550, 'No'), status: '5.1.1' } }),
    [],
  ],
  [
    'a policy does',
    mx1({ nullSender: { ...said(550, 'Listed'), status: '5.7.1' } }),
    ['notice mx1.example.com'],
  ],
]);
ruleTable(hostRpFilter, [
  ['loose', host({}), []],
  ['strict', host({ strictInterfaces: ['eth1'] }), ['warning eth1']],
]);
ruleTable(hostWatchTarget, [
  ['none is named', configured(0), []],
  ['one is', configured(1), ['notice isp1']],
  ['two are', configured(2), []],
]);
ruleTable(smtpLiteral, [
  ['not asked', layoutB, []],
  ['taken', mx1({ literal: said(250, 'Ok') }), ['pass mx1.example.com']],
  ['not taken', mx1({ literal: said(550, 'No') }), ['info mx1.example.com']],
]);
ruleTable(smtpPipeliningBroken, [
  ['in order', layoutB, both('pass')],
  [
    'some are lost',
    mx1({ pipelining: { asked: 4, answered: 1 } }),
    ['error mx1.example.com', 'pass mx2.example.com'],
  ],
  ['not offered', mx1({ pipelining: null }), ['pass mx2.example.com']],
]);
ruleTable(smtpBareLf, [
  ['not tried', layoutB, []],
  ['CRLF only', mx1({ bareNewlineEnds: false }), ['pass mx1.example.com']],
  ['it hung up on the message', mx1({ bareNewlineUntold: 'The server hung up.' }), ['skip mx1.example.com']],
  ['a bare LF ends it', mx1({ bareNewlineEnds: true }), ['error mx1.example.com']],
]);
ruleTable(smtpBareLfOut, [
  ['no configuration', layoutB, []],
  ['this gateway', configured(0), ['pass configuration']],
]);
ruleTable(spfType99, [
  ['none', layoutB, []],
  ['one', withDns(layoutB, { 'example.com SPF': values('v=spf1 -all') }), [`notice ${home}`]],
]);
const policy = { kind: 'fetched', text: 'version: STSv1', redirected: false } as const;
const seen = (text: string, record: string): AuditFacts => ({
  ...withDns(layoutB, { '_mta-sts.example.com TXT': values('v=STSv1; id=1') }),
  policy,
  before: { policy: text, policyRecord: record },
});
ruleTable(stsId, [
  ['seen for the first time', { ...layoutB, policy }, []],
  ['the same policy', seen('version: STSv1', 'v=STSv1; id=1'), []],
  ['another policy, another id', seen('mode: none', 'v=STSv1; id=0'), []],
  ['another policy, the same id', seen('mode: none', 'v=STSv1; id=1'), [`notice ${home}`]],
]);

const served = (answer: DnsFact, tcp: boolean | null): AuditFacts => ({
  ...layoutB,
  nameServers: [
    {
      name: 'ns1.example.net',
      address: '192.0.2.53',
      answers: { 'example.com MX': answer, 'example.com TXT': answer },
      tcp,
    },
  ],
});
const failed = (failure: DnsFailure): DnsFact => ({ kind: 'temperror', reason: 'as told', failure });
ruleTable(nsLame, [
  ['nobody was asked', layoutB, []],
  ['it answers', served(values('10 mx1.example.com.'), true), ['pass ns1.example.net']],
  ['it refuses', served(failed('refused'), true), ['warning ns1.example.net']],
  ['it has the answer from elsewhere', served(failed('lame'), true), ['warning ns1.example.net']],
  ['silence may be the network', served(failed('timeout'), true), ['skip ns1.example.net']],
  ['so may what no TCP reaches', served(failed('servfail'), null), ['skip ns1.example.net']],
]);
