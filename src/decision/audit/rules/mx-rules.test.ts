import {
  conversation,
  layoutB,
  layoutC,
  layoutCSending,
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
import { backupAcceptsAll } from './backup-accepts-all.ts';
import { backupNotSender } from './backup-not-sender.ts';
import { greetingName } from './greeting-name.ts';
import { greetingNot220 } from './greeting-not-220.ts';
import { mxCname } from './mx-cname.ts';
import { mxEqual } from './mx-equal.ts';
import { mxExtra } from './mx-extra.ts';
import { mxIsAddress } from './mx-is-address.ts';
import { mxNone } from './mx-none.ts';
import { mxNull } from './mx-null.ts';
import { mxNullMixed } from './mx-null-mixed.ts';
import { mxOneHost } from './mx-one-host.ts';
import { mxOneUplink } from './mx-one-uplink.ts';
import { mxOpenRelay } from './mx-open-relay.ts';
import { mxOrder } from './mx-order.ts';
import { mxPostmaster } from './mx-postmaster.ts';
import { mxPrivate } from './mx-private.ts';
import { mxRefusesDomain } from './mx-refuses-domain.ts';
import { mxSelfMissing } from './mx-self-missing.ts';
import { mxTtl } from './mx-ttl.ts';
import { mxUnreachable } from './mx-unreachable.ts';
import { mxUnresolved } from './mx-unresolved.ts';
import { smtpNullSender } from './smtp-null-sender.ts';
import { smtpUnknownRcpt } from './smtp-unknown-rcpt.ts';

const mx = (...data: string[]) => withDns(layoutB, { 'example.com MX': values(...data) });

ruleTable(mxNone, [
  ['an MX set', layoutB, ['pass example.com']],
  [
    'no MX, but an address',
    withDns(layoutB, { 'example.com MX': nodata, 'example.com A': values('192.0.2.1') }),
    ['warning example.com'],
  ],
  ['neither', withDns(layoutB, { 'example.com MX': nodata }), ['error example.com']],
  ['no such domain', withDns(layoutB, { 'example.com MX': nxdomain }), ['error example.com']],
  ['silence is no verdict', withDns(layoutB, { 'example.com MX': silence }), ['skip example.com']],
  [
    'no MX, and silence about the address',
    withDns(layoutB, { 'example.com MX': nodata, 'example.com A': silence }),
    ['skip example.com'],
  ],
]);
ruleTable(mxNull, [
  ['an MX set', layoutB, []],
  ['a null MX of a domain that sends', mx('0 .'), ['error example.com']],
  ['a null MX of one that does not', { ...mx('0 .'), egresses: [] }, ['info example.com']],
]);
ruleTable(mxNullMixed, [
  ['an MX set', layoutB, []],
  ['a null MX alone', mx('0 .'), []],
  ['a null MX beside others', mx('0 .', '10 mx1.example.com.'), ['error example.com']],
]);
ruleTable(mxCname, [
  ['hosts', layoutB, ['pass mx1.example.com', 'pass mx2.example.com']],
  [
    'an alias',
    withDns(layoutB, {
      'mx1.example.com A': { kind: 'records', values: ['198.51.100.30'], alias: 'mail.example.com' },
    }),
    ['warning mx1.example.com', 'pass mx2.example.com'],
  ],
]);
ruleTable(mxIsAddress, [
  ['names', layoutB, []],
  ['an address', mx('10 198.51.100.30.'), ['error 198.51.100.30']],
]);
ruleTable(mxUnresolved, [
  ['addresses', layoutB, ['pass mx1.example.com', 'pass mx2.example.com']],
  [
    'no address',
    withDns(layoutB, { 'mx1.example.com A': nodata }),
    ['error mx1.example.com', 'pass mx2.example.com'],
  ],
  [
    'silence is no verdict',
    withDns(layoutB, { 'mx1.example.com A': silence }),
    ['skip mx1.example.com', 'pass mx2.example.com'],
  ],
]);
ruleTable(mxPrivate, [
  ['public addresses', layoutB, []],
  [
    'a private one',
    withDns(layoutB, { 'mx2.example.com A': values('203.0.113.40', '10.20.0.2') }),
    ['error mx2.example.com'],
  ],
  [
    'loopback in IPv6',
    withDns(layoutB, { 'mx2.example.com AAAA': values('::1') }),
    ['error mx2.example.com'],
  ],
]);

const dead = { connectMs: null, greeting: null, stopped: 'no answer' };
const timeout = { ...dead, error: { kind: 'timeout', message: 'no answer in 10000 ms' } } as const;
const noIpv6 = { ...dead, error: { kind: 'network_unreachable', message: 'no IPv6 here' } } as const;
ruleTable(mxUnreachable, [
  [
    'a host that calls itself says nothing of the way',
    withConversation(layoutB, 'mx1.example.com', { inside: true }),
    ['skip mx1.example.com', 'pass mx2.example.com'],
  ],
  ['all answer', layoutB, ['pass mx1.example.com', 'pass mx2.example.com']],
  [
    'one does not',
    withConversation(layoutB, 'mx2.example.com', timeout),
    ['pass mx1.example.com', 'warning mx2.example.com'],
  ],
  [
    'none does',
    withConversation(withConversation(layoutB, 'mx2.example.com', timeout), 'mx1.example.com', timeout),
    ['error mx1.example.com', 'error mx2.example.com'],
  ],
  [
    'a network that we do not have proves nothing',
    {
      ...layoutB,
      conversations: [...layoutB.conversations, conversation('mx1.example.com', '2001:db8:1::30', noIpv6)],
    },
    ['pass mx1.example.com', 'pass mx2.example.com', 'skip mx1.example.com'],
  ],
]);
ruleTable(greetingName, [
  ['a name that differs from the PTR is explained', layoutB, ['info example.com']],
  [
    'names like MX and PTR',
    withDns(layoutB, {
      '30.100.51.198.in-addr.arpa PTR': values('mx1.example.com'),
      '40.113.0.203.in-addr.arpa PTR': values('mx2.example.com'),
    }),
    ['pass example.com'],
  ],
  ['nobody greeted', { ...layoutB, conversations: [] }, []],
  [
    'a name of its own',
    withConversation(layoutB, 'mx1.example.com', {
      greeting: said(220, 'EXCHANGE01.corp.local Microsoft ESMTP'),
    }),
    ['info example.com'],
  ],
]);
ruleTable(greetingNot220, [
  ['220', layoutB, ['pass mx1.example.com', 'pass mx2.example.com']],
  [
    '554',
    withConversation(layoutB, 'mx1.example.com', { greeting: said(554, 'No.') }),
    ['error mx1.example.com', 'pass mx2.example.com'],
  ],
  [
    'one that refuses this host alone is no verdict',
    withConversation(layoutB, 'mx1.example.com', {
      greeting: said(554, 'Your address is on the blocklist of dnsbl.example'),
    }),
    ['skip mx1.example.com', 'pass mx2.example.com'],
  ],
  [
    'nothing but silence is no verdict',
    withConversation(layoutB, 'mx1.example.com', {
      greeting: null,
      stopped: 'The server said nothing for 25 s.',
    }),
    ['skip mx1.example.com', 'pass mx2.example.com'],
  ],
  [
    'no SMTP at all',
    withConversation(layoutB, 'mx1.example.com', {
      greeting: null,
      stopped: 'The server spoke no SMTP: "SSH-2.0-OpenSSH".',
    }),
    ['error mx1.example.com', 'pass mx2.example.com'],
  ],
  [
    '421 is no verdict',
    withConversation(layoutB, 'mx1.example.com', { greeting: said(421, 'Busy.') }),
    ['skip mx1.example.com', 'pass mx2.example.com'],
  ],
]);

const isp1 = '198.51.100.30';
ruleTable(mxOneUplink, [
  ['both uplinks receive', layoutB, ['pass example.com']],
  ['only one does', mx('10 mx1.example.com.'), ['warning example.com']],
  [
    'a server elsewhere helps',
    withDns(mx('10 mx1.example.com.', '20 mx.backup.example.'), {
      'mx.backup.example A': values('192.0.2.9'),
    }),
    ['pass example.com'],
  ],
  [
    'mail is received elsewhere',
    withDns(mx('10 mx.host.example.'), { 'mx.host.example A': values('192.0.2.9') }),
    [],
  ],
  ['one uplink is no choice', { ...mx('10 mx1.example.com.'), egresses: layoutB.egresses.slice(0, 1) }, []],
]);
ruleTable(mxOrder, [
  ['the preferred uplink first', layoutB, ['pass example.com']],
  ['the other first', mx('20 mx1.example.com.', '10 mx2.example.com.'), ['notice example.com']],
]);
ruleTable(mxEqual, [
  ['an order', layoutB, []],
  ['equal preferences', mx('10 mx1.example.com.', '10 mx2.example.com.'), ['info example.com']],
]);
ruleTable(mxOneHost, [
  ['both names are ours', layoutB, ['notice example.com']],
  [
    'a server elsewhere',
    withDns(mx('10 mx1.example.com.', '30 mx.backup.example.'), {
      'mx.backup.example A': values('192.0.2.9'),
    }),
    ['pass example.com'],
  ],
  ['nothing is known of us', { ...layoutB, egresses: [] }, []],
]);
const stranger = { ...said(550, 'Relaying denied'), status: '5.7.1' };
ruleTable(mxPostmaster, [
  ['taken', layoutB, ['pass mx1.example.com', 'pass mx2.example.com']],
  [
    'refused',
    withConversation(layoutB, 'mx1.example.com', {
      postmaster: { ...said(550, 'No such user'), status: '5.1.1' },
      unknownRecipient: said(250, 'Ok'),
    }),
    ['warning mx1.example.com', 'pass mx2.example.com'],
  ],
  [
    'a refusal of us is no verdict',
    withConversation(layoutB, 'mx1.example.com', {
      postmaster: { ...said(550, 'Blocked'), status: '5.7.1' },
    }),
    ['skip mx1.example.com', 'pass mx2.example.com'],
  ],
]);
ruleTable(mxRefusesDomain, [
  ['taken', layoutB, ['pass mx1.example.com', 'pass mx2.example.com']],
  [
    'as a stranger',
    withConversation(layoutB, 'mx2.example.com', { postmaster: stranger, unknownRecipient: stranger }),
    ['pass mx1.example.com', 'error mx2.example.com'],
  ],
]);
ruleTable(mxOpenRelay, [
  ['not asked', layoutB, []],
  ['refused', withConversation(layoutB, 'mx1.example.com', { relay: stranger }), ['pass mx1.example.com']],
  [
    'taken',
    withConversation(layoutB, 'mx1.example.com', { relay: said(250, 'Ok') }),
    ['error mx1.example.com'],
  ],
  [
    'taken from ourselves is no proof',
    withConversation(layoutB, 'mx1.example.com', { relay: said(250, 'Ok'), egress: 'isp1/198.51.100.30' }),
    ['skip mx1.example.com'],
  ],
]);
const door = {
  name: 'mx1.example.com',
  role: 'mx',
  address: isp1,
  uplink: 'isp1',
  certificate: null,
} as const;
const configured = {
  ...layoutB,
  configuration: {
    hostname: 'mail.example.com',
    uplinks: [],
    listeners: [door, { ...door, name: 'mx2.example.com', address: '203.0.113.40', uplink: 'isp2' }],
    domains: [{ name: 'example.com', role: 'primary' }],
    relayNetworks: [],
    queueExpireMs: 1,
  },
} as const;
ruleTable(mxSelfMissing, [
  ['no configuration', layoutB, []],
  ['an MX leads to us', configured, ['pass example.com']],
  [
    'none does',
    withDns(configured, {
      'example.com MX': values('10 mx.host.example.'),
      'mx.host.example AAAA': nodata,
      'mx.host.example A': values('192.0.2.9'),
    }),
    ['error example.com'],
  ],
  [
    'silence is no verdict',
    withDns(configured, { 'example.com MX': values('10 mx.host.example.'), 'mx.host.example A': silence }),
    ['skip example.com'],
  ],
]);
ruleTable(mxExtra, [
  ['all are known', configured, []],
  [
    'one is not',
    withDns(configured, {
      'example.com MX': values('10 mx1.example.com.', '30 old.example.com.'),
      'old.example.com A': values('192.0.2.9'),
    }),
    ['warning old.example.com'],
  ],
]);
ruleTable(mxTtl, [
  [
    'a minute, as the servers of the zone say',
    {
      ...layoutB,
      nameServers: [
        {
          name: 'ns1.example.net',
          address: '192.0.2.53',
          answers: { 'example.com MX': { kind: 'records', values: ['10 mx1.example.com.'], ttlS: 60 } },
          tcp: true,
        },
      ],
    },
    ['notice example.com'],
  ],
  [
    'what a cache still holds is not the whole of it',
    withDns(layoutB, { 'example.com MX': { kind: 'records', values: ['10 mx1.example.com.'], ttlS: 60 } }),
    [],
  ],
  ['nothing is known of it', layoutB, []],
  [
    'two days',
    withDns(layoutB, {
      'example.com MX': { kind: 'records', values: ['10 mx1.example.com.'], ttlS: 172_800 },
    }),
    ['notice example.com'],
  ],
  [
    'an hour',
    withDns(layoutB, { 'example.com MX': { kind: 'records', values: ['10 mx1.example.com.'], ttlS: 3600 } }),
    [],
  ],
]);
ruleTable(backupAcceptsAll, [
  ['both refuse', layoutC, ['pass backup.example.com']],
  ['a second name of one machine is no backup', layoutB, []],
  [
    'where nothing tells what is ours, the order does',
    { ...layoutB, egresses: [] },
    ['pass mx2.example.com'],
  ],
  [
    'the backup takes all',
    withConversation(layoutC, 'backup.example.com', { unknownRecipient: said(250, 'Ok') }),
    ['warning backup.example.com'],
  ],
  [
    'the primary does too',
    ['mx1.example.com', 'mx2.example.com', 'backup.example.com'].reduce(
      (facts: AuditFacts, host) => withConversation(facts, host, { unknownRecipient: said(250, 'Ok') }),
      layoutC,
    ),
    [],
  ],
]);
ruleTable(backupNotSender, [
  ['all of them send', layoutB, []],
  [
    'one never does',
    withDns(mx('10 mx1.example.com.', '30 mx3.example.com.'), { 'mx3.example.com A': values('192.0.2.9') }),
    ['info mx3.example.com'],
  ],
  ['layout C', layoutC, ['info backup.example.com']],
  ['SPF names it, so it sends', layoutCSending, []],
  [
    'that SPF takes in all that receive says nothing of it',
    withDns(layoutC, { 'example.com TXT': values('v=spf1 mx -all') }),
    ['info backup.example.com'],
  ],
]);
ruleTable(smtpNullSender, [
  ['taken', layoutB, ['pass mx1.example.com', 'pass mx2.example.com']],
  [
    'refused',
    withConversation(layoutB, 'mx1.example.com', { nullSender: said(550, 'No') }),
    ['warning mx1.example.com', 'pass mx2.example.com'],
  ],
]);
ruleTable(smtpUnknownRcpt, [
  ['refused', layoutB, ['pass mx1.example.com', 'pass mx2.example.com']],
  [
    'taken',
    withConversation(layoutB, 'mx1.example.com', { unknownRecipient: said(250, 'Ok') }),
    ['warning mx1.example.com', 'pass mx2.example.com'],
  ],
  [
    'put off is no verdict',
    withConversation(layoutB, 'mx1.example.com', { unknownRecipient: said(451, 'Later') }),
    ['skip mx1.example.com', 'pass mx2.example.com'],
  ],
]);
