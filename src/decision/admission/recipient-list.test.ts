import assert from 'node:assert/strict';
import test from 'node:test';
import { RecipientList } from './recipient-list.ts';

function listOf(text: string): RecipientList {
  const list = new RecipientList();
  for (const line of text.split('\n')) list.add(line);
  return list;
}

const list = listOf(
  [
    '# exported 2026-11-24',
    'User@Example.com',
    'sales  # the shop',
    'a+b@example.com',
    '',
    'other@example.org',
    'not an address',
    'broken@',
    '\u0000binary',
  ].join('\r\n'),
);

const rows: [string, string, boolean][] = [
  ['an address', 'user@example.com', true],
  ['in any case', 'USER@example.COM', true],
  ['in another domain it is another', 'user@example.org', false],
  ['a local part alone stands for every domain', 'sales@example.org', true],
  ['what follows a plus is a tag', 'user+tag@example.com', true],
  ['of a local part too', 'sales+x@example.com', true],
  ['an entry with a plus stands as it is', 'a+b@example.com', true],
  ['and does not make its base known', 'a@example.com', false],
  ['a plus at the start is no tag', '+user@example.com', false],
  ['an address of one domain only', 'other@example.com', false],
  ['nobody', 'nobody@example.com', false],
];
for (const [sentence, forwardPath, expected] of rows)
  test(`recipient list: ${sentence}`, () => assert.equal(list.has(forwardPath), expected));

test('recipient list: what is no address is counted with its line, and not taken', () => {
  assert.equal(list.size, 4);
  assert.equal(list.bad, 3);
  assert.equal(list.firstBad, 7);
});

test('recipient list: how many of another are missing', () => {
  assert.equal(listOf('user@example.com\nnew@example.com').lacks(list), 3);
});
