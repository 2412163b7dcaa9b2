import assert from 'node:assert/strict';
import test from 'node:test';
import type { TraceEvent } from '../../src/runtime/events.ts';
import type { Delivery } from '../../src/surface/demo/receiver-session.ts';
import { faultsOf } from './judge.ts';
import type { Outcome } from './outcome.ts';
import { drawPlan } from './plan.ts';

const minute = 60_000;

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
const report: Delivery = {
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
const bounced: TraceEvent = { ...doubt, event: 'bounced', reason: '550 5.1.1 No such user here' };
const accepted: TraceEvent = { ...doubt, event: 'accepted', reason: null };
const attempt: TraceEvent = { ...doubt, event: 'attempt', reason: 'preferred' };
const underWay = { id: doubt.id, recipient: 'r@remote.example' };
const plan = drawPlan(1, minute);
const patient = { ...plan, uncommon: { ...plan.uncommon, expireMs: 60 * minute } };

/** One message, and nothing wrong. */
const sound: Outcome = {
  plan: patient,
  acknowledged: [
    {
      messageId: '<1@example.com>',
      reversePath: 's1@example.com',
      recipients: ['r@remote.example'],
      bodyDigest: 'digest',
      at: 0,
      monotonicAt: 0,
    },
  ],
  deliveries: [delivery],
  trace: [accepted],
  severed: [],
  queued: new Set(),
  identities: new Map([
    ['198.51.100.30', 'mail.example.com'],
    ['203.0.113.40', 'mail2.example.com'],
  ]),
  given: new Set(['198.51.100.30 mail.example.com']),
  refusedForGood: new Set(),
  complaints: [],
  calmAt: 0,
  mostSockets: 10,
  leftSockets: 0,
  leftTimers: 0,
  work: { steps: 100, calls: 1, heard: 10 },
  lives: 1,
  fingerprint: '',
  simulatedMs: 60 * minute,
};

const many = (times: number): TraceEvent[] =>
  Array.from({ length: times }, () => ({ ...doubt, event: 'attempt' }));

const histories: readonly [string, Partial<Outcome>, readonly RegExp[]][] = [
  ['delivered once is right', {}, []],
  [
    'bounced is right where its receiver refused it and its sender was told',
    { deliveries: [report], trace: [accepted, bounced], refusedForGood: new Set(['s1@example.com']) },
    [],
  ],
  [
    'bounced and not told is lost',
    { deliveries: [], trace: [accepted, bounced], refusedForGood: new Set(['s1@example.com']) },
    [/is lost for r@remote/],
  ],
  [
    'bounced though no receiver refused it is a fault',
    { deliveries: [report], trace: [accepted, bounced] },
    [/to r@remote.example bounced: 550/],
  ],
  ['nowhere is lost', { deliveries: [] }, [/is lost for r@remote/]],
  [
    'queued is not lost, and yet not right when all was well for hours',
    { deliveries: [], queued: new Set(['s1@example.com']) },
    [/still queued hours after/],
  ],
  ['twice without a doubt is a fault', { deliveries: [delivery, delivery] }, [/2 times .* doubts/]],
  [
    'twice is right where the client offered it twice',
    { deliveries: [delivery, delivery], trace: [accepted, { ...accepted, id: '00000000002' }] },
    [],
  ],
  ['twice after a doubt is right', { deliveries: [delivery, delivery], trace: [accepted, doubt] }, []],
  [
    'three times after one doubt is a fault',
    { deliveries: [delivery, delivery, delivery], trace: [accepted, doubt] },
    [/3 times .* doubts/],
  ],
  [
    'twice after a doubt about another recipient is a fault',
    { deliveries: [delivery, delivery], trace: [{ ...doubt, recipient: 'q@remote.example' }] },
    [/2 times .* doubts/],
  ],
  [
    'what was under way as the gateway ended, and is doubted, is right',
    { trace: [accepted, attempt, doubt, attempt], severed: [{ ...underWay, traced: 2 }] },
    [],
  ],
  [
    'what was under way as the gateway ended, and is sent again without a doubt, is a fault',
    { trace: [accepted, attempt, attempt, doubt], severed: [{ ...underWay, traced: 2 }] },
    [/was under way to r@remote.example as the gateway ended/],
  ],
  [
    'a doubt of an earlier life is none of this one',
    { trace: [accepted, attempt, doubt, attempt], severed: [{ ...underWay, traced: 4 }] },
    [/no doubt was recorded/],
  ],
  ['another body is a fault', { deliveries: [{ ...delivery, bodyDigest: 'other' }] }, [/with another body/]],
  [
    'the other egress’s name is a fault, in mail, in the trace and in what a probe said',
    {
      deliveries: [{ ...delivery, ehlo: 'mail2.example.com' }],
      trace: [{ ...doubt, ehlo: 'mail2.example.com' }],
      given: new Set(['198.51.100.30 mail2.example.com']),
    },
    [/came from 198.51.100.30 as mail2/, /The trace of .* as mail2/, /A receiver heard mail2.example.com/],
  ],
  ['a trace without a reason is a fault', { trace: [{ ...doubt, reason: null }] }, [/does not say why/]],
  [
    'a trace whose reason ends where it should begin is a fault',
    { trace: [{ ...attempt, reason: 'preferred; tried again: ' }] },
    [/does not say why/],
  ],
  [
    'mail for a smart host in clear is a fault',
    { deliveries: [{ ...delivery, to: '198.18.7.10' }] },
    [/in clear or without a login/],
  ],
  [
    'expiry before its time is a fault',
    { deliveries: [report], trace: [accepted, { ...doubt, event: 'expired', at: 59 * minute }] },
    [/expired 59 minutes after/],
  ],
  [
    'expiry in its time is right',
    { deliveries: [report], trace: [accepted, { ...doubt, event: 'expired', at: 60 * minute }] },
    [],
  ],
  ['sockets and timers that stay are faults', { leftSockets: 1, leftTimers: 2 }, [/1 sockets/, /2 timers/]],
  ['a crowd of sockets is a fault', { mostSockets: 5_000 }, [/5000 sockets/]],
  ['work without end is a fault', { work: { ...sound.work, steps: 10_000_000 } }, [/9999990 steps/]],
  [
    'work is right where clients whose mail nobody could store called and called, and said much each time',
    { work: { steps: 850_000, calls: 18_000, heard: 600_000 } },
    [],
  ],
  [
    'the same work for one call is a fault, however much was heard in it',
    { work: { steps: 850_000, calls: 1, heard: 600_000 } },
    [/250000 steps for 1 recipients, 1 calls and 3600 s are more than/],
  ],
  [
    'a step every twenty milliseconds, with nobody calling, is a fault',
    { work: { steps: 180_000, calls: 0, heard: 0 } },
    [/180000 steps/],
  ],
  ['attempts without end are a fault', { trace: many(100) }, [/attempted 100 times/]],
  [
    'mail that waits in calm is a fault',
    {
      acknowledged: sound.acknowledged.map(each => ({
        ...each,
        at: 20 * minute,
        monotonicAt: 20 * minute,
      })),
      deliveries: [{ ...delivery, at: 30 * minute }],
    },
    [/sent in calm, took 600 s/],
  ],
  [
    'mail that waits in the storm is right, though the wall said then what it says in calm',
    {
      acknowledged: sound.acknowledged.map(each => ({ ...each, at: 20 * minute })),
      deliveries: [{ ...delivery, at: 30 * minute }],
    },
    [],
  ],
  ['what was seen as it happened is told', { complaints: ['isp1 is down'] }, [/isp1 is down/]],
];
for (const [sentence, part, faults] of histories) {
  test(`judging a storm: ${sentence}`, () => {
    const told = faultsOf({ ...sound, ...part });
    assert.equal(told.length, faults.length, told.join('\n'));
    for (const [place, fault] of faults.entries()) assert.match(told[place] ?? '', fault);
  });
}
