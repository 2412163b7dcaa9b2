import assert from 'node:assert/strict';
import test from 'node:test';
import type { LeasedRecipient } from '../../decision/queue/queued.ts';
import { senderTurn } from '../../decision/queue/turn.ts';
import { InHand } from './in-hand.ts';

function leased(place: number, sender: string, attempts = 0, bytes = 10): LeasedRecipient {
  const id = `M${place}`;
  return {
    message: {
      id,
      receivedAt: 0,
      reversePath: `someone@${sender}`,
      sizeBytes: bytes,
      bodyType: '7bit',
      client: null,
    },
    body: { kind: 'inline', bytes: Buffer.alloc(bytes) },
    recipient: {
      message: id,
      index: 0,
      forwardPath: 'r@remote.example',
      state: 'active',
      attempts,
      nextAttemptAt: 0,
      lease: null,
      lastEgress: null,
      lastReply: null,
      doubt: null,
    },
  };
}

const heap = (count: number, sender: string, attempts = 0, bytes = 10): LeasedRecipient[] =>
  Array.from({ length: count }, (_, place) => leased(place + attempts * 100_000, sender, attempts, bytes));

const one = senderTurn({ client: null, reversePath: 'a@one.example' });
const two = senderTurn({ client: null, reversePath: 'b@two.example' });

test('in hand: however many retries are due, new mail finds a place', () => {
  const hand = new InHand();
  hand.add(heap(hand.limits.retried, 'one.example', 1));
  assert.equal(hand.limits.retried, 0);
  assert.equal(hand.room, 3_000);
  assert.equal(hand.roomFor(one), 3_000);
  assert.equal(hand.limits.fresh, 1_000, 'and the doors have a share that no mail of the store takes');
});

test('in hand: however much new mail there is, retries find a place', () => {
  const hand = new InHand();
  hand.add(heap(hand.room, 'one.example'));
  assert.equal(hand.room, 0);
  assert.equal(hand.limits.retried, 1_000);
});

test('in hand: one sender has no more of the room than is left for all others', () => {
  const hand = new InHand();
  const mail = heap(4_500, 'one.example');
  hand.add(mail);
  assert.equal(hand.roomFor(one), 0);
  assert.equal(hand.roomFor(two), 4_500);
  hand.remove(mail);
  assert.equal(hand.roomFor(one), 9_000);
  assert.ok(hand.isEmpty);
});

test('in hand: the bytes of retries leave room for those of new mail', () => {
  const hand = new InHand();
  hand.add(heap(100, 'one.example', 1, 1_000_000));
  assert.equal(hand.limits.retried, 0);
  assert.equal(hand.room, 9_000);
  hand.add(heap(40, 'two.example', 0, 1_000_000));
  assert.equal(hand.room, 0);
});

test('in hand: a body that recipients share counts once', () => {
  const hand = new InHand();
  const first = leased(1, 'one.example', 0, 100_000_000);
  const second = { ...first, recipient: { ...first.recipient, index: 1 } };
  hand.add([first, second]);
  assert.ok(hand.room > 0);
  hand.remove([first]);
  hand.remove([second]);
  hand.add([leased(2, 'one.example', 0, 140_000_000)]);
  assert.equal(hand.room, 0);
});
