import type { AuditFacts, ConversationFact } from '../../src/decision/audit/facts.ts';
import {
  layoutA,
  layoutB,
  layoutC,
  nodata,
  nxdomain,
  onGateway,
  said,
  values,
  withConversation,
  withDns,
} from '../audit-facts.ts';
import { isp1, isp2, type MistakeRow, mistakesOf, nothingSaid } from './mistake.ts';

const gatewayB = onGateway(layoutB);
const gatewayC = onGateway(layoutC);
const mx1 = 'mx1.example.com';
const mx2 = 'mx2.example.com';
const backup = 'backup.example.com';

const mx = (facts: AuditFacts, ...data: string[]): AuditFacts =>
  withDns(facts, { 'example.com MX': values(...data) });
const unknownHost = (host: string, address: string) => ({
  [`${host} A`]: values(address),
  [`${host} AAAA`]: nodata,
  [`_25._tcp.${host} TLSA`]: nxdomain,
});
const refused = (code: number, text: string, status: string) => ({ ...said(code, text), status });
const strangers: Partial<ConversationFact> = {
  postmaster: refused(554, 'Relay access denied', '5.7.1'),
  unknownRecipient: refused(554, 'Relay access denied', '5.7.1'),
};
const withoutTls = (host: string): Partial<ConversationFact> => ({
  tls: null,
  ehlo: said(250, host, 'PIPELINING', 'SIZE 50000000', '8BITMIME', 'SMTPUTF8'),
  ehloAfterTls: null,
});
const oneHostGoes = ['notice MX-ONE-HOST example.com'];

const rows: readonly MistakeRow[] = [
  [
    'the domain has no MX',
    layoutB,
    withDns(layoutB, { 'example.com MX': nodata }),
    ['error MX-NONE example.com'],
    oneHostGoes,
  ],
  [
    'the domain does not exist',
    layoutB,
    withDns(layoutB, {
      'example.com MX': nxdomain,
      'example.com A': nxdomain,
      'example.com AAAA': nxdomain,
    }),
    ['error MX-NONE example.com'],
    oneHostGoes,
  ],
  [
    'a domain that sends has a null MX',
    layoutB,
    mx(layoutB, '0 .'),
    ['error MX-NULL example.com'],
    oneHostGoes,
  ],
  [
    'a null MX stands beside others',
    layoutB,
    mx(layoutB, '0 .', `10 ${mx1}.`, `20 ${mx2}.`),
    ['error MX-NULL-MIXED example.com'],
  ],
  [
    'an MX is an alias',
    layoutB,
    withDns(layoutB, { [`${mx2} A`]: { kind: 'records', values: [isp2], alias: 'host.example.com' } }),
    [`warning MX-CNAME ${mx2}`],
  ],
  [
    'an MX is an address',
    layoutB,
    mx(layoutB, `10 ${mx1}.`, `20 ${isp2}.`),
    [`error MX-IS-ADDRESS ${isp2}`, 'warning MX-ONE-UPLINK example.com'],
    oneHostGoes,
  ],
  [
    'an MX has no address',
    layoutB,
    withDns(layoutB, { [`${mx2} A`]: nodata }),
    [`error MX-UNRESOLVED ${mx2}`, 'warning MX-ONE-UPLINK example.com'],
    oneHostGoes,
  ],
  [
    'an MX has a private address',
    layoutB,
    withDns(layoutB, { [`${mx2} A`]: values('10.20.0.2') }),
    [`error MX-PRIVATE ${mx2}`],
    oneHostGoes,
  ],
  [
    'one MX does not answer',
    layoutB,
    withConversation(layoutB, mx2, {
      ...nothingSaid,
      connectMs: null,
      error: { kind: 'timeout', message: 'No answer in 10 s.' },
      stopped: 'No answer in 10 s.',
    }),
    [`warning MX-UNREACHABLE ${mx2}`],
  ],
  [
    'all MX names lead to one uplink',
    layoutB,
    {
      ...withDns(layoutB, { [`${mx2} A`]: values(isp1) }),
      conversations: layoutB.conversations.map(each => ({ ...each, address: isp1 })),
    },
    ['warning MX-ONE-UPLINK example.com'],
    oneHostGoes,
  ],
  [
    'the MX set is the wrong way round',
    layoutB,
    mx(layoutB, `10 ${mx2}.`, `20 ${mx1}.`),
    ['notice MX-ORDER example.com'],
  ],
  ['equal preferences', layoutB, mx(layoutB, `10 ${mx1}.`, `10 ${mx2}.`), ['info MX-EQUAL example.com']],
  [
    'postmaster is refused',
    layoutB,
    withConversation(layoutB, mx1, { postmaster: refused(550, 'No such user', '5.1.1') }),
    [`warning MX-POSTMASTER ${mx1}`],
  ],
  [
    'an MX does not take the domain',
    layoutB,
    withConversation(layoutB, mx2, strangers),
    [`error MX-REFUSES-DOMAIN ${mx2}`],
  ],
  [
    'the backup does not take the domain',
    layoutC,
    withConversation(layoutC, backup, strangers),
    [`error BACKUP-REFUSES ${backup}`],
  ],
  [
    'the backup does not take the domain, as the gateway sees it',
    gatewayC,
    withConversation(gatewayC, backup, strangers),
    [`error BACKUP-REFUSES ${backup}`],
  ],
  [
    'the backup takes everybody',
    layoutC,
    withConversation(layoutC, backup, { unknownRecipient: said(250, 'Ok') }),
    [`warning BACKUP-ACCEPTS-ALL ${backup}`],
  ],
  [
    'the backup has no TLS',
    layoutC,
    withConversation(layoutC, backup, withoutTls(backup)),
    [`warning BACKUP-WEAKER ${backup}`],
  ],
  [
    'the backup stands beside the primary',
    layoutC,
    {
      ...withDns(layoutC, { [`${backup} A`]: values('198.51.100.77') }),
      conversations: layoutC.conversations.map(each =>
        each.host === backup ? { ...each, address: '198.51.100.77' } : each,
      ),
    },
    [`notice BACKUP-SAME-SITE ${backup}`],
  ],
  [
    'no MX leads to the gateway',
    gatewayB,
    {
      ...withDns(mx(gatewayB, '10 mx.host.example.'), unknownHost('mx.host.example', '192.0.2.9')),
      conversations: [],
    },
    ['error MX-SELF-MISSING example.com', 'info BACKUP-NOT-SENDER mx.host.example'],
    ['info GREETING-NAME example.com', ...oneHostGoes],
  ],
  [
    'an MX leads to a host that nobody knows',
    gatewayB,
    withDns(
      mx(gatewayB, `10 ${mx1}.`, `20 ${mx2}.`, '30 old.example.com.'),
      unknownHost('old.example.com', '192.0.2.99'),
    ),
    ['warning MX-EXTRA old.example.com'],
    oneHostGoes,
  ],
  [
    'one name of the banner is the own one of a product',
    layoutB,
    greets('exchange01.corp.example.com ESMTP'),
    [],
  ],
  ['the greeting is one word', layoutB, greets('hello'), [`notice GREETING-FORM ${mx1}`]],
  [
    'the greeting tells the software',
    layoutB,
    greets('mx1.example.com ESMTP Postfix'),
    [`info GREETING-SOFTWARE ${mx1}`],
  ],
  [
    'the greeting is a 554',
    layoutB,
    withConversation(layoutB, mx2, {
      ...nothingSaid,
      greeting: said(554, 'No service here'),
      stopped: 'The server greeted with 554.',
    }),
    [`error GREETING-NOT-220 ${mx2}`],
  ],
  [
    'the greeting comes after 12 s',
    layoutB,
    withConversation(layoutB, mx2, { greeting: { ...said(220, `${mx2} ESMTP`), elapsedMs: 12_000 } }),
    [`notice GREETING-SLOW ${mx2}`],
  ],
  [
    'no greeting comes at all',
    layoutB,
    withConversation(layoutB, mx2, { ...nothingSaid, stopped: 'The server said nothing for 25 s.' }),
    [`warning GREETING-SLOW ${mx2}`],
  ],
  [
    'EHLO is refused',
    layoutB,
    withConversation(layoutB, mx2, {
      ehlo: said(502, 'What?'),
      helo: said(250, mx2),
      tls: null,
      ehloAfterTls: null,
      pipelining: null,
    }),
    [`warning EHLO-REFUSED ${mx2}`],
  ],
  [
    'bounces are refused',
    layoutB,
    withConversation(layoutB, mx1, {
      nullSender: refused(550, 'No', '5.1.0'),
      postmaster: null,
      unknownRecipient: null,
    }),
    [`warning SMTP-NULL-SENDER ${mx1}`],
  ],
  [
    'unknown recipients are taken',
    layoutA,
    [mx1, mx2].reduce(
      (facts: AuditFacts, host) => withConversation(facts, host, { unknownRecipient: said(250, 'Ok') }),
      layoutA,
    ),
    [`warning SMTP-UNKNOWN-RCPT ${mx1}`, `warning SMTP-UNKNOWN-RCPT ${mx2}`],
  ],
  [
    'a bare newline ends a message',
    gatewayB,
    withConversation(gatewayB, mx1, { bareNewlineEnds: true }),
    [`error SMTP-BARE-LF ${mx1}`],
  ],
  [
    'passwords in clear are asked for',
    layoutB,
    withConversation(layoutB, mx1, {
      ehlo: said(250, mx1, 'PIPELINING', 'SIZE 50000000', '8BITMIME', 'SMTPUTF8', 'STARTTLS', 'AUTH PLAIN'),
    }),
    [`error SMTP-AUTH-CLEAR ${mx1}`],
  ],
  [
    'one MX has no TLS',
    layoutB,
    withConversation(layoutB, mx2, withoutTls(mx2)),
    [`warning TLS-NONE ${mx2}`],
  ],
];

function greets(text: string): AuditFacts {
  return withConversation(layoutB, mx1, { greeting: said(220, text) });
}

/** Mistakes in how mail for the domain comes in. */
export const receivingMistakes = mistakesOf(rows);
