import type { AuditFacts } from '../../src/decision/audit/facts.ts';
import {
  layoutA,
  layoutB,
  layoutC,
  layoutCSending,
  nodata,
  nxdomain,
  onGateway,
  values,
  withDns,
} from '../audit-facts.ts';
import { isp1, isp2, type MistakeRow, mistakesOf, reverse2, withEgress } from './mistake.ts';

const gatewayB = onGateway(layoutB);
const two = `isp2/${isp2}`;
const one = `isp1/${isp1}`;
const unequal = 'warning EGRESS-UNEQUAL isp2';
const both = `ip4:${isp1} ip4:${isp2}`;
const ownKey = '11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=';
const hardFailGoes = ['info SPF-HARDFAIL example.com'];
const onlyWatchesGoes = ['notice DMARC-P-NONE example.com'];

const spf = (facts: AuditFacts, ...records: string[]): AuditFacts =>
  withDns(facts, { 'example.com TXT': values(...records) });
const dmarc = (...records: string[]): AuditFacts =>
  withDns(layoutB, { '_dmarc.example.com TXT': values(...records) });
const nameless = (name: string) => ({
  [`${name} A`]: nxdomain,
  [`${name} AAAA`]: nxdomain,
  [`${name} TXT`]: nxdomain,
});
const named = (name: string, ...addresses: string[]) => ({
  [`${name} A`]: values(...addresses),
  [`${name} AAAA`]: nodata,
});

const identity: readonly MistakeRow[] = [
  [
    'one address has no PTR, layout A',
    layoutA,
    withDns(layoutA, { [reverse2]: nodata }),
    [`error EGRESS-NO-PTR ${two}`, unequal],
  ],
  [
    'one address has no PTR, layout B',
    layoutB,
    withDns(layoutB, { [reverse2]: nxdomain }),
    [`error EGRESS-NO-PTR ${two}`, unequal],
  ],
  [
    'the second machine sends without a PTR',
    layoutCSending,
    withDns(layoutCSending, { '80.2.0.192.in-addr.arpa PTR': nodata }),
    ['error EGRESS-NO-PTR second/192.0.2.80', 'warning EGRESS-UNEQUAL second'],
  ],
  [
    'a PTR does not lead back',
    layoutB,
    withDns(layoutB, { [reverse2]: values('host.isp2.example'), 'host.isp2.example A': nxdomain }),
    [`error EGRESS-FCRDNS ${two}`, unequal],
  ],
  [
    'a PTR looks like that of a pool',
    layoutB,
    withDns(layoutB, {
      [reverse2]: values('dsl-203-0-113-40.isp2.example'),
      ...named('dsl-203-0-113-40.isp2.example', isp2),
    }),
    [`warning EGRESS-PTR-GENERIC ${two}`],
  ],
  [
    'EHLO name and PTR differ, and both are sound',
    layoutB,
    withDns(layoutB, { [reverse2]: values('out.example.com'), ...named('out.example.com', isp2) }),
    [`notice EGRESS-EHLO-PTR ${two}`],
  ],
  [
    'an address has two PTRs',
    layoutB,
    withDns(layoutB, {
      [reverse2]: values('mail2.example.com', 'other.example.com'),
      ...named('other.example.com', isp2),
    }),
    [`notice EGRESS-PTR-MANY ${two}`],
  ],
  [
    'the EHLO name has no address',
    layoutB,
    withDns(withEgress(layoutB, 1, { ehlo: 'gone.example.com' }), nameless('gone.example.com')),
    [`error EGRESS-EHLO-UNRESOLVED ${two}`, unequal],
  ],
  [
    'the EHLO name leads elsewhere',
    layoutB,
    withDns(withEgress(layoutB, 1, { ehlo: 'www.example.com' }), {
      ...named('www.example.com', '192.0.2.90'),
      'www.example.com TXT': values(`v=spf1 ip4:${isp2} -all`),
    }),
    [`warning EGRESS-EHLO-ELSEWHERE ${two}`, unequal],
  ],
  [
    'the shared name lacks an address',
    layoutA,
    withDns(layoutA, { 'mail.example.com A': values(isp1) }),
    [`error EGRESS-FCRDNS ${two}`, `error EGRESS-RR-MISSING ${two}`, unequal],
    ['info EGRESS-EHLO-SHARED mail.example.com'],
  ],
  [
    'the EHLO name is an alias',
    layoutB,
    withDns(layoutB, {
      'mail2.example.com A': { kind: 'records', values: [isp2], alias: 'host.example.com' },
    }),
    [`warning EGRESS-EHLO-CNAME ${two}`],
  ],
  [
    'EHLO says localhost',
    layoutB,
    withDns(withEgress(layoutB, 1, { ehlo: 'localhost' }), nameless('localhost')),
    [`error EGRESS-EHLO-FORM ${two}`, unequal],
  ],
  [
    'packets leave by the other uplink',
    gatewayB,
    withEgress(gatewayB, 1, { observed: isp1 }),
    [`error EGRESS-WRONG-WAY ${two}`],
  ],
  [
    'a router rewrites the address',
    gatewayB,
    withEgress(gatewayB, 1, { observed: '203.0.113.99' }),
    [`error EGRESS-OBSERVED ${two}`],
  ],
  [
    'the provider blocks port 25',
    gatewayB,
    withEgress(gatewayB, 1, {
      observed: null,
      port25: { reached: [], failed: ['mx.remote.example [192.0.2.25]', 'mx.partner.example [192.0.2.26]'] },
    }),
    [`error EGRESS-PORT25 ${two}`],
  ],
];

const policies: readonly MistakeRow[] = [
  [
    'SPF lacks an address, layout A',
    layoutA,
    spf(layoutA, `v=spf1 ip4:${isp1} -all`),
    [`error EGRESS-SPF ${two}`],
  ],
  [
    'SPF lacks the uplink that stands by, as the gateway sees it',
    gatewayB,
    spf(gatewayB, `v=spf1 ip4:${isp1} -all`),
    [`warning EGRESS-STANDBY-SPF ${two}`],
  ],
  [
    'SPF lacks the preferred uplink',
    layoutB,
    spf(layoutB, `v=spf1 ip4:${isp2} -all`),
    [`error EGRESS-SPF ${one}`],
  ],
  [
    'SPF lacks the second machine, which sends',
    layoutCSending,
    spf(layoutCSending, `v=spf1 ${both} -all`),
    ['error EGRESS-SPF second/192.0.2.80'],
  ],
  [
    'a backup sends, and SPF leaves it out',
    asBackup(gatewayB),
    asBackup(spf(gatewayB, `v=spf1 ip4:${isp2} -all`)),
    [`error BACKUP-SENDS-NO-SPF ${one}`],
  ],
  [
    'SPF lacks the uplink of a backup that stands by',
    asBackup(gatewayB),
    asBackup(spf(gatewayB, `v=spf1 ip4:${isp1} -all`)),
    [`warning EGRESS-STANDBY-SPF ${two}`],
  ],
  [
    'there is no SPF',
    layoutB,
    withDns(layoutB, { 'example.com TXT': nodata }),
    ['warning SPF-NONE example.com'],
    hardFailGoes,
  ],
  [
    'two SPF records',
    layoutB,
    spf(layoutB, 'v=spf1 mx -all', 'v=spf1 -all'),
    ['error SPF-MANY example.com'],
    hardFailGoes,
  ],
  [
    'an SPF term that is none',
    layoutB,
    spf(layoutB, `v=spf1 ipv4:${isp1} -all`),
    ['error SPF-SYNTAX example.com'],
    hardFailGoes,
  ],
  [
    'SPF costs too many look-ups',
    layoutB,
    withDns(spf(layoutB, `v=spf1 ${'a:x.example.com '.repeat(11)}${both} -all`), {
      'x.example.com A': values('192.0.2.1'),
    }),
    [`error SPF-LOOKUPS ${one}`, `error SPF-LOOKUPS ${two}`],
  ],
  [
    'SPF names hosts that are gone',
    layoutB,
    withDns(spf(layoutB, `v=spf1 a:q.example.com a:r.example.com a:s.example.com ${both} -all`), {
      'q.example.com A': nxdomain,
      'r.example.com A': nxdomain,
      's.example.com A': nxdomain,
    }),
    [`warning SPF-VOID ${one}`, `warning SPF-VOID ${two}`],
  ],
  [
    'SPF leans on a record that is gone',
    layoutB,
    withDns(spf(layoutB, `v=spf1 include:gone.example ${both} -all`), { 'gone.example TXT': nxdomain }),
    ['error SPF-INCLUDE-BROKEN example.com'],
  ],
  [
    'SPF passes everybody',
    layoutB,
    spf(layoutB, 'v=spf1 +all'),
    ['error SPF-PASS-ALL example.com'],
    hardFailGoes,
  ],
  [
    'SPF does not decide',
    layoutB,
    spf(layoutB, `v=spf1 ${both} ?all`),
    ['notice SPF-NEUTRAL example.com'],
    hardFailGoes,
  ],
  ['SPF uses ptr', layoutB, spf(layoutB, `v=spf1 ${both} ptr -all`), ['warning SPF-PTR example.com']],
  [
    'SPF lets a backup send that never does',
    layoutC,
    spf(layoutC, 'v=spf1 mx -all'),
    ['notice SPF-MX-SPREAD example.com'],
  ],
  ['SPF by mx is sound where every MX sends', layoutA, spf(layoutA, 'v=spf1 mx -all'), []],
  [
    'SPF names an address that was given back',
    gatewayB,
    spf(gatewayB, `v=spf1 ${both} ip4:192.0.2.200 -all`),
    ['notice SPF-STALE example.com'],
  ],
  [
    'the EHLO name has no SPF',
    layoutA,
    withDns(layoutA, { 'mail.example.com TXT': nodata }),
    [`notice EGRESS-SPF-HELO ${one}`, `notice EGRESS-SPF-HELO ${two}`],
  ],
  [
    'there is no DMARC policy',
    layoutB,
    withDns(layoutB, { '_dmarc.example.com TXT': nxdomain }),
    ['warning DMARC-NONE example.com'],
    onlyWatchesGoes,
  ],
  [
    'two DMARC records',
    layoutB,
    dmarc('v=DMARC1; p=none', 'v=DMARC1; p=reject'),
    ['error DMARC-MANY example.com'],
  ],
  [
    'a DMARC policy that is none',
    layoutB,
    dmarc('v=DMARC1; p=nonsense'),
    ['warning DMARC-SYNTAX example.com'],
    onlyWatchesGoes,
  ],
  [
    'a DMARC record without its version',
    layoutB,
    dmarc('DMARC1; p=none'),
    ['error DMARC-SYNTAX example.com'],
    onlyWatchesGoes,
  ],
  [
    'DMARC reports go to somebody who did not agree',
    layoutB,
    withDns(dmarc('v=DMARC1; p=none; rua=mailto:x@reports.example'), {
      'example.com._report._dmarc.reports.example TXT': nxdomain,
    }),
    ['warning DMARC-RUA-FOREIGN example.com'],
  ],
  [
    'the key of a selector is gone',
    withKey(values('v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=')),
    withKey(nxdomain),
    ['error DKIM-KEY-MISSING example.com'],
  ],
  [
    'the key of a selector is not the one that signs',
    signing(withKey(values(`v=DKIM1; k=ed25519; p=${ownKey}`))),
    signing(withKey(values('v=DKIM1; k=ed25519; p=AAAAAKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo='))),
    ['error DKIM-KEY-MISMATCH example.com'],
  ],
  [
    'the key of a selector is revoked',
    withKey(values('v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=')),
    withKey(values('v=DKIM1; p=')),
    ['warning DKIM-REVOKED example.com'],
  ],
];

function asBackup(facts: AuditFacts): AuditFacts {
  if (facts.configuration === null) return facts;
  return {
    ...facts,
    configuration: { ...facts.configuration, domains: [{ name: 'example.com', role: 'backup' }] },
    dns: {
      ...facts.dns,
      'example.com MX': values('5 mx.primary.example.', '10 mx1.example.com.', '20 mx2.example.com.'),
      ...named('mx.primary.example', '192.0.2.10'),
    },
  };
}

function withKey(fact: AuditFacts['dns'][string]): AuditFacts {
  return {
    ...withDns(layoutB, { 's1._domainkey.example.com TXT': fact }),
    asked: { ...layoutB.asked, dkimSelectors: ['s1'] },
  };
}

/** The caller has the key that signs. */
function signing(facts: AuditFacts): AuditFacts {
  return {
    ...facts,
    asked: { ...facts.asked, dkimKeys: { s1: { type: 'ed25519', data: ownKey } } },
  };
}

/** Mistakes in how mail of the domain goes out. */
export const sendingMistakes = mistakesOf([...identity, ...policies]);
