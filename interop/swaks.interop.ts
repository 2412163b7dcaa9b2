import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { uplinks } from '../lab/addresses.ts';
import { Town } from './town.ts';

const [one, two] = uplinks;

suite('swaks and openssl at our doors', () => {
  let town: Town;
  before(async () => {
    town = await Town.build();
    await writeFile(
      join(town.directory, 'huge.eml'),
      `Subject: huge\n\n${`${'x'.repeat(76)}\n`.repeat(300_000)}`,
    );
    await writeFile(join(town.directory, 'bare.eml'), 'Subject: bare\r\n\r\none\rtwo\nthree\r\n.\r\n');
  });
  after(() => town.close());

  const usual =
    `--server ${one.source} --local-interface 192.0.2.25 --helo mx.remote.example --from someone@remote.example --timeout 20`.split(
      ' ',
    );
  const swaks = (...args: readonly string[]): ReturnType<Town['run']> =>
    town.run(town.network.internet, 'swaks', [...usual, ...args]);
  const ours = ['--to', 'us@example.com'];

  const sent: readonly (readonly [string, readonly string[]])[] = [
    ['in clear text', ours],
    ['over TLS', [...ours, '--tls']],
    ['over TLS 1.2', [...ours, '--tls', '--tls-protocol', 'tlsv1_2']],
    ['with pipelining', [...ours, '--pipeline']],
    ['with pipelining over TLS', [...ours, '--pipeline', '--tls']],
    ['by HELO', [...ours, '--protocol', 'SMTP']],
    ['to two recipients', ['--to', 'us@example.com,someone@example.com']],
    ['with an empty body', [...ours, '--data', 'Subject: nothing\n\n']],
    ['with a null reverse-path', [...ours, '--from', '<>']],
  ];
  for (const [how, args] of sent)
    test(`mail is taken ${how}`, async () => {
      const { code, out } = await swaks(...args);
      assert.equal(code, 0, out);
      assert.match(out, /<[-~]\s+250 2\.0\.0 Queued as/);
    });

  const refused: readonly (readonly [string, RegExp, readonly string[]])[] = [
    ['an unknown recipient', /550 5\.1\.1 /, ['--to', 'nobody-of-this-name@example.com']],
    ['a recipient elsewhere', /55\d 5\.7\.1 /, ['--to', 'someone@other.example']],
    [
      'a bare CR and LF in the body',
      /55\d 5\.6\.0 |550 5\.6\.11 |55\d /,
      [...ours, '--no-data-fixup', '--data', '@bare'],
    ],
    ['23 MB where 20 are taken', /552 5\.3\.4 /, [...ours, '--data', '@huge']],
    ['a reverse-path that is none', /5\d\d 5\.\d\.\d /, [...ours, '--from', '@@@']],
  ];
  for (const [what, reply, args] of refused)
    test(`${what} is refused`, async () => {
      const file = (name: string): string => `@${join(town.directory, `${name.slice(1)}.eml`)}`;
      const { code, out } = await swaks(
        ...args.map(word => (word.startsWith('@') && word !== '@@@' ? file(word) : word)),
      );
      assert.notEqual(code, 0, out.slice(-2_000));
      assert.match(out.slice(-5_000), reply);
    });

  /** `openssl s_client` at a door; QUIT is said after the handshake. */
  const client = (address: string, ...args: readonly string[]): ReturnType<Town['run']> => {
    const ca = join(town.directory, 'certificates', 'ca.pem');
    const usual = `-starttls smtp -connect ${address}:25 -name mx.remote.example -crlf -CAfile ${ca} -verify_return_error`;
    const quit = '(sleep 0.3; echo QUIT; sleep 0.3) | exec openssl s_client "$@"';
    return town.run(town.network.internet, 'sh', ['-c', quit, 'sh', ...usual.split(' '), ...args]);
  };

  for (const [uplink, name] of [
    [one, 'mx1.example.com'],
    [two, 'mx2.example.com'],
  ] as const)
    test(`the door at ${uplink.name} greets as ${name} and shows a certificate of that name`, async () => {
      const { code, out } = await client(uplink.source, '-servername', name, '-verify_hostname', name);
      assert.equal(code, 0, out);
      assert.match(out, /Verification: OK/);
      const { out: plain } = await swaks('--server', uplink.source, '--quit-after', 'EHLO');
      assert.match(plain, new RegExp(`220 ${name} `));
    });

  for (const version of ['-tls1_2', '-tls1_3'])
    test(`a session is resumed (${version})`, async () => {
      const file = join(town.directory, `session${version}`);
      const first = await client(one.source, version, '-servername', 'mx1.example.com', '-sess_out', file);
      assert.match(first.out, /New, TLSv1\.[23]/);
      const second = await client(one.source, version, '-servername', 'mx1.example.com', '-sess_in', file);
      assert.match(second.out, /Reused, TLSv1\.[23]/);
    });

  test('a handshake of TLS 1.0 fails, and the door stands', async () => {
    const { code } = await client(one.source, '-tls1', '-cipher', 'ALL@SECLEVEL=0');
    assert.notEqual(code, 0);
    assert.equal((await swaks(...ours)).code, 0);
  });
});
