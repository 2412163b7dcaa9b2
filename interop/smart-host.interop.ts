import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { inside } from '../lab/addresses.ts';
import { submit } from '../lab/client.ts';
import { letter } from './letters.ts';
import { assertArrived, smartHost, Town } from './town.ts';

const login = `user: "${smartHost.user}", password_file: smart-host-password`;

suite('an Exim as the smart host, which wants TLS and a login', () => {
  let town: Town;
  before(async () => {
    town = await Town.build({
      lines: `routes:
  - { to: far.example, smart_host: { host: ${smartHost.host}, ${login} } }
  - { to: other-name.example, smart_host: { host: mx.other.example, port: 25 } }
  - { to: wrong-password.example, smart_host: { host: ${smartHost.host}, user: x, password_file: wrong-password } }`,
    });
    await writeFile(join(town.directory, 'wrong-password'), 'guess\n');
  });
  after(() => town.close());

  /** A letter from inside, straight to the relay listener. */
  const send = (to: string, name: string): Promise<void> =>
    submit(town.network.inside, { address: inside.mailHost }, [
      { from: 'us@example.com', to: [to], content: letter(name, 'by the smart host\n') },
    ]);

  test('mail of a route goes to it, under TLS that verifies and with the login', async () => {
    await send('someone@far.example', 'routed');
    await assertArrived(town, town.smartHost, [['routed', 'by the smart host\n']]);
    assert.match(
      await town.smartHost.log(),
      /<= us@example\.com .* P=esmtpsa X=TLS1\.[23]\S+ .*A=(plain|login):mail@example\.com/,
    );
  });

  const kept: readonly (readonly [string, string, RegExp])[] = [
    ['a certificate of another name', 'someone@other-name.example', /certificate/i],
    ['a login that is refused', 'someone@wrong-password.example', /535|login|authent/i],
  ];
  for (const [why, to, reason] of kept)
    test(`${why}: the mail waits and nothing was said in clear text`, async () => {
      await send(to, why);
      await town.until('the attempt', async () =>
        (await town.gateway.trace(to)).some(({ event }) => event === 'deferred'),
      );
      const events = await town.gateway.trace(to);
      assert.ok(!events.some(({ event }) => event === 'bounced' || event === 'delivered'));
      assert.match(events.map(event => `${event.reason} ${event.reply}`).join(' '), reason);
      assert.ok(!(await town.smartHost.letters()).has(why));
    });
});
