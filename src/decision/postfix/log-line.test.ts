import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { NetworkErrorKind } from '../egress/observation.ts';
import { type LogSign, readLogLine } from './log-line.ts';

const head = 'Nov 24 20:00:00 mail postfix/postern-isp1/smtp[123]: ';
const id = '4F3A1C2D3E';
const transport = 'postern-isp1';
const to = { host: 'mx.remote.example', address: '192.0.2.25', port: 25 };
const deferred: LogSign = { kind: 'deferred', id, transport };
const silent: LogSign = { kind: 'silent', transport, to };
const failed = (error: NetworkErrorKind): LogSign => ({
  kind: 'failed',
  transport,
  to,
  error,
});
const delivery = (relay: string, status: string, delays = '0.1/0/0.2/0.1'): string =>
  `${head}${id}: to=<a@remote.example>, relay=${relay}, delay=0.4, delays=${delays}, dsn=2.0.0, status=${status}`;
const relay = 'mx.remote.example[192.0.2.25]:25';

const answered: LogSign = { kind: 'answered', transport, to, connectMs: 200 };
const suspended = (program: string, why: string): string =>
  `Nov 24 20:00:00 mail postfix/${program}[9]: ${id}: to=<a@remote.example>, relay=none, delay=1, delays=1/0/0/0, dsn=4.4.1, status=deferred (${why})`;

const rows: readonly (readonly [string, string, readonly LogSign[]])[] = [
  [
    'a delivery is an answer',
    delivery(relay, 'sent (250 2.0.0 Ok: queued)'),
    [{ kind: 'answered', transport, to, connectMs: 200 }],
  ],
  [
    'a delivery by a kept session says nothing of the time to connect',
    delivery(relay, 'sent (250 Ok)', '0.1/0/0/0.1'),
    [{ kind: 'answered', transport, to, connectMs: null }],
  ],
  [
    'a refusal for now is an answer, and nothing to be hurried',
    delivery(
      relay,
      `deferred (host ${relay.slice(0, -3)} said: 450 4.7.1 later, network timed out while (in reply to RCPT TO command))`,
    ),
    [{ kind: 'answered', transport, to, connectMs: 200 }],
  ],
  [
    'a refusal for good is an answer',
    delivery(relay, `bounced (host ${relay.slice(0, -3)} said: 550 5.1.1 no)`),
    [{ kind: 'answered', transport, to, connectMs: 200 }],
  ],
  ['a connect that timed out', `${head}connect to ${relay}: Connection timed out`, [failed('timeout')]],
  ['a connect that was refused', `${head}connect to ${relay}: Connection refused`, [failed('refused')]],
  ['a connect without a route', `${head}connect to ${relay}: No route to host`, [failed('host_unreachable')]],
  [
    'a connect without a network',
    `${head}connect to ${relay}: Network is unreachable`,
    [failed('network_unreachable')],
  ],
  [
    'a connect that a router forbids',
    `${head}connect to ${relay}: Permission denied`,
    [failed('prohibited')],
  ],
  ['a connect that was reset', `${head}connect to ${relay}: Connection reset by peer`, [failed('reset')]],
  ['a connect that failed in a way of its own', `${head}connect to ${relay}: Invalid argument`, []],
  ['a host is written in any case', delivery(relay.replace('mx.r', 'MX.R'), 'sent (250 Ok)'), [answered]],
  ['an address that is none', delivery('mx.remote.example[999.2.0.25]:25', 'sent (250 Ok)'), []],
  ['a port that is none', delivery('mx.remote.example[192.0.2.25]:99999', 'sent (250 Ok)'), []],
  [
    'a message that waits for a connect',
    delivery('none', `deferred (connect to ${relay}: Connection timed out)`),
    [deferred],
  ],
  [
    'a session that went silent',
    delivery(
      relay,
      'deferred (conversation with mx.remote.example[192.0.2.25] timed out while sending MAIL FROM)',
    ),
    [silent, deferred],
  ],
  [
    'a session that broke before a word',
    delivery(
      relay,
      'deferred (lost connection with mx.remote.example[192.0.2.25] while receiving the initial server greeting)',
    ),
    [silent, deferred],
  ],
  [
    'a message in doubt is a sign, and is not hurried',
    delivery(
      relay,
      'deferred (conversation with mx.remote.example[192.0.2.25] timed out while sending end of data -- message may be sent more than once)',
    ),
    [silent],
  ],
  [
    'names that are not found for now',
    delivery(
      'none',
      'deferred (Host or domain name not found. Name service error for name=remote.example type=MX: Host not found, try again)',
    ),
    [deferred],
  ],
  [
    'an address that is not on the host',
    delivery('none', 'deferred (server configuration error)'),
    [deferred],
  ],
  [
    'a destination that was given up for a while',
    `Nov 24 20:00:00 mail postfix/error[9]: ${id}: to=<a@remote.example>, relay=none, delay=1, delays=1/0/0/0, dsn=4.4.1, status=deferred (delivery temporarily suspended: connect to ${relay}: Connection timed out)`,
    [{ kind: 'deferred', id, transport: null }],
  ],
  [
    'the same by the transport of newer versions',
    suspended('retry', `delivery temporarily suspended: connect to ${relay}: Connection timed out`),
    [{ kind: 'deferred', id, transport: null }],
  ],
  [
    'a destination that was given up because it refused',
    suspended(
      'error',
      `delivery temporarily suspended: host ${relay} said: 421 cannot connect to store: later`,
    ),
    [],
  ],
  ['what error says of its own', suspended('error', `connect to ${relay}: Connection timed out`), []],
  [
    'a message that comes into the queue',
    `Nov 24 20:00:00 mail postfix/qmgr[9]: ${id}: from=<a@example.com>, size=300, nrcpt=1 (queue active)`,
    [],
  ],
  [
    'another program under the name of a transport',
    `${head.replace('/smtp[', '/tlsproxy[')}connect to ${relay}: Connection timed out`,
    [],
  ],
  ['another instance of Postfix', `Nov 24 20:00:00 mail postfix-out/qmgr[9]: ${id}: removed`, []],
  [
    'a message that has left',
    `Nov 24 20:00:00 mail postfix/qmgr[9]: ${id}: removed`,
    [{ kind: 'removed', id }],
  ],
  [
    'a time as in RFC 3339',
    `2026-11-24T20:00:00.123456+00:00 mail postfix/qmgr[9]: ${id}: removed`,
    [{ kind: 'removed', id }],
  ],
  [
    'another transport is no sign',
    `Nov 24 20:00:00 mail postfix/smtp[9]: connect to ${relay}: Connection timed out`,
    [],
  ],
  [
    'a stranger who writes like a log is none',
    `Nov 24 20:00:00 mail postfix/smtpd[9]: warning: x Nov 24 20:00:00 mail ${head}connect to ${relay}: Connection timed out`,
    [],
  ],
  [
    'an IPv6 host',
    `${head}connect to mx.remote.example[2001:db8::25]:25: Connection timed out`,
    [{ kind: 'failed', transport, to: { ...to, address: '2001:db8::25' }, error: 'timeout' }],
  ],
];

for (const [sentence, line, signs] of rows) test(sentence, () => assert.deepEqual(readLogLine(line), signs));

test('one instance of several is known by its name', () => {
  const line = `Nov 24 20:00:00 mail postfix-out/qmgr[9]: ${id}: removed`;
  assert.deepEqual(readLogLine(line, 'postfix-out'), [{ kind: 'removed', id }]);
});

test('no line throws', () => {
  fc.assert(fc.property(fc.string(), text => void readLogLine(text)));
  fc.assert(
    fc.property(fc.string(), text => void readLogLine(`${head}${id}: ${text} status=deferred (${text}`)),
  );
});
