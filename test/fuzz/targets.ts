import assert from 'node:assert/strict';
import { circleRefusal } from '../../src/decision/admission/circle.ts';
import { policyValues } from '../../src/decision/audit/rules/sts-policy.ts';
import { readLogLine } from '../../src/decision/postfix/log-line.ts';
import { decodeQuery, decodeResponse, encodeAnswer } from '../../src/protocol/dns/message.ts';
import { StreamReader } from '../../src/protocol/dns/stream.ts';
import { headerSection } from '../../src/protocol/message/header.ts';
import { receivedCount, receivedStamps } from '../../src/protocol/message/received.ts';
import { parseTags } from '../../src/protocol/message/tag-list.ts';
import { parseCommand } from '../../src/protocol/smtp/command.ts';
import { parseExtensions } from '../../src/protocol/smtp/extensions.ts';
import { ReplyParser } from '../../src/protocol/smtp/reply.ts';
import { evaluateSpf } from '../../src/protocol/spf/evaluate.ts';
import { namesHost } from '../../src/protocol/tls/certificate-name.ts';
import { parseTlsa } from '../../src/protocol/tls/tlsa.ts';
import { certificateFact } from '../../src/runtime/audit/certificate-fact.ts';
import { LineReader } from '../../src/surface/control/line-reader.ts';
import { controlRequest } from '../../src/surface/control/protocol.ts';
import { clientDialogue, serverDialogue } from './dialogues.ts';
import { feedHttp } from './http-peer.ts';

/** One reader of what comes from outside. `feed` throws where it does what it must not; an exception of the code is one. */
export type Target = {
  /** Its folder in `test/corpus`. */
  readonly name: string;
  /** Words of its language, one byte a character. */
  readonly words: readonly string[];
  feed(bytes: Buffer): void | Promise<void>;
};

const text = (bytes: Buffer): string => bytes.toString('latin1');
const lines = (bytes: Buffer): string[] => text(bytes).split(/\r?\n/);

const smtpWords = [
  'EHLO client.example\r\n',
  'HELO c\r\n',
  'MAIL FROM:<a@b.example>',
  'RCPT TO:<b@example.com>',
  'RCPT TO:<"x y"@[IPv6:2001:db8::1]>',
  ' SIZE=100',
  ' BODY=8BITMIME',
  ' SMTPUTF8',
  ' RET=HDRS ENVID=x',
  ' NOTIFY=NEVER ORCPT=rfc822;x+40y',
  'DATA\r\n',
  'BDAT 5\r\n',
  'BDAT 4 LAST\r\n',
  'BDAT 99999999999999999999\r\n',
  'STARTTLS\r\n',
  'RSET\r\n',
  'NOOP\r\n',
  'VRFY x\r\n',
  'QUIT\r\n',
  '\r\n.\r\n',
  '\n.\n',
  '\r\n..\r\n',
  '\r\n',
  '\n',
  '\r',
  '\0',
  '\x16\x03\x01',
  'GET / HTTP/1.1\r\n',
];

const replyWords = [
  '220 mx ESMTP\r\n',
  '250-mx\r\n',
  '250 ok\r\n',
  '250 2.1.0 ok\r\n',
  '250-SIZE 100\r\n',
  '250-PIPELINING\r\n',
  '250-CHUNKING\r\n',
  '250-8BITMIME\r\n',
  '250-STARTTLS\r\n',
  '250-AUTH PLAIN LOGIN\r\n',
  '250 DSN\r\n',
  '354 go\r\n',
  '334 VXNlcm5hbWU6\r\n',
  '235 in\r\n',
  '421 4.3.2 away\r\n',
  '451 4.3.0 later\r\n',
  '452 4.5.3 many\r\n',
  '503 what\r\n',
  '550-5.1.1 no\r\n',
  '550 5.1.1 no\r\n',
  '250\r\n',
  '999 x\r\n',
  '\r\n',
  '\n',
  '\xff',
];

const happens = ['\x01', '\x02', '\x03', '\x04', '\x05'];

const nothing = {
  rcode: 'noerror',
  truncated: false,
  authenticated: false,
  answers: [],
  authorities: [],
} as const;

export const targets: readonly Target[] = [
  { name: 'server-session', words: [...smtpWords, ...happens], feed: serverDialogue },
  { name: 'client-session', words: [...replyWords, ...happens], feed: clientDialogue },
  {
    name: 'command',
    words: smtpWords,
    feed(bytes) {
      for (const line of lines(bytes)) {
        const command = parseCommand(line);
        if (command.verb === 'bad') assert.ok(command.reply.code >= 500);
        else assert.ok(!/[\r\n\0]/.test(JSON.stringify(command)));
      }
    },
  },
  {
    name: 'reply',
    words: replyWords,
    feed(bytes) {
      const parser = new ReplyParser();
      for (const line of lines(bytes)) {
        const progress = parser.push(line);
        if (progress.kind === 'bad') return;
        if (progress.kind === 'reply') parseExtensions(progress.reply);
      }
    },
  },
  {
    name: 'dns',
    words: ['\0\x01', '\xc0\x0c', '\x07example\x03com\0', '\0\x0f\0\x01', '\0\x34\0\x01', '\x3f', '\xff'],
    feed(bytes) {
      decodeResponse(bytes);
      const query = decodeQuery(bytes);
      if (query !== null) encodeAnswer(query, nothing);
      const reader = new StreamReader();
      const half = bytes.length >> 1;
      const found = [...reader.push(bytes.subarray(0, half)), ...reader.push(bytes.subarray(half))];
      assert.ok(found.reduce((sum, message) => sum + message.length + 2, 0) <= bytes.length);
    },
  },
  {
    name: 'header',
    words: [
      'Received: ',
      'from a (b)\r\n\tby ',
      ' id ',
      ' with ESMTP',
      ';',
      '\r\n',
      '\r\n\r\n',
      '\r\n\t',
      '\n',
      '(',
    ],
    feed(bytes) {
      const section = headerSection(bytes, 1_000);
      assert.ok(section.length <= 1_000 && bytes.subarray(0, section.length).equals(section));
      assert.ok(receivedStamps(bytes).length <= receivedCount(bytes) + bytes.length);
      circleRefusal(bytes, new Set(['mx.example.com']));
    },
  },
  {
    name: 'spf',
    words: [
      'v=spf1 ',
      ' a',
      ' mx',
      ' ptr',
      ' include:',
      'example.com',
      ' redirect=',
      ' exists:%{ir}.x',
      ' -all',
      '%{',
      '/24',
    ],
    feed(bytes) {
      const record = text(bytes);
      const check = {
        domain: 'example.com',
        address: '192.0.2.1',
        sender: 'a@example.com',
        helo: 'mail.example.com',
      };
      const { lookUps } = evaluateSpf(check, ({ type }) =>
        type === 'TXT' ? { kind: 'records', values: [record] } : { kind: 'records', values: ['192.0.2.9'] },
      );
      assert.ok(lookUps <= 11, `${lookUps} look-ups`);
    },
  },
  {
    name: 'certificate',
    words: [
      '-----BEGIN CERTIFICATE-----\n',
      '-----END CERTIFICATE-----\n',
      '\x30\x82',
      '\x06\x03\x55\x1d\x11',
      '3 1 1 ',
      'ab',
    ],
    feed(bytes) {
      parseTlsa(text(bytes));
      const fact = certificateFact(bytes);
      for (const name of fact?.names ?? lines(bytes)) namesHost(name, 'mail.example.com');
    },
  },
  {
    name: 'policy',
    words: [
      'version: STSv1\r\n',
      'mode: enforce\n',
      'mx: *.example.com\n',
      'max_age: 604800\n',
      'v=STSv1; id=',
      'v=DKIM1; p=',
      ';',
      '=',
    ],
    feed(bytes) {
      for (const key of ['version', 'mode', 'mx', 'max_age']) policyValues(text(bytes), key);
      parseTags(text(bytes));
    },
  },
  {
    name: 'postfix-log',
    words: [
      'postfix/smtp[12]: ',
      'postfix/postern-isp1/smtp[3]: ',
      '4Xabc: to=<a@b>, relay=mx[192.0.2.1]:25',
      ', delay=1',
      ', dsn=4.4.1',
      ', status=deferred (',
      'connect to ',
      ')',
      'warning: ',
    ],
    feed(bytes) {
      for (const line of lines(bytes)) readLogLine(line);
    },
  },
  {
    name: 'control',
    words: [
      '{"command":"uplinks","watch":false}',
      '{"command":"queue_list","filter":{}}',
      '"forMs":1e999',
      '[[[[',
      '\n',
      '\\ud800',
      'null',
    ],
    feed(bytes) {
      const reader = new LineReader(2_000);
      for (const line of [
        ...(reader.push(bytes.subarray(0, 7)) ?? []),
        ...(reader.push(bytes.subarray(7)) ?? []),
      ]) {
        assert.ok(Buffer.byteLength(line) <= 3 * 2_000);
        const value = jsonOf(line);
        if (value !== undefined) controlRequest.safeParse(value);
      }
    },
  },
  {
    name: 'http',
    words: [
      'GET /metrics HTTP/1.1\r\n',
      'HEAD / HTTP/1.0\r\n',
      'Host: x\r\n',
      'Content-Length: 5\r\n',
      'Transfer-Encoding: chunked\r\n',
      'Connection: keep-alive\r\n',
      '\r\n',
      '%',
      '0\r\n\r\n',
    ],
    feed: feedHttp,
  },
];

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
