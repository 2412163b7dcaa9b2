import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { sites } from '../lab/addresses.ts';
import { type Envelope, submit } from '../lab/client.ts';
import type { Letter } from '../lab/servers/mail-server.ts';
import { letter } from './letters.ts';
import { assertArrived, type Kind, kinds, Town } from './town.ts';

suite('extensions, as real mail servers use them', () => {
  let town: Town;
  before(async () => {
    town = await Town.build();
  });
  after(() => town.close());

  /** Sends a letter from inside to outside, and gives it as it arrived. */
  async function pass(
    from: Kind,
    to: Kind,
    name: string,
    body: string,
    more: Partial<Envelope> = {},
  ): Promise<Letter> {
    const { post } = town.inside(from);
    const site = sites[kinds.indexOf(to)];
    assert.ok(site);
    const content = letter(name, body);
    await submit(post.namespace, post, [
      { from: 'us@example.com', to: [`someone@${site.domain}`], content, ...more },
    ]);
    const arrived = (await assertArrived(town, town.outside(to), [[name, body]])).get(name);
    assert.ok(arrived);
    return arrived;
  }

  for (const kind of kinds) {
    test(`STARTTLS: ${kind} speaks TLS to the gateway, and the gateway as it can to ${kind}`, async () => {
      const { header } = await pass(kind, kind, `tls ${kind}`, 'secret\n');
      assert.match(header, /by mail\.example\.com with ESMTPS \(TLSv1\.[23] /);
      const log = await town.outside(kind).log();
      const said = {
        postfix:
          /TLS connection established from mail\.example\.com|TLS connection established from unknown\[198\.51/,
        exim: /<= us@example\.com H=\(?mail\.example\.com\)? \[198\.51\.100\.30\] P=esmtps/,
        // Debian's fails at every handshake that it is offered: the letter came in clear text on a new connection.
        openSmtpd: /disconnected reason="io-error: .*SSL routines[^]*smtp message msgid=.* proto=ESMTP\n/,
      };
      assert.match(log, said[kind]);
    });

    test(`8BITMIME: bytes over 127 pass from ${kind} to every kind`, async () => {
      for (const receiver of kinds)
        await pass(kind, receiver, `8bit ${kind} ${receiver}`, 'Gr\u00fc\u00dfe aus K\u00f6ln\n', {
          mail: 'BODY=8BITMIME',
        });
    });
  }

  test('CHUNKING: Exim sends by BDAT to the gateway, and the gateway by BDAT to Exim', async () => {
    await pass('exim', 'exim', 'chunks', `${'in pieces\n'.repeat(10_000)}`);
    assert.match(await town.inside('exim').log(), /=> someone@other\.example .* H=10\.20\.0\.2 .* K /);
    assert.match(await town.outside('exim').log(), /<= us@example\.com .*198\.51\.100\.30.* K .*id=chunks/);
  });

  for (const kind of ['postfix', 'exim'] as const)
    test(`SMTPUTF8: an address with more than ASCII passes from ${kind} to Postfix`, async () => {
      await pass(kind, 'postfix', `utf8 ${kind}`, 'Viele Gr\u00fc\u00dfe\n', {
        from: 'us@example.com',
        to: ['m\u00fcller@remote.example'],
        mail: 'SMTPUTF8 BODY=8BITMIME',
      });
    });

  test('SMTPUTF8: a receiver without it gets nothing, and the sender a report that names it', async () => {
    const { post } = town.inside('postfix');
    await submit(post.namespace, post, [
      {
        from: 'us@example.com',
        to: ['m\u00fcller@third.example'],
        mail: 'SMTPUTF8 BODY=8BITMIME',
        content: letter('utf8 for OpenSMTPD', 'Hallo\n'),
      },
    ]);
    await town.until('the report in the mail store', async () =>
      [...(await town.store.letters()).values()].some(
        ({ header, body }) =>
          /multipart\/report/.test(header) &&
          /third\.example/.test(body.toString()) &&
          /5\.6\.[79]/.test(body.toString()),
      ),
    );
  });

  for (const kind of ['postfix', 'exim'] as const)
    test(`DSN: what was asked of reports reaches ${kind}, which reports success`, async () => {
      const { post } = town.inside('postfix');
      const site = sites[kinds.indexOf(kind)];
      assert.ok(site);
      await submit(post.namespace, post, [
        {
          from: 'us@example.com',
          to: [`someone@${site.domain}`],
          mail: `RET=HDRS ENVID=QQ-${kind}`,
          rcpt: `NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;first@${site.domain}`,
          content: letter(`dsn ${kind}`, 'please tell me\n'),
        },
      ]);
      await town.until('the report in the mail store', async () =>
        [...(await town.store.letters()).values()].some(({ body }) => {
          const text = body.toString();
          return (
            text.includes(`QQ-${kind}`) &&
            text.includes(`first@${site.domain}`) &&
            /Action: delivered/i.test(text)
          );
        }),
      );
    });

  test('the end of the body is where it was: no dot and no chunk is lost at any size around a chunk', async () => {
    for (const size of [2_047, 2_048, 2_049, 65_535, 65_536, 65_537])
      await pass(
        'exim',
        'exim',
        `size ${size}`,
        `${'x'.repeat(63)}\n`.repeat(size >> 6) + `.${'y'.repeat(size & 63)}\n`,
      );
  });
});
