import assert from 'node:assert/strict';
import test from 'node:test';
import { realClock } from '../real-clock.ts';
import { RecipientMemory } from './recipient-memory.ts';

function factStore() {
  const facts = new Map<string, string>();
  return {
    recall: (key: string) => Promise.resolve({ ok: true, value: facts.get(key) ?? null } as const),
    remember(key: string, value: string | null) {
      if (value === null) facts.delete(key);
      else facts.set(key, value);
      return Promise.resolve({ ok: true, value: undefined } as const);
    },
  };
}

const known = { known: true, at: 1, words: '' };
const unknown = { known: false, at: 1, words: '550 5.1.1 No such user' };

test('recipient memory: names that strangers make up drive out nobody who was learnt for a backup', async () => {
  const store = factStore();
  const memory = new RecipientMemory(realClock, store);
  for (let count = 0; count < 1_000; count++)
    memory.set(`user${count}@example.com`, { ...known, durable: true });
  for (let count = 0; count < 80_000; count++) {
    memory.set(`made${count}@example.com`, { ...unknown, durable: true });
    memory.set(`up${count}@example.org`, { ...known, durable: false });
  }
  assert.equal(memory.get('made0@example.com'), null, 'what is unknown is bounded');
  assert.equal(memory.get('up0@example.org'), null, 'what is known is bounded');
  await memory.flush();
  const after = new RecipientMemory(realClock, store);
  await after.load();
  for (let count = 0; count < 1_000; count++) {
    assert.ok(memory.get(`user${count}@example.com`), 'kept');
    assert.ok(after.get(`user${count}@example.com`), 'kept over a restart');
  }
});

test('recipient memory: the last answer holds, whatever was known before', async () => {
  const store = factStore();
  const memory = new RecipientMemory(realClock, store);
  memory.set('user@example.com', { ...known, durable: true });
  memory.set('user@example.com', { ...unknown, durable: true });
  assert.equal(memory.get('user@example.com')?.known, false);
  memory.set('user@example.com', { ...known, durable: false });
  await memory.flush();
  const after = new RecipientMemory(realClock, store);
  await after.load();
  assert.equal(after.get('user@example.com'), null);
});
