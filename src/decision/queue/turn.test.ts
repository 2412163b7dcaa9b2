import assert from 'node:assert/strict';
import test from 'node:test';
import type { MessageClient } from './queued.ts';
import { destinationTurn, isDestinationTurn, senderTurn } from './turn.ts';

const inside: MessageClient = { address: '10.20.0.10', helo: 'x', listener: 'l', uplink: null };
const outside: MessageClient = { ...inside, address: '192.0.2.7', uplink: 'isp1' };

const turns: [string, MessageClient | null, string, string][] = [
  ['of our networks it is the client and the mailbox', inside, 'a@Example.com', '<10.20.0.10 a@example.com'],
  ['a list has one turn for all its mail', inside, 'news+4711=b@example.com', '<10.20.0.10 news@example.com'],
  ['and so has a counting one', inside, 'news4711@example.com', '<10.20.0.10 news@example.com'],
  ['a number in the domain is no count', inside, 'a@b2.example', '<10.20.0.10 a@b2.example'],
  ['of the world it is the domain', outside, 'a@remote.example', '<remote.example'],
  ['the bounces of the world have one', outside, '', '<'],
  ['and so have ours', null, '', '<'],
];
for (const [sentence, client, reversePath, expected] of turns) {
  test(`turn: ${sentence}`, () => {
    assert.equal(senderTurn({ client, reversePath }), expected);
    assert.equal(isDestinationTurn(expected), false);
  });
}

test('turn: a retry waits for its domain, whatever its case', () => {
  assert.equal(destinationTurn('a@Remote.Example'), '>remote.example');
  assert.ok(isDestinationTurn('>remote.example'));
});
