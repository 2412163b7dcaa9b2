import assert from 'node:assert/strict';
import test from 'node:test';
import type { TraceEvent } from '../../src/runtime/events.ts';
import type { Delivery } from '../../src/surface/demo/receiver-session.ts';
import { faultsOf, type History } from './gateway-history.ts';

const identities = new Map([
  ['198.51.100.30', 'mail.example.com'],
  ['203.0.113.40', 'mail2.example.com'],
]);

const delivery: Delivery = {
  to: '192.0.2.10',
  remoteAddress: '198.51.100.30',
  ehlo: 'mail.example.com',
  mailFrom: 's1@example.com',
  rcptTo: ['r@remote.example'],
  messageId: '<1@example.com>',
  sessionAt: 0,
  startedAt: 0,
  greetedAt: 0,
  mailAt: 0,
  at: 1,
  sizeBytes: 10,
  bodyDigest: 'digest',
  mailParameters: '',
  rcptParameters: [''],
  chunks: 0,
  tls: null,
  resumed: false,
  login: null,
  xclient: null,
};
const bounce: Delivery = {
  ...delivery,
  mailFrom: '',
  rcptTo: ['s1@example.com'],
  messageId: '<b@example.com>',
};
const doubt: TraceEvent = {
  at: 0,
  id: '00000000001',
  recipient: 'r@remote.example',
  sender: 's1@example.com',
  event: 'in_doubt',
  uplink: 'isp1',
  source: '198.51.100.30',
  ehlo: 'mail.example.com',
  host: null,
  address: null,
  reply: null,
  tls: null,
  blame: 'egress',
  reason: 'no answer after the final dot',
  elapsedMs: 1,
};

const histories: [string, Partial<History>, string[]][] = [
  ['delivered once is right', { deliveries: [delivery] }, []],
  ['bounced is right', { deliveries: [bounce] }, []],
  ['still queued is right', { queued: new Set(['s1@example.com']) }, []],
  ['nowhere is lost', {}, ['<1@example.com> was acknowledged and is lost.']],
  [
    'twice without a doubt is a fault',
    { deliveries: [delivery, delivery] },
    ['<1@example.com> arrived 2 times, and no doubt was recorded.'],
  ],
  [
    'twice is right where the client offered it twice',
    { deliveries: [delivery, delivery], offeredAgain: new Set(['<1@example.com>']) },
    [],
  ],
  ['twice after a doubt is right', { deliveries: [delivery, delivery], trace: [doubt] }, []],
  [
    'another body is a fault',
    { deliveries: [{ ...delivery, bodyDigest: 'other' }] },
    ['<1@example.com> arrived with another body.'],
  ],
  [
    'the other egress’s name is a fault',
    { deliveries: [{ ...delivery, ehlo: 'mail2.example.com' }] },
    ['<1@example.com> came from 198.51.100.30 as mail2.example.com.'],
  ],
  [
    'a trace without a reason is a fault',
    { deliveries: [delivery], trace: [{ ...doubt, reason: null }] },
    ['The trace does not say why s1@example.com was in_doubt.'],
  ],
];
for (const [sentence, part, faults] of histories) {
  test(`judging a history: ${sentence}`, () => {
    const acknowledged = [
      { messageId: '<1@example.com>', reversePath: 's1@example.com', bodyDigest: 'digest' },
    ];
    const history = {
      acknowledged,
      deliveries: [],
      trace: [],
      queued: new Set<string>(),
      offeredAgain: new Set<string>(),
      ...part,
    };
    assert.deepEqual(faultsOf(history, identities), faults);
  });
}
