import assert from 'node:assert/strict';
import test from 'node:test';
import {
  layoutB,
  layoutC,
  nodata,
  onGateway,
  said,
  values,
  withConversation,
  withDns,
} from '../../../test/audit-facts.ts';
import { withEgress } from '../../../test/mistakes/mistake.ts';
import { catalogue } from './catalogue.ts';
import type { AuditFacts } from './facts.ts';
import { judge } from './judge.ts';
import { AuditView } from './view.ts';
import { whatIf } from './what-if.ts';

/** `failure: incoming, outgoing [reasons]` for each row. */
function matrix(facts: AuditFacts): string[] {
  const { findings } = judge(facts, catalogue);
  return whatIf(new AuditView(facts), findings).map(
    ({ failure, incoming, outgoing, reasons }) =>
      `${failure.kind} ${failure.name}: ${incoming.state}, ${outgoing.state} [${reasons.join(' ')}]`,
  );
}

const rest = [
  'name_server ns1.example.net: flows, flows []',
  'name_server ns2.example.net: flows, flows []',
  'certificate mx1.example.com, mx2.example.com: flows, flows []',
];
const restOfC = rest.map(row => row.replace('mx2.example.com:', 'mx2.example.com, backup.example.com:'));
const alone = 'mail_host example.com: waits, waits [MX-ONE-HOST]';
const rows: [string, AuditFacts, string[]][] = [
  [
    'both doors, both ways',
    layoutB,
    ['uplink isp1: flows, flows []', 'uplink isp2: flows, flows []', alone, ...rest],
  ],
  [
    'one door only',
    withDns(layoutB, { 'example.com MX': values('10 mx1.example.com.') }),
    ['uplink isp1: waits, flows [MX-ONE-UPLINK]', 'uplink isp2: flows, flows []', alone, ...rest],
  ],
  [
    'a spare without a PTR is none',
    withDns(layoutB, { '40.113.0.203.in-addr.arpa PTR': nodata }),
    ['uplink isp1: flows, refused [EGRESS-NO-PTR]', 'uplink isp2: flows, flows []', alone, ...rest],
  ],
  [
    'a spare whose provider blocks the port is none',
    withEgress(layoutB, 1, { port25: { reached: [], failed: ['one', 'two'] } }),
    ['uplink isp1: flows, waits [EGRESS-PORT25]', 'uplink isp2: flows, flows []', alone, ...rest],
  ],
  [
    'a spare that SPF leaves out is none',
    onGateway(withDns(layoutB, { 'example.com TXT': values('v=spf1 ip4:198.51.100.30 -all') })),
    [
      'uplink isp1: flows, refused [EGRESS-STANDBY-SPF]',
      'uplink isp2: flows, flows []',
      alone.replace('example.com', 'mail.example.com'),
      ...rest,
    ],
  ],
  [
    'one uplink',
    { ...layoutB, egresses: layoutB.egresses.slice(0, 1) },
    [
      'uplink isp1: flows, waits []',
      'mail_host example.com: waits, waits []',
      'backup mx2.example.com: flows, flows []',
      ...rest,
    ],
  ],
  [
    'a backup keeps the mail',
    layoutC,
    [
      'uplink isp1: flows, flows []',
      'uplink isp2: flows, flows []',
      'mail_host example.com: waits, waits []',
      'backup backup.example.com: flows, flows []',
      ...restOfC,
    ],
  ],
  [
    'a backup that refuses the domain makes it bounce',
    withConversation(layoutC, 'backup.example.com', {
      postmaster: { ...said(554, 'Relay access denied'), status: '5.7.1' },
    }),
    [
      'uplink isp1: flows, flows []',
      'uplink isp2: flows, flows []',
      'mail_host example.com: refused, waits [BACKUP-REFUSES]',
      'backup backup.example.com: flows, flows []',
      ...restOfC,
    ],
  ],
  ['from outside nothing is said of what is not known', { ...layoutB, egresses: [] }, rest],
];
for (const [sentence, facts, expected] of rows)
  test(`what if: ${sentence}`, () => assert.deepEqual(matrix(facts), expected));
