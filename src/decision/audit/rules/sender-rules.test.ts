import {
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
import type { AuditFacts } from '../facts.ts';
import { backupLoops } from './backup-loops.ts';
import { backupRefuses } from './backup-refuses.ts';
import { backupSameSite } from './backup-same-site.ts';
import { backupSendsNoSpf } from './backup-sends-no-spf.ts';
import { backupWeaker } from './backup-weaker.ts';
import { confOpenRelay } from './conf-open-relay.ts';
import { dkimKeyMissing } from './dkim-key-missing.ts';
import { dkimRevoked } from './dkim-revoked.ts';
import { dkimTest } from './dkim-test.ts';
import { dkimWeak } from './dkim-weak.ts';
import { dmarcAlignment } from './dmarc-alignment.ts';
import { dmarcMany } from './dmarc-many.ts';
import { dmarcNone } from './dmarc-none.ts';
import { dmarcOldTags } from './dmarc-old-tags.ts';
import { dmarcPNone } from './dmarc-p-none.ts';
import { dmarcRuaForeign } from './dmarc-rua-foreign.ts';
import { dmarcSpfOnly } from './dmarc-spf-only.ts';
import { dmarcSyntax } from './dmarc-syntax.ts';
import { dmarcTest } from './dmarc-test.ts';
import { dnssecBogus } from './dnssec-bogus.ts';
import { dnssecNone } from './dnssec-none.ts';
import { egressSpf } from './egress-spf.ts';
import { egressSpfHelo } from './egress-spf-helo.ts';
import { egressStandbySpf } from './egress-standby-spf.ts';
import { spfHardfail } from './spf-hardfail.ts';
import { spfIncludeBroken } from './spf-include-broken.ts';
import { spfLong } from './spf-long.ts';
import { spfLookups } from './spf-lookups.ts';
import { spfMany } from './spf-many.ts';
import { spfMxMany } from './spf-mx-many.ts';
import { spfMxSpread } from './spf-mx-spread.ts';
import { spfNeutral } from './spf-neutral.ts';
import { spfNone } from './spf-none.ts';
import { spfPassAll } from './spf-pass-all.ts';
import { spfPtr } from './spf-ptr.ts';
import { spfStale } from './spf-stale.ts';
import { spfSyntax } from './spf-syntax.ts';
import { spfVoid } from './spf-void.ts';
import { starttlsForced } from './starttls-forced.ts';

const one = 'isp1/198.51.100.30';
const two = 'isp2/203.0.113.40';
const home = 'example.com';
const spf = (...records: string[]): AuditFacts => withDns(layoutB, { 'example.com TXT': values(...records) });
const dmarc = (...records: string[]): AuditFacts =>
  withDns(layoutB, { '_dmarc.example.com TXT': values(...records) });
const configuration = {
  hostname: 'mail.example.com',
  uplinks: [],
  listeners: [
    { name: 'mx1.example.com', role: 'mx', address: '198.51.100.30', uplink: 'isp1', certificate: null },
  ],
  domains: [{ name: home, role: 'primary' }],
  relayNetworks: ['10.20.0.0/24'],
  queueExpireMs: 432_000_000,
} as const;
const configured = (facts: AuditFacts): AuditFacts => ({ ...facts, configuration });
const asBackup = (facts: AuditFacts): AuditFacts => ({
  ...facts,
  configuration: { ...configuration, domains: [{ name: home, role: 'backup' }] },
});

ruleTable(spfNone, [
  ['a record', layoutB, [`pass ${home}`]],
  ['none', spf('other'), [`warning ${home}`]],
  ['silence is no verdict', withDns(layoutB, { 'example.com TXT': silence }), [`skip ${home}`]],
]);
ruleTable(spfMany, [
  ['one', layoutB, []],
  ['two', spf('v=spf1 -all', 'v=spf1 mx -all'), [`error ${home}`]],
]);
ruleTable(spfSyntax, [
  ['well formed', layoutB, [`pass ${home}`]],
  ['a wrong term', spf('v=spf1 ipv4:198.51.100.30 -all'), [`error ${home}`]],
]);
const many = `v=spf1 ${'a:x.example.com '.repeat(11)}-all`;
ruleTable(spfLookups, [
  ['none are needed', layoutB, [`pass ${one}`, `pass ${two}`]],
  [
    'more than ten',
    withDns(spf(many), { 'x.example.com A': values('192.0.2.1') }),
    [`error ${one}`, `error ${two}`],
  ],
  [
    'they stop at a match',
    withDns(spf(many.replace('v=spf1', 'v=spf1 ip4:198.51.100.30')), {
      'x.example.com A': values('192.0.2.1'),
    }),
    [`pass ${one}`, `error ${two}`],
  ],
]);
ruleTable(spfVoid, [
  ['none in vain', layoutB, []],
  [
    'three in vain',
    withDns(spf('v=spf1 a:x.example a:y.example a:z.example -all'), {
      'x.example A': nxdomain,
      'y.example A': nxdomain,
      'z.example A': nodata,
    }),
    [`warning ${one}`, `warning ${two}`],
  ],
]);
ruleTable(spfIncludeBroken, [
  ['nothing is included', layoutB, []],
  [
    'a record is',
    withDns(spf('v=spf1 include:a.example -all'), { 'a.example TXT': values('v=spf1 -all') }),
    [],
  ],
  [
    'none is',
    withDns(spf('v=spf1 include:a.example -all'), { 'a.example TXT': nxdomain }),
    [`error ${home}`],
  ],
  [
    'an include of an include',
    withDns(spf('v=spf1 include:a.example -all'), {
      'a.example TXT': values('v=spf1 include:b.example -all'),
      'b.example TXT': nodata,
    }),
    [`error ${home}`],
  ],
  ['silence says nothing', withDns(spf('v=spf1 include:a.example -all'), { 'a.example TXT': silence }), []],
]);
ruleTable(spfHardfail, [
  ['-all', layoutB, [`info ${home}`]],
  ['~all', spf('v=spf1 ip4:198.51.100.30 ~all'), []],
]);
ruleTable(spfPtr, [
  ['no ptr', layoutB, []],
  ['ptr', spf('v=spf1 ptr -all'), [`warning ${home}`]],
]);
ruleTable(spfPassAll, [
  ['-all', layoutB, []],
  ['+all', spf('v=spf1 all'), [`error ${home}`]],
]);
ruleTable(spfNeutral, [
  ['-all', layoutB, []],
  ['?all', spf('v=spf1 mx ?all'), [`notice ${home}`]],
  ['nothing', spf('v=spf1 mx'), [`notice ${home}`]],
  ['a redirect decides', spf('v=spf1 redirect=a.example'), []],
]);
ruleTable(spfMxMany, [
  ['no mx', layoutB, []],
  [
    'eleven names',
    withDns(spf('v=spf1 mx -all'), {
      'example.com MX': values(
        ...Array.from({ length: 11 }, (_, place) => `${place} m${place}.example.com.`),
      ),
    }),
    [`error ${home}`],
  ],
]);
const backupMx = {
  'example.com MX': values('10 mx1.example.com.', '50 mx.backup.example.'),
  'mx.backup.example A': values('192.0.2.9'),
};
ruleTable(spfMxSpread, [
  ['addresses', withDns(layoutB, backupMx), []],
  ['mx, and all of them send', spf('v=spf1 mx -all'), []],
  ['mx, and one only receives', withDns(spf('v=spf1 mx -all'), backupMx), [`notice ${home}`]],
]);
ruleTable(spfStale, [
  ['from outside nobody knows', spf('v=spf1 ip4:192.0.2.7 -all'), []],
  ['all are ours', configured(layoutB), []],
  [
    'one is not',
    configured(spf('v=spf1 ip4:198.51.100.30 ip4:203.0.113.40 ip4:192.0.2.7 -all')),
    [`notice ${home}`],
  ],
  ['a network may be somebody else’s', configured(spf('v=spf1 ip4:192.0.2.0/24 -all')), []],
]);
ruleTable(spfLong, [
  ['short', layoutB, []],
  ['long', spf('v=spf1 -all', 'x'.repeat(1_200)), [`notice ${home}`]],
  [
    'long, and TCP fails',
    {
      ...spf('v=spf1 -all', 'x'.repeat(1_200)),
      nameServers: [{ name: 'ns1.example.net', address: '192.0.2.1', answers: {}, tcp: false }],
    },
    [`warning ${home}`],
  ],
]);
ruleTable(egressSpf, [
  ['both pass', layoutB, [`pass ${one}`, `pass ${two}`]],
  ['one is missing', spf('v=spf1 ip4:198.51.100.30 -all'), [`pass ${one}`, `error ${two}`]],
  [
    'that of one that stands by is told elsewhere',
    configured(spf('v=spf1 ip4:198.51.100.30 -all')),
    [`pass ${one}`],
  ],
  ['no record is told elsewhere', spf('other'), []],
  [
    'silence is no verdict',
    withDns(spf('v=spf1 a:x.example -all'), { 'x.example A': silence }),
    [`skip ${one}`, `skip ${two}`],
  ],
]);
ruleTable(egressSpfHelo, [
  ['both pass', layoutB, [`pass ${one}`, `pass ${two}`]],
  ['none', withDns(layoutB, { 'mail2.example.com TXT': nodata }), [`pass ${one}`, `notice ${two}`]],
  [
    'another address',
    withDns(layoutB, { 'mail2.example.com TXT': values('v=spf1 ip4:192.0.2.1 -all') }),
    [`pass ${one}`, `notice ${two}`],
  ],
]);
ruleTable(egressStandbySpf, [
  ['it is there', layoutB, []],
  ['it is missing', configured(spf('v=spf1 ip4:198.51.100.30 -all')), [`warning ${two}`]],
  ['from outside nobody knows which stands by', spf('v=spf1 ip4:198.51.100.30 -all'), []],
  ['that of the preferred one is told elsewhere', configured(spf('v=spf1 ip4:203.0.113.40 -all')), []],
]);
ruleTable(dmarcNone, [
  ['a policy', layoutB, [`pass ${home}`]],
  ['none', withDns(layoutB, { '_dmarc.example.com TXT': nxdomain }), [`warning ${home}`]],
  [
    'that of a domain above',
    { ...withDns(layoutB, { '_dmarc.sub.example.com TXT': nxdomain }), domain: 'sub.example.com' },
    ['pass sub.example.com'],
  ],
  ['silence is no verdict', withDns(layoutB, { '_dmarc.example.com TXT': silence }), [`skip ${home}`]],
]);
ruleTable(dmarcMany, [
  ['one', layoutB, []],
  ['two', dmarc('v=DMARC1; p=none', 'v=DMARC1; p=reject'), [`error ${home}`]],
]);
ruleTable(dmarcSyntax, [
  ['well formed', layoutB, [`pass ${home}`]],
  ['the version in small letters', dmarc('v=dmarc1; p=none'), [`error ${home}`]],
  ['no policy', dmarc('v=DMARC1; sp=none'), [`warning ${home}`]],
]);
ruleTable(dmarcPNone, [
  ['it only watches', layoutB, [`notice ${home}`]],
  ['it acts', dmarc('v=DMARC1; p=quarantine'), []],
]);
ruleTable(dmarcTest, [
  ['it is meant', layoutB, []],
  ['it is a test', dmarc('v=DMARC1; p=reject; t=y'), [`notice ${home}`]],
]);
ruleTable(dmarcOldTags, [
  ['none', layoutB, []],
  ['pct', dmarc('v=DMARC1; p=reject; pct=50'), [`info ${home}`]],
]);
const selectors = (facts: AuditFacts, ...dkimSelectors: string[]): AuditFacts => ({
  ...facts,
  asked: { ...facts.asked, dkimSelectors },
});
const key = (data: string): AuditFacts =>
  selectors(withDns(layoutB, { 's1._domainkey.example.com TXT': values(data) }), 's1');
const strict = dmarc('v=DMARC1; p=reject');
const sound = `v=DKIM1; p=${Buffer.alloc(294).toString('base64')}`;
ruleTable(dmarcSpfOnly, [
  ['it only watches', layoutB, []],
  ['strict, and nobody named a selector', strict, [`skip ${home}`]],
  ['strict, without a key', selectors(strict, 's1'), [`warning ${home}`]],
  [
    'strict, with a key',
    selectors(withDns(strict, { 's1._domainkey.example.com TXT': values(sound) }), 's1'),
    [`pass ${home}`],
  ],
]);
ruleTable(dmarcRuaForeign, [
  ['our own', layoutB, []],
  [
    'another that has not agreed',
    withDns(dmarc('v=DMARC1; p=none; rua=mailto:a@reports.example'), {
      'example.com._report._dmarc.reports.example TXT': nxdomain,
    }),
    [`warning ${home}`],
  ],
  [
    'another that has',
    withDns(dmarc('v=DMARC1; p=none; rua=mailto:a@reports.example'), {
      'example.com._report._dmarc.reports.example TXT': values('v=DMARC1'),
    }),
    [],
  ],
]);
ruleTable(dmarcAlignment, [
  ['SPF passes', selectors(strict, 's1'), []],
  [
    'neither does',
    selectors(withDns(strict, { 'example.com TXT': values('v=spf1 ip4:198.51.100.30 -all') }), 's1'),
    [`error ${two}`],
  ],
]);
ruleTable(dkimKeyMissing, [
  ['no selector is no missing key', layoutB, [`skip ${home}`]],
  ['there', key(sound), [`pass ${home}`]],
  [
    'not there',
    selectors(withDns(layoutB, { 's1._domainkey.example.com TXT': nxdomain }), 's1'),
    [`error ${home}`],
  ],
  [
    'silence is no verdict',
    selectors(withDns(layoutB, { 's1._domainkey.example.com TXT': silence }), 's1'),
    [`skip ${home}`],
  ],
]);
ruleTable(dkimWeak, [
  ['2048 bits', key(sound), []],
  ['1024 bits', key(`v=DKIM1; k=rsa; p=${Buffer.alloc(162).toString('base64')}`), [`warning ${home}`]],
  ['512 bits', key(`v=DKIM1; p=${Buffer.alloc(94).toString('base64')}`), [`error ${home}`]],
  [
    'Ed25519 is short and strong',
    key('v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo='),
    [],
  ],
]);
ruleTable(dkimTest, [
  ['it is meant', key(sound), []],
  ['it is a test', key(`${sound}; t=y`), [`notice ${home}`]],
]);
ruleTable(dkimRevoked, [
  ['it stands', key(sound), []],
  ['it is revoked', key('v=DKIM1; p='), [`warning ${home}`]],
]);
const withBackup: AuditFacts = {
  ...withDns(layoutB, backupMx),
  conversations: [
    conversation('mx1.example.com', '198.51.100.30'),
    conversation('mx.backup.example', '192.0.2.9'),
  ],
};
ruleTable(backupRefuses, [
  ['no backup', layoutB, []],
  ['it takes mail', withBackup, ['pass mx.backup.example']],
  [
    'it refuses',
    withConversation(withBackup, 'mx.backup.example', { postmaster: said(550, 'Relaying denied') }),
    ['error mx.backup.example'],
  ],
]);
ruleTable(backupWeaker, [
  ['as strong', withBackup, ['pass mx.backup.example']],
  [
    'without TLS',
    withConversation(withBackup, 'mx.backup.example', { tls: null }),
    ['warning mx.backup.example'],
  ],
]);
ruleTable(backupSendsNoSpf, [
  ['a primary', configured(spf('v=spf1 -all')), []],
  ['it is in SPF', asBackup(layoutB), []],
  ['it is not', asBackup(spf('v=spf1 ip4:203.0.113.40 -all')), [`error ${one}`]],
  ['that of one that stands by is told elsewhere', asBackup(spf('v=spf1 ip4:198.51.100.30 -all')), []],
]);
ruleTable(backupLoops, [
  ['a primary', configured(layoutB), []],
  ['it is the best MX', asBackup(layoutB), [`error ${home}`]],
  [
    'there is a better one',
    asBackup(
      withDns(layoutB, {
        'example.com MX': values('5 mx.primary.example.', '10 mx1.example.com.'),
        'mx.primary.example A': values('192.0.2.9'),
      }),
    ),
    [`pass ${home}`],
  ],
]);
ruleTable(backupSameSite, [
  ['elsewhere', withBackup, []],
  [
    'in the network of an uplink',
    withDns(withBackup, { 'mx.backup.example A': values('198.51.100.99') }),
    ['notice mx.backup.example'],
  ],
]);
ruleTable(confOpenRelay, [
  ['no configuration', layoutB, []],
  ['our own networks', configured(layoutB), ['pass configuration']],
  [
    'a large part of the Internet',
    { ...layoutB, configuration: { ...configuration, relayNetworks: ['198.51.0.0/16'] } },
    ['error configuration'],
  ],
]);
ruleTable(dnssecNone, [
  ['a resolver that does not validate says nothing', layoutB, []],
  [
    'the domain is signed, one of its hosts is not',
    withDns(layoutB, {
      'example.com MX': {
        kind: 'records',
        values: ['10 mx1.example.com.', '20 mx2.example.com.'],
        authenticated: true,
      },
      'mx1.example.com A': { kind: 'records', values: ['198.51.100.30'], authenticated: true },
    }),
    ['info mx2.example.com'],
  ],
]);
ruleTable(dnssecBogus, [
  ['answers', layoutB, []],
  [
    'no answer, because it is bogus',
    withDns(layoutB, {
      'mx1.example.com A': {
        kind: 'temperror',
        reason: 'DNS look-up of mx1.example.com A failed: the answer is bogus (DNSSEC)',
        failure: 'bogus',
      },
    }),
    ['error mx1.example.com'],
  ],
]);
ruleTable(starttlsForced, [
  ['clear text is taken', layoutB, []],
  [
    'it is not',
    withConversation(layoutB, 'mx1.example.com', {
      tls: null,
      nullSender: said(530, 'Must issue a STARTTLS command first'),
    }),
    ['notice mx1.example.com'],
  ],
]);
