import assert from 'node:assert/strict';
import test from 'node:test';
import { AnswerCache, type CachedAnswer } from './answer-cache.ts';
import { PathMemory } from './path-memory.ts';
import { parseResolvConf } from './real-system-resolvers.ts';

const day = 86_400_000;

function answer(freshUntil: number): CachedAnswer {
  return {
    kind: 'nodata',
    name: 'a.example',
    data: [],
    authenticated: false,
    freshUntil,
    servesStaleUntil: 0,
  };
}

test('dns cache: an answer is kept for a day beyond its time, and not longer', () => {
  const cache = new AnswerCache(10);
  cache.set('A a.example', answer(1_000));
  assert.ok(cache.get('A a.example', 999 + day));
  assert.equal(cache.get('A a.example', 1_000 + day), null);
  assert.equal(cache.size, 0);
});

test('dns cache: the least recently used goes first', () => {
  const cache = new AnswerCache(2);
  cache.set('one', answer(1_000));
  cache.set('two', answer(1_000));
  cache.get('one', 0);
  cache.set('three', answer(1_000));
  assert.deepEqual(
    ['one', 'two', 'three'].map(key => cache.get(key, 0) !== null),
    [true, false, true],
  );
});

test('ways to ask: silence is forgotten after 30 s, and by an answer', () => {
  const memory = new PathMemory();
  memory.answered('one');
  memory.silent('one', 0);
  assert.deepEqual([memory.isSilent('one', 29_999), memory.isSilent('one', 30_000)], [true, false]);
  assert.equal(memory.lastGood, null);
  memory.silent('two', 0);
  memory.answered('two');
  assert.deepEqual([memory.isSilent('two', 1), memory.lastGood], [false, 'two']);
});

const files: [string, string, string][] = [
  ['an empty file means this host', '', '127.0.0.1 trusted'],
  [
    'the name servers in order',
    '# x\nnameserver 192.0.2.53\nnameserver\t127.0.0.53 \n',
    '192.0.2.53, 127.0.0.53 trusted',
  ],
  ['IPv6', 'nameserver ::1\nnameserver 2001:db8::53', '::1 trusted, 2001:db8::53'],
  [
    'what is no address is left out',
    'search example.com\nnameserver ns.example.com\nnameserver 192.0.2.53',
    '192.0.2.53',
  ],
];
for (const [sentence, text, expected] of files) {
  test(`resolv.conf: ${sentence}`, () => {
    const servers = parseResolvConf(text);
    assert.equal(
      servers.map(each => `${each.address}${each.trustAd ? ' trusted' : ''}`).join(', '),
      expected,
    );
  });
}
