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
import { greetingName } from './greeting-name.ts';
import { greetingNot220 } from './greeting-not-220.ts';
import { mxCname } from './mx-cname.ts';
import { mxIsAddress } from './mx-is-address.ts';
import { mxNone } from './mx-none.ts';
import { mxNull } from './mx-null.ts';
import { mxNullMixed } from './mx-null-mixed.ts';
import { mxPrivate } from './mx-private.ts';
import { mxUnreachable } from './mx-unreachable.ts';
import { mxUnresolved } from './mx-unresolved.ts';

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
  [
    'a name that differs from the PTR is explained',
    layoutB,
    ['info mx1.example.com', 'info mx2.example.com'],
  ],
  [
    'a name like MX and PTR',
    withDns(layoutB, { '30.100.51.198.in-addr.arpa PTR': values('mx1.example.com') }),
    ['pass mx1.example.com', 'info mx2.example.com'],
  ],
  [
    'a name of its own',
    withConversation(layoutB, 'mx1.example.com', {
      greeting: said(220, 'EXCHANGE01.corp.local Microsoft ESMTP'),
    }),
    ['info mx1.example.com', 'info mx2.example.com'],
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
    '421 is no verdict',
    withConversation(layoutB, 'mx1.example.com', { greeting: said(421, 'Busy.') }),
    ['skip mx1.example.com', 'pass mx2.example.com'],
  ],
]);
