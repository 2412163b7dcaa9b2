import assert from 'node:assert/strict';
import test from 'node:test';
import type { Connection, ConnectionEvents } from '../ports.ts';
import { SmtpConnection, type SmtpConnectionParts } from './smtp-connection.ts';

/** Takes the first out and runs it. */
function runOne(all: Set<() => void>): void {
  const [first] = all;
  if (first === undefined) return;
  all.delete(first);
  first();
}

/** A stranger's connection whose turns come when they are given, and the timers that stand. */
function stranger() {
  const timers = new Set<() => void>();
  const waiting = new Set<() => void>();
  let events: ConnectionEvents | null = null;
  const connection = {
    remoteAddress: '192.0.2.9',
    handle: (heard: ConnectionEvents) => {
      events = heard;
    },
    write: () => true,
    pause: () => {},
    resume: () => {},
  } as unknown as Connection;
  const parts = {
    listener: { role: 'mx', name: 'mx1.example.com', bareNewline: 'refuse' },
    limits: { lineBytes: 2_048, commandTimeoutMs: 1_000, dataTimeoutMs: 1_000, sessionTimeoutMs: 1_000 },
    certificates: null,
    clock: {
      monotonic: () => 0,
      timer: (_ms: number, fire: () => void) => {
        timers.add(fire);
        return { cancel: () => void timers.delete(fire) };
      },
    },
    turn: (work: () => void) => {
      waiting.add(work);
      return () => void waiting.delete(work);
    },
    closed: () => {},
  } as unknown as SmtpConnectionParts;
  new SmtpConnection(connection, parts);
  return {
    timers,
    waiting,
    fire: () => runOne(timers),
    takeTurn: () => runOne(waiting),
    say: (line: string) => events?.data(Buffer.from(`${line}\r\n`)),
    close: () => events?.closed(null),
  };
}

test('a client that is gone before its greeting leaves no timer', () => {
  const { timers, close } = stranger();
  assert.equal(timers.size, 1);
  close();
  assert.equal(timers.size, 0);
});

test('a client that is gone while its greeting waits for its turn leaves nothing to do', () => {
  const { timers, waiting, fire, close } = stranger();
  fire();
  assert.equal(waiting.size, 1);
  close();
  assert.deepEqual([waiting.size, timers.size], [0, 0]);
});

test('a client that is gone while its words wait for their turn leaves nothing to do', () => {
  const { timers, waiting, fire, takeTurn, say, close } = stranger();
  fire();
  takeTurn();
  say('EHLO client.example');
  assert.equal(waiting.size, 1);
  close();
  assert.deepEqual([waiting.size, timers.size], [0, 0]);
});
