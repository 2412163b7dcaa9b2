import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { waitingForNetwork } from './queue-listing.ts';

const silent = 'connect to mx.remote.example[192.0.2.25]:25: Connection timed out';
const suspended = `delivery temporarily suspended: ${silent}`;
const refused =
  'host mx.remote.example[192.0.2.25] said: 450 4.7.1 cannot connect to store: later (in reply to RCPT TO command)';
const doubtful =
  'lost connection with mx.remote.example[192.0.2.25] while sending end of data -- message may be sent more than once';

function listed(id: string, reasons: readonly string[], arrival = 1_764_448_000, queue = 'deferred'): string {
  return JSON.stringify({
    queue_name: queue,
    queue_id: id,
    arrival_time: arrival,
    message_size: 300,
    forced_expire: false,
    sender: 'us@example.com',
    recipients: reasons.map(reason => ({ address: 'a@remote.example', delay_reason: reason })),
  });
}

const rows: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ['what could not connect', [listed('4F3A1C2D3E', [silent])], ['4F3A1C2D3E']],
  ['a destination that was given up for a while', [listed('4F3A1C2D3E', [suspended])], ['4F3A1C2D3E']],
  ['what a host refused waits for that host', [listed('4F3A1C2D3E', [refused])], []],
  ['what is in doubt waits for its time', [listed('4F3A1C2D3E', [doubtful])], []],
  ['one recipient of another reason is enough', [listed('4F3A1C2D3E', [silent, doubtful])], []],
  ['what is not deferred is not waiting', [listed('4F3A1C2D3E', [silent], 1, 'active')], []],
  ['what has no recipient or no sound ID', [listed('4F3A1C2D3E', []), listed('-d ALL', [silent])], []],
  [
    'the eldest comes first',
    [
      listed('4F3A1C2D3E', [silent], 2),
      'warning: something else',
      'null',
      '',
      listed('4F3A1C2D3F', [silent], 1),
    ],
    ['4F3A1C2D3F', '4F3A1C2D3E'],
  ],
];

for (const [sentence, lines, ids] of rows)
  test(`the queue before a start: ${sentence}`, () =>
    assert.deepEqual(waitingForNetwork(`${lines.join('\n')}\n`), ids));

test('no listing throws', () => {
  fc.assert(fc.property(fc.json(), text => void waitingForNetwork(text)));
  fc.assert(fc.property(fc.string(), text => void waitingForNetwork(text)));
});
