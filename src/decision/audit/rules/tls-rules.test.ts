import {
  auditedAt,
  certificate,
  conversation,
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
import type { AuditFacts, CertificateFact, TlsFact } from '../facts.ts';
import { certChain } from './cert-chain.ts';
import { certCoversAll } from './cert-covers-all.ts';
import { certExpired } from './cert-expired.ts';
import { certExpires } from './cert-expires.ts';
import { certNames } from './cert-names.ts';
import { certSelf } from './cert-self.ts';
import { certUplinksDiffer } from './cert-uplinks-differ.ts';
import { daneDenial } from './dane-denial.ts';
import { daneMismatch } from './dane-mismatch.ts';
import { daneNone } from './dane-none.ts';
import { danePartial } from './dane-partial.ts';
import { daneStale } from './dane-stale.ts';
import { daneUnsigned } from './dane-unsigned.ts';
import { daneUplinksDiffer } from './dane-uplinks-differ.ts';
import { daneUsage } from './dane-usage.ts';
import { stsMany } from './sts-many.ts';
import { stsMaxAge } from './sts-max-age.ts';
import { stsMode } from './sts-mode.ts';
import { stsMx } from './sts-mx.ts';
import { stsNone } from './sts-none.ts';
import { stsPolicy } from './sts-policy.ts';
import { stsRedirect } from './sts-redirect.ts';
import { tlsBroken } from './tls-broken.ts';
import { tlsInjection } from './tls-injection.ts';
import { tlsNone } from './tls-none.ts';
import { tlsOld } from './tls-old.ts';
import { tlsrptMany } from './tlsrpt-many.ts';
import { tlsrptNone } from './tlsrpt-none.ts';

const both = (level: string): string[] => [`${level} mx1.example.com`, `${level} mx2.example.com`];
const plain = said(250, 'mx1.example.com', 'PIPELINING');
const day = 86_400_000;

const shows = (more: Partial<CertificateFact>, unverified: string | null = null): TlsFact => ({
  kind: 'done',
  protocol: 'TLSv1.3',
  cipher: 'TLS_AES_256_GCM_SHA384',
  chain: [{ ...certificate, ...more }],
  unverified,
  injected: false,
});
const mx1Shows = (more: Partial<CertificateFact>, unverified: string | null = null): AuditFacts =>
  withConversation(layoutB, 'mx1.example.com', { tls: shows(more, unverified) });

const policyText = (mode: string, mx = 'mx: *.example.com', age = 604_800): string =>
  ['version: STSv1', `mode: ${mode}`, mx, `max_age: ${age}`, ''].join('\r\n');
const announced = withDns(layoutB, { '_mta-sts.example.com TXT': values('v=STSv1; id=1') });
const withPolicy = (facts: AuditFacts, text: string): AuditFacts => ({
  ...facts,
  policy: { kind: 'fetched', text, redirected: false },
});
const enforced = (facts: AuditFacts): AuditFacts => withPolicy(facts, policyText('enforce'));

const signed = (...data: string[]): DnsFact => ({ kind: 'records', values: data, authenticated: true });
const right = `3 1 1 ${certificate.keyDigest}`;
const wrong = `3 1 1 ${'00'.repeat(32)}`;
const tlsa = (host: string): string => `_25._tcp.${host} TLSA`;
const dane = withDns(layoutB, {
  'mx1.example.com A': signed('198.51.100.30'),
  [tlsa('mx1.example.com')]: signed(right),
  'mx2.example.com A': signed('203.0.113.40'),
  [tlsa('mx2.example.com')]: signed(right),
});

ruleTable(tlsNone, [
  ['offered', layoutB, both('pass')],
  [
    'not offered',
    withConversation(layoutB, 'mx1.example.com', { ehlo: plain, tls: null }),
    ['warning mx1.example.com', 'pass mx2.example.com'],
  ],
  [
    'a host that was not reached is no host without TLS',
    withConversation(layoutB, 'mx1.example.com', { ehlo: null, tls: null }),
    ['pass mx2.example.com'],
  ],
]);
ruleTable(tlsBroken, [
  ['it works', layoutB, both('pass')],
  [
    'the handshake fails',
    withConversation(layoutB, 'mx1.example.com', { tls: { kind: 'failed', reason: 'no shared cipher' } }),
    ['error mx1.example.com', 'pass mx2.example.com'],
  ],
  [
    'it is refused',
    withConversation(layoutB, 'mx1.example.com', { tls: { kind: 'refused', said: said(454, 'Not now') } }),
    ['error mx1.example.com', 'pass mx2.example.com'],
  ],
]);
ruleTable(tlsOld, [
  ['TLS 1.3', layoutB, both('pass')],
  [
    'TLS 1.1',
    withConversation(layoutB, 'mx1.example.com', { tls: { ...shows({}), protocol: 'TLSv1.1' } as TlsFact }),
    ['warning mx1.example.com', 'pass mx2.example.com'],
  ],
]);
ruleTable(tlsInjection, [
  ['nothing is executed', layoutB, []],
  [
    'a command is',
    withConversation(layoutB, 'mx1.example.com', { tls: { ...shows({}), injected: true } as TlsFact }),
    ['error mx1.example.com'],
  ],
]);
ruleTable(certNames, [
  ['it is there', layoutB, both('pass')],
  ['a wildcard stands for one label', mx1Shows({ names: ['*.example.com'] }), both('pass')],
  [
    'it is missing, and nobody minds',
    mx1Shows({ names: ['mail.example.com'] }),
    ['notice mx1.example.com', 'pass mx2.example.com'],
  ],
  [
    'it is missing under an enforced policy',
    enforced(mx1Shows({ names: ['mail.example.com'] })),
    ['error mx1.example.com', 'pass mx2.example.com'],
  ],
]);
ruleTable(certCoversAll, [
  ['no configuration', layoutB, []],
  [
    'a listener lacks its name',
    {
      ...layoutB,
      configuration: {
        hostname: 'mail.example.com',
        uplinks: [],
        listeners: [
          { name: 'mx1.example.com', role: 'mx', address: '198.51.100.30', uplink: null, certificate },
          { name: 'mx9.example.com', role: 'mx', address: '203.0.113.40', uplink: null, certificate },
        ],
        domains: [],
        relayNetworks: [],
        queueExpireMs: 1,
      },
    },
    ['pass mx1.example.com', 'notice mx9.example.com'],
  ],
]);
ruleTable(certExpired, [
  ['valid', layoutB, both('pass')],
  ['expired', mx1Shows({ until: auditedAt - day }), ['warning mx1.example.com', 'pass mx2.example.com']],
  ['not yet valid', mx1Shows({ from: auditedAt + day }), ['warning mx1.example.com', 'pass mx2.example.com']],
  [
    'expired under an enforced policy',
    enforced(mx1Shows({ until: auditedAt - day })),
    ['error mx1.example.com', 'pass mx2.example.com'],
  ],
]);
ruleTable(certExpires, [
  ['most of its life is left', layoutB, []],
  [
    'the last fifth of ninety days',
    mx1Shows({ from: auditedAt - 80 * day, until: auditedAt + 10 * day }),
    ['notice mx1.example.com'],
  ],
  ['five of six days are left', mx1Shows({ from: auditedAt - day, until: auditedAt + 5 * day }), []],
  ['expired is told elsewhere', mx1Shows({ until: auditedAt - day }), []],
]);
ruleTable(certChain, [
  ['it leads to an authority', layoutB, []],
  ['a certificate is missing', mx1Shows({}, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'), ['notice mx1.example.com']],
  [
    'a name that does not fit is told elsewhere',
    mx1Shows({}, "Hostname/IP does not match certificate's altnames"),
    [],
  ],
]);
ruleTable(certSelf, [
  ['signed by another', layoutB, []],
  ['signed by itself, and nobody minds', mx1Shows({ selfSigned: true }), ['info mx1.example.com']],
  [
    'signed by itself under an enforced policy',
    enforced(mx1Shows({ selfSigned: true })),
    ['error mx1.example.com'],
  ],
]);
const twoDoors: AuditFacts = {
  ...layoutB,
  conversations: [
    conversation('mail.example.com', '198.51.100.30'),
    conversation('mail.example.com', '203.0.113.40', {
      tls: shows({ digest: 'ee'.repeat(32), keyDigest: 'ff'.repeat(32) }, 'CERT_HAS_EXPIRED'),
    }),
  ],
};
ruleTable(certUplinksDiffer, [
  ['one name, one certificate', layoutB, []],
  ['one name, two certificates, one of them worse', twoDoors, ['warning mail.example.com']],
]);
ruleTable(daneNone, [
  ['no signed zone', layoutB, []],
  ['a signed zone with keys', dane, both('pass')],
  [
    'a signed zone without',
    withDns(dane, {
      [tlsa('mx1.example.com')]: { kind: 'nodata', authenticated: true },
      [tlsa('mx2.example.com')]: { kind: 'nodata', authenticated: true },
    }),
    both('notice'),
  ],
  [
    'a part without is told by DANE-PARTIAL',
    withDns(dane, { [tlsa('mx2.example.com')]: { kind: 'nodata', authenticated: true } }),
    ['pass mx1.example.com'],
  ],
]);
ruleTable(daneUnsigned, [
  ['signed', dane, []],
  [
    'not signed, as a validating resolver says',
    withDns(dane, { [tlsa('mx1.example.com')]: values(right) }),
    ['warning mx1.example.com'],
  ],
  [
    'a resolver that does not validate is no proof',
    withDns(layoutB, { [tlsa('mx1.example.com')]: values(right) }),
    ['skip mx1.example.com'],
  ],
]);
ruleTable(danePartial, [
  ['all', dane, []],
  ['none', layoutB, []],
  ['some', withDns(dane, { [tlsa('mx2.example.com')]: nodata }), ['warning mx2.example.com']],
]);
ruleTable(daneMismatch, [
  ['no record', layoutB, []],
  ['a match', dane, both('pass')],
  [
    'the next key beside it',
    withDns(dane, { [tlsa('mx1.example.com')]: signed(wrong, right) }),
    both('pass'),
  ],
  [
    'no match',
    withDns(dane, { [tlsa('mx1.example.com')]: signed(wrong) }),
    ['error mx1.example.com', 'pass mx2.example.com'],
  ],
  [
    'TLS is gone',
    withConversation(dane, 'mx1.example.com', { tls: null }),
    ['error mx1.example.com', 'pass mx2.example.com'],
  ],
  [
    'the host was not reached',
    withConversation(dane, 'mx1.example.com', { tls: null, ehlo: null }),
    ['pass mx2.example.com'],
  ],
  [
    'a whole certificate is not compared',
    withDns(dane, { [tlsa('mx1.example.com')]: signed('3 0 0 30820122') }),
    ['skip mx1.example.com', 'pass mx2.example.com'],
  ],
]);
ruleTable(daneUsage, [
  ['usage 3', dane, []],
  [
    'usage 1',
    withDns(dane, { [tlsa('mx1.example.com')]: signed(`1 1 1 ${certificate.keyDigest}`) }),
    ['warning mx1.example.com'],
  ],
]);
ruleTable(daneStale, [
  ['all in use', dane, []],
  [
    'one is not',
    withDns(dane, { [tlsa('mx1.example.com')]: signed(wrong, right) }),
    ['info mx1.example.com'],
  ],
  ['none matches: told elsewhere', withDns(dane, { [tlsa('mx1.example.com')]: signed(wrong) }), []],
]);
const shared = withDns(
  { ...twoDoors },
  {
    'example.com MX': values('10 mail.example.com.'),
    'mail.example.com A': signed('198.51.100.30', '203.0.113.40'),
    [tlsa('mail.example.com')]: signed(right),
  },
);
ruleTable(daneUplinksDiffer, [
  ['both show the key', dane, []],
  ['one address shows another key', shared, ['error mail.example.com']],
]);
const unanswered = (failure: DnsFailure): AuditFacts =>
  withDns(layoutB, { [tlsa('mx1.example.com')]: { kind: 'temperror', reason: 'no answer', failure } });
ruleTable(daneDenial, [
  ['answered', layoutB, []],
  ['the resolver cannot find out', unanswered('servfail'), ['error mx1.example.com']],
  ['the denial is not signed as it must be', unanswered('bogus'), ['error mx1.example.com']],
  ['the question is dropped', unanswered('timeout'), ['error mx1.example.com']],
  ['our resolver does not serve us', unanswered('refused'), ['skip mx1.example.com']],
  ['there was no way to ask', unanswered('unreachable'), ['skip mx1.example.com']],
  ['our time was over', unanswered('given_up'), ['skip mx1.example.com']],
  [
    'nothing of the host is answered',
    withDns(layoutB, { [tlsa('mx1.example.com')]: silence, 'mx1.example.com A': silence }),
    [],
  ],
]);
ruleTable(stsNone, [
  ['none', layoutB, ['info example.com']],
  ['one', announced, ['pass example.com']],
  ['silence says nothing', withDns(layoutB, { '_mta-sts.example.com TXT': silence }), []],
]);
ruleTable(stsMany, [
  ['one', announced, []],
  [
    'two',
    withDns(layoutB, { '_mta-sts.example.com TXT': values('v=STSv1; id=1', 'v=STSv1; id=2') }),
    ['error example.com'],
  ],
]);
ruleTable(stsPolicy, [
  ['not announced', layoutB, []],
  ['fetched', withPolicy(announced, policyText('testing')), ['pass example.com']],
  [
    'not to be had',
    { ...announced, policy: { kind: 'failed', reason: 'connection refused' } },
    ['error example.com'],
  ],
  ['without a mode', withPolicy(announced, 'version: STSv1\nmax_age: 1\n'), ['error example.com']],
  ['without a name', withPolicy(announced, policyText('enforce', 'x: y')), ['error example.com']],
]);
ruleTable(stsRedirect, [
  ['direct', withPolicy(announced, policyText('enforce')), []],
  [
    'redirected',
    { ...announced, policy: { kind: 'fetched', text: policyText('enforce'), redirected: true } },
    ['error example.com'],
  ],
]);
ruleTable(stsMaxAge, [
  ['a week', withPolicy(announced, policyText('enforce')), []],
  [
    'a day',
    withPolicy(announced, policyText('enforce', 'mx: *.example.com', 86_400)),
    ['notice example.com'],
  ],
]);
ruleTable(stsMx, [
  ['no policy', layoutB, []],
  ['a wildcard names both', withPolicy(announced, policyText('enforce')), both('pass')],
  [
    'one is left out',
    withPolicy(announced, policyText('enforce', 'mx: mx1.example.com')),
    ['pass mx1.example.com', 'error mx2.example.com'],
  ],
  [
    'one is left out in testing',
    withPolicy(announced, policyText('testing', 'mx: mx1.example.com')),
    ['pass mx1.example.com', 'warning mx2.example.com'],
  ],
]);
ruleTable(stsMode, [
  ['enforced', withPolicy(announced, policyText('enforce')), []],
  ['testing', withPolicy(announced, policyText('testing')), ['notice example.com']],
]);
ruleTable(tlsrptNone, [
  ['one', layoutB, ['pass example.com']],
  ['none', withDns(layoutB, { '_smtp._tls.example.com TXT': nxdomain }), ['notice example.com']],
]);
ruleTable(tlsrptMany, [
  ['one', layoutB, []],
  [
    'two',
    withDns(layoutB, {
      '_smtp._tls.example.com TXT': values(
        'v=TLSRPTv1; rua=mailto:a@example.com',
        'v=TLSRPTv1; rua=mailto:b@example.com',
      ),
    }),
    ['error example.com'],
  ],
]);
