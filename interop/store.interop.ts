import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { uplinks } from '../lab/addresses.ts';
import { line, speak, submit } from '../lab/client.ts';
import { letter } from './letters.ts';
import { assertArrived, Town } from './town.ts';

const door = { address: uplinks[0].source, port: 25, source: '192.0.2.25' };

suite('a Postfix as the mail store', () => {
  let town: Town;
  before(async () => {
    town = await Town.build();
  });
  after(() => town.close());

  /** What each RCPT was told at the first door, in one session. */
  async function rcpt(...paths: readonly string[]): Promise<readonly string[]> {
    const steps = [
      line('EHLO mx.remote.example'),
      line('MAIL FROM:<someone@remote.example>'),
      ...paths.map(path => line(`RCPT TO:<${path}>`)),
      line('QUIT'),
    ];
    const replies = await speak(town.network.internet, { ...door, steps });
    return replies.slice(3, 3 + paths.length);
  }

  test('XCLIENT: it sees the client that the gateway saw', async () => {
    await submit(town.network.internet, door, [
      { from: 'someone@remote.example', to: ['us@example.com'], content: letter('for the store', 'hello\n') },
    ]);
    const arrived = await assertArrived(town, town.store, [['for the store', 'hello\n']]);
    assert.match(
      arrived.get('for the store')?.header ?? '',
      /Received: from \S+ \(unknown \[192\.0\.2\.25\]\).* by store\.example\.com/,
    );
    assert.match(await town.store.log(), /client=unknown\[192\.0\.2\.25\]/);
  });

  test('callout: an unknown recipient is refused in the session, a known one and postmaster are taken', async () => {
    const [known, unknown, postmaster, again] = await rcpt(
      'us@example.com',
      'nobody-of-this-name@example.com',
      'postmaster@example.com',
      'nobody-of-this-name@example.com',
    );
    assert.match(known ?? '', /^250 /);
    assert.match(unknown ?? '', /^550 5\.1\.1 /);
    assert.match(postmaster ?? '', /^250 /);
    assert.match(again ?? '', /^550 5\.1\.1 /);
    const log = await town.store.log();
    const asked = log.match(/RCPT from .*nobody-of-this-name@example\.com/g) ?? [];
    assert.equal(asked.length, 1, 'the answer is remembered');
  });

  test('callout: a store that takes every recipient is told of, and its answers are not believed', async () => {
    const [anyone] = await rcpt('nobody-of-this-name@exim.example.com');
    assert.match(anyone ?? '', /^250 /);
    await town.until('the operator to be told', () =>
      town.gateway.log.some(entry => /exim\.example\.com/.test(entry) && /takes/.test(entry)),
    );
  });

  test('no door relays', async () => {
    const [elsewhere, routed] = await rcpt('someone@other.example', 'someone%other.example@example.com');
    assert.match(elsewhere ?? '', /^55\d /);
    assert.match(routed ?? '', /^55\d /);
  });
});
