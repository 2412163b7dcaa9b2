import { conversation, layoutB, said, withConversation } from '../../../../test/audit-facts.ts';
import { ruleTable } from '../../../../test/rule-table.ts';
import type { AuditFacts, ConversationFact } from '../facts.ts';
import { ehloName } from './ehlo-name.ts';
import { ehloRefused } from './ehlo-refused.ts';
import { esmtp8bitmime } from './esmtp-8bitmime.ts';
import { esmtpPipelining } from './esmtp-pipelining.ts';
import { esmtpSize } from './esmtp-size.ts';
import { esmtpSmtputf8 } from './esmtp-smtputf8.ts';
import { greetingForm } from './greeting-form.ts';
import { greetingSlow } from './greeting-slow.ts';
import { greetingSoftware } from './greeting-software.ts';
import { smtpAuthClear } from './smtp-auth-clear.ts';
import { smtpLimits } from './smtp-limits.ts';
import { smtpUplinksDiffer } from './smtp-uplinks-differ.ts';

const both = (level: string): string[] => [`${level} mx1.example.com`, `${level} mx2.example.com`];
const mx1 = (more: Partial<ConversationFact>): AuditFacts =>
  withConversation(layoutB, 'mx1.example.com', more);
const greets = (...lines: string[]): AuditFacts => mx1({ greeting: said(220, ...lines) });
const offers = (...lines: string[]): AuditFacts =>
  mx1({ ehlo: said(250, 'mx1.example.com', ...lines), ehloAfterTls: null, tls: null });

ruleTable(greetingForm, [
  ['a qualified name', layoutB, both('pass')],
  ['an address literal', greets('[198.51.100.30] ESMTP'), both('pass')],
  ['one word', greets('mail ESMTP'), ['notice mx1.example.com', 'pass mx2.example.com']],
  ['asterisks of a firewall', greets('*************'), ['notice mx1.example.com', 'pass mx2.example.com']],
]);
ruleTable(greetingSlow, [
  ['at once', layoutB, both('pass')],
  [
    'after ten seconds',
    mx1({ greeting: { ...said(220, 'mx1.example.com'), elapsedMs: 10_000 } }),
    ['notice mx1.example.com', 'pass mx2.example.com'],
  ],
  [
    'after twenty-four',
    mx1({ greeting: { ...said(220, 'mx1.example.com'), elapsedMs: 24_000 } }),
    ['warning mx1.example.com', 'pass mx2.example.com'],
  ],
  ['no greeting is no slow one', mx1({ greeting: null }), ['pass mx2.example.com']],
]);
ruleTable(greetingSoftware, [
  ['nothing is told', layoutB, []],
  ['Postfix', greets('mx1.example.com ESMTP Postfix (Debian/GNU)'), ['info mx1.example.com']],
]);
ruleTable(ehloRefused, [
  ['understood', layoutB, both('pass')],
  [
    'only HELO',
    mx1({ ehlo: said(502, 'No'), helo: said(250, 'Hello') }),
    ['warning mx1.example.com', 'pass mx2.example.com'],
  ],
  [
    'neither is no verdict',
    mx1({ ehlo: said(550, 'No'), helo: said(550, 'No') }),
    ['skip mx1.example.com', 'pass mx2.example.com'],
  ],
]);
ruleTable(ehloName, [
  ['a name', layoutB, both('pass')],
  [
    'none',
    mx1({ ehlo: said(250, 'Hello, pleased to meet you') }),
    ['notice mx1.example.com', 'pass mx2.example.com'],
  ],
]);
ruleTable(esmtpSize, [
  ['offered', layoutB, both('pass')],
  ['not offered', offers('PIPELINING'), ['info mx1.example.com', 'pass mx2.example.com']],
]);
ruleTable(esmtpPipelining, [
  ['offered', layoutB, both('pass')],
  ['not offered', offers('SIZE'), ['info mx1.example.com', 'pass mx2.example.com']],
]);
ruleTable(esmtp8bitmime, [
  ['offered', layoutB, both('pass')],
  ['not offered', offers('SIZE'), ['info mx1.example.com', 'pass mx2.example.com']],
]);
ruleTable(esmtpSmtputf8, [
  ['offered', layoutB, both('pass')],
  ['not offered', offers('SIZE'), ['info mx1.example.com', 'pass mx2.example.com']],
]);
ruleTable(smtpAuthClear, [
  ['not offered', layoutB, []],
  ['offered in clear', offers('AUTH PLAIN LOGIN', 'STARTTLS'), ['error mx1.example.com']],
  ['a mechanism that hides the password', offers('AUTH SCRAM-SHA-256'), []],
]);
ruleTable(smtpLimits, [
  ['none are told', layoutB, []],
  ['wide ones', offers('LIMITS RCPTMAX=1000'), []],
  ['a narrow one', offers('LIMITS MAILMAX=10 RCPTMAX=20'), ['warning mx1.example.com']],
]);
ruleTable(smtpUplinksDiffer, [
  ['one address each', layoutB, []],
  [
    'one name, the same by both',
    {
      ...layoutB,
      conversations: [
        conversation('mail.example.com', '198.51.100.30'),
        conversation('mail.example.com', '203.0.113.40'),
      ],
    },
    [],
  ],
  [
    'one name, no TLS by one',
    {
      ...layoutB,
      conversations: [
        conversation('mail.example.com', '198.51.100.30'),
        conversation('mail.example.com', '203.0.113.40', { tls: null, ehloAfterTls: null }),
      ],
    },
    ['warning mail.example.com'],
  ],
]);
