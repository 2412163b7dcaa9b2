import assert from 'node:assert/strict';
import test from 'node:test';
import { HandshakeNotices } from './handshake-notices.ts';

test('handshakes that fail are told at each listener at once, then by their number', () => {
  const notices = new HandshakeNotices();
  assert.equal(notices.failed('198.51.100.30:25', 'It failed.', 0), 'It failed.');
  for (let at = 1; at < 1_000; at += 1) assert.equal(notices.failed('198.51.100.30:25', 'No.', at), null);
  assert.equal(notices.failed('203.0.113.40:25', 'It failed.', 1_000), 'It failed.');
  assert.equal(
    notices.failed('198.51.100.30:25', 'It failed.', 10_000),
    'It failed. 999 more handshakes failed here since the last such notice.',
  );
  assert.equal(notices.failed('198.51.100.30:25', 'It failed.', 20_000), 'It failed.');
});
