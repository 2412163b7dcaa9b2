import { layoutA, layoutB, nodata, values, withDns } from '../../../../test/audit-facts.ts';
import { ruleTable } from '../../../../test/rule-table.ts';
import type { AuditFacts, EgressFact, HostFact } from '../facts.ts';
import { confQueueLife } from './conf-queue-life.ts';
import { egressAbsent } from './egress-absent.ts';
import { egressEhloCname } from './egress-ehlo-cname.ts';
import { egressEhloForm } from './egress-ehlo-form.ts';
import { egressEhloPtr } from './egress-ehlo-ptr.ts';
import { egressEhloShared } from './egress-ehlo-shared.ts';
import { egressIpv6Bare } from './egress-ipv6-bare.ts';
import { egressIpv6Temporary } from './egress-ipv6-temporary.ts';
import { egressObserved } from './egress-observed.ts';
import { egressPort25 } from './egress-port25.ts';
import { egressPtrGeneric } from './egress-ptr-generic.ts';
import { egressPtrMany } from './egress-ptr-many.ts';
import { egressRrMissing } from './egress-rr-missing.ts';
import { egressUnequal } from './egress-unequal.ts';
import { hostClock } from './host-clock.ts';
import { hostOverride } from './host-override.ts';
import { hostResolver } from './host-resolver.ts';
import { hostResolverNoValidation } from './host-resolver-no-validation.ts';
import { hostRouteFallsThrough } from './host-route-falls-through.ts';
import { hostSourceRoute } from './host-source-route.ts';
import { nsDiffer } from './ns-differ.ts';
import { nsOneNetwork } from './ns-one-network.ts';
import { nsTcp } from './ns-tcp.ts';

const one = 'isp1/198.51.100.30';
const two = 'isp2/203.0.113.40';
const reverse = '30.100.51.198.in-addr.arpa PTR';
const ptr = (...names: string[]): AuditFacts => withDns(layoutB, { [reverse]: values(...names) });
const first = (facts: AuditFacts, more: Partial<EgressFact>): AuditFacts => ({
  ...facts,
  egresses: facts.egresses.map((egress, place) => (place === 0 ? { ...egress, ...more } : egress)),
});

ruleTable(egressEhloPtr, [
  ['one name', layoutB, [`pass ${one}`, `pass ${two}`]],
  [
    'two sound names',
    withDns(ptr('out.example.com'), { 'out.example.com A': values('198.51.100.30') }),
    [`notice ${one}`, `pass ${two}`],
  ],
  ['what is not sound is told elsewhere', ptr('out.example.com'), [`pass ${two}`]],
  [
    'the smart host identifies itself',
    first(ptr('out.example.com'), { smartHost: 'smtp.isp1.example' }),
    [`pass ${two}`],
  ],
]);
ruleTable(egressEhloCname, [
  ['a host', layoutB, []],
  [
    'an alias',
    withDns(layoutB, {
      'mail.example.com A': { kind: 'records', values: ['198.51.100.30'], alias: 'www.example.com' },
    }),
    [`warning ${one}`],
  ],
]);
ruleTable(egressEhloForm, [
  ['a qualified name', layoutB, [`pass ${one}`, `pass ${two}`]],
  ['one word', first(layoutB, { ehlo: 'mail' }), [`error ${one}`, `pass ${two}`]],
  ['a name of the own network', first(layoutB, { ehlo: 'mail.corp.local' }), [`error ${one}`, `pass ${two}`]],
  ['an underscore', first(layoutB, { ehlo: 'mail_1.example.com' }), [`error ${one}`, `pass ${two}`]],
  ['a raw address', first(layoutB, { ehlo: '198.51.100.30' }), [`error ${one}`, `pass ${two}`]],
  ['a literal', first(layoutB, { ehlo: '[198.51.100.30]' }), [`warning ${one}`, `pass ${two}`]],
]);
ruleTable(egressPtrGeneric, [
  ['a name of its own', layoutB, []],
  ['a word of providers', ptr('dsl-7.isp1.example'), [`warning ${one}`]],
  ['the numbers of the address', ptr('198-51-100-30.isp1.example'), [`warning ${one}`]],
  ['a number that is not of the address', ptr('mail3.example.com'), []],
]);
ruleTable(egressPtrMany, [
  ['one', layoutB, []],
  ['two', ptr('mail.example.com', 'www.example.com'), [`notice ${one}`]],
]);
ruleTable(egressEhloShared, [
  ['names of their own', layoutB, []],
  ['one for both', layoutA, ['info mail.example.com']],
  ['one for both, but not sound', withDns(layoutA, { 'mail.example.com A': values('198.51.100.30') }), []],
]);
ruleTable(egressRrMissing, [
  ['it leads to both', layoutA, []],
  ['it lacks one', withDns(layoutA, { 'mail.example.com A': values('198.51.100.30') }), [`error ${two}`]],
  ['names of their own', layoutB, []],
]);
ruleTable(egressObserved, [
  ['nobody told', layoutB, []],
  ['as configured', first(layoutB, { observed: '198.51.100.30' }), [`pass ${one}`]],
  ['another', first(layoutB, { observed: '192.0.2.1' }), [`error ${one}`]],
  ['that of the other uplink is told as the wrong way', first(layoutB, { observed: '203.0.113.40' }), []],
]);
ruleTable(egressIpv6Temporary, [
  ['fixed', layoutB, []],
  ['temporary', first(layoutB, { temporary: true }), [`warning ${one}`]],
]);
const six: AuditFacts = first(layoutB, { family: 6, address: '2001:db8:1::30' });
const sixReverse = '0.3.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa PTR';
ruleTable(egressIpv6Bare, [
  ['IPv4 only', layoutB, []],
  ['a PTR', withDns(six, { [sixReverse]: values('mail.example.com') }), []],
  ['none', withDns(six, { [sixReverse]: nodata }), [`warning ${one}`]],
  ['silence says nothing', six, []],
]);
ruleTable(egressPort25, [
  ['not tried', layoutB, []],
  [
    'it works',
    first(layoutB, { port25: { reached: ['192.0.2.1'], failed: ['192.0.2.2'] } }),
    [`pass ${one}`],
  ],
  [
    'nobody was reached',
    first(layoutB, { port25: { reached: [], failed: ['192.0.2.1', '192.0.2.2'] } }),
    [`error ${one}`],
  ],
  ['one dead host proves nothing', first(layoutB, { port25: { reached: [], failed: ['192.0.2.1'] } }), []],
]);
ruleTable(egressUnequal, [
  ['both are sound', layoutB, []],
  ['one has no PTR', withDns(layoutB, { [reverse]: nodata }), ['warning isp1']],
  [
    'both have none: they are alike',
    withDns(layoutB, { [reverse]: nodata, '40.113.0.203.in-addr.arpa PTR': nodata }),
    [],
  ],
]);

const sound: HostFact['sources'][number] = {
  egress: one,
  address: '198.51.100.30',
  condition: 'sound',
  message: '',
  commands: [],
};
const host = (more: Partial<HostFact>, source: Partial<HostFact['sources'][number]> = {}): AuditFacts => ({
  ...layoutB,
  host: {
    sources: [{ ...sound, ...source }],
    resolvers: [],
    overrides: [],
    clockOffsetMs: null,
    strictInterfaces: [],
    mtus: [],
    ...more,
  },
});
ruleTable(egressAbsent, [
  ['it is there', host({}), []],
  ['it is not', host({}, { address: null, condition: 'address absent' }), [`error ${one}`]],
]);
ruleTable(hostSourceRoute, [
  ['a rule of its own', host({}), []],
  [
    'none',
    host(
      {},
      { condition: 'no route', message: 'No rule.', commands: ['ip rule add from 198.51.100.30 lookup 101'] },
    ),
    [`error ${one}`],
  ],
]);
ruleTable(hostRouteFallsThrough, [
  ['it ends in unreachable', host({}), []],
  [
    'it does not',
    host(
      {},
      { message: 'No unreachable default.', commands: ['ip route add unreachable default table 101'] },
    ),
    [`warning ${one}`],
  ],
]);
ruleTable(hostResolver, [
  [
    'two',
    host({
      resolvers: [
        { address: '192.0.2.53', validates: null },
        { address: '192.0.2.54', validates: null },
      ],
    }),
    [],
  ],
  ['one on the host', host({ resolvers: [{ address: '127.0.0.1', validates: null }] }), []],
  [
    'one on the Internet',
    host({ resolvers: [{ address: '192.0.2.53', validates: null }] }),
    ['warning 192.0.2.53'],
  ],
]);
ruleTable(hostResolverNoValidation, [
  ['one validates', host({ resolvers: [{ address: '127.0.0.1', validates: true }] }), []],
  ['none does', host({ resolvers: [{ address: '127.0.0.1', validates: false }] }), ['notice 127.0.0.1']],
  ['nobody knows', host({ resolvers: [{ address: '127.0.0.1', validates: null }] }), []],
]);
ruleTable(hostOverride, [
  ['none', host({}), []],
  [
    'a line in the hosts file',
    host({ overrides: [{ name: 'mail.example.com', files: '127.0.1.1', dns: '198.51.100.30' }] }),
    ['error mail.example.com'],
  ],
]);
ruleTable(hostClock, [
  ['not known', host({}), []],
  ['right', host({ clockOffsetMs: 900 }), ['pass host']],
  ['an hour behind', host({ clockOffsetMs: -3_600_000 }), ['warning host']],
]);
const kept = (days: number): AuditFacts => ({
  ...layoutB,
  configuration: {
    hostname: 'mail.example.com',
    uplinks: [],
    listeners: [],
    domains: [],
    relayNetworks: [],
    queueExpireMs: days * 86_400_000,
  },
});
ruleTable(confQueueLife, [
  ['no configuration', layoutB, []],
  ['five days', kept(5), ['pass configuration']],
  ['one day', kept(1), ['warning configuration']],
]);
const server = (name: string, mx: string, tcp: boolean | null = null) => ({
  name,
  address: '192.0.2.1',
  answers: { 'example.com MX': values(mx) },
  tcp,
});
ruleTable(nsDiffer, [
  ['not asked', layoutB, []],
  [
    'alike',
    { ...layoutB, nameServers: [server('ns1.example.net', '10 a.'), server('ns2.example.net', '10 a.')] },
    [],
  ],
  [
    'an old zone',
    { ...layoutB, nameServers: [server('ns1.example.net', '10 a.'), server('ns2.example.net', '10 b.')] },
    ['error example.com'],
  ],
]);
ruleTable(nsTcp, [
  ['not tried', { ...layoutB, nameServers: [server('ns1.example.net', '10 a.')] }, []],
  [
    'it answers, and one does not',
    {
      ...layoutB,
      nameServers: [server('ns1.example.net', '10 a.', true), server('ns2.example.net', '10 a.', false)],
    },
    ['pass ns1.example.net', 'warning ns2.example.net'],
  ],
]);
ruleTable(nsOneNetwork, [
  ['nothing is known of them', layoutB, []],
  [
    'elsewhere',
    withDns(layoutB, {
      'ns1.example.net A': values('192.0.2.1'),
      'ns2.example.net A': values('198.51.100.53'),
    }),
    [],
  ],
  [
    'all behind one uplink',
    withDns(layoutB, {
      'ns1.example.net A': values('198.51.100.53'),
      'ns2.example.net A': values('198.51.100.54'),
    }),
    ['notice example.com'],
  ],
]);
