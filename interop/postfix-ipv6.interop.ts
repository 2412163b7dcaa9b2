import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { identityOf, ipv6, uplinks } from '../lab/addresses.ts';
import { PostfixHouse } from './postfix-house.ts';

const [one, two] = uplinks;

suite('a real Postfix with IPv6 on one of its uplinks', { timeout: 400_000 }, () => {
  let house: PostfixHouse;
  before(async () => {
    house = await PostfixHouse.build({ ipv6: true });
    const file = join(house.directory, 'postern.yaml');
    const text = await readFile(file, 'utf8');
    await writeFile(
      file,
      text.replace(`source: [${one.source}]`, `source: [${one.source}, "${ipv6.source}"]`),
    );
    await house.run(['postconf', '-c', house.config, '-e', 'inet_protocols=all']);
    await house.receive(
      ipv6.core.internet,
      'mx.six.example',
      identityOf([{ address: ipv6.source, name: one.ehlo }]),
    );
  });
  after(() => house.close());

  const option = async (transport: string, name: string): Promise<string> =>
    (await house.run(['postconf', '-c', house.config, '-P', '-h', `${transport}/unix/${name}`])).out.trim();

  test('mail leaves from the IPv6 address of the uplink, under its name, and never by one that has none', async () => {
    const original = await house.files();
    const apply = await house.postern('apply', '--yes');
    assert.equal(apply.code, 0, apply.err + apply.out);
    assert.equal(await option('postern-isp1', 'smtp_bind_address6'), ipv6.source);
    assert.equal(await option('postern-isp1', 'smtp_bind_address'), one.source);
    assert.equal(await option('postern-isp1', 'inet_protocols'), 'all');
    assert.equal(await option('postern-isp2', 'inet_protocols'), 'ipv4');
    assert.equal(await option('postern-isp2', 'smtp_bind_address6'), '');
    assert.equal((await house.postern('plan')).code, 0);
    const six = `someone@[IPv6:${ipv6.core.internet}]`;
    assert.equal(await house.arrived(await house.send(six)), `${ipv6.source} as ${one.ehlo}`);
    assert.equal(
      await house.arrived(await house.send('someone@remote.example')),
      `${one.source} as ${one.ehlo}`,
    );

    await house.run(['postconf', '-c', house.config, '-e', 'default_transport=postern-isp2']);
    await house.run(['postfix', '-c', house.config, 'reload']);
    const id = await house.send(six);
    await house.until('Postfix to have no way', async () =>
      / postfix\/postern-isp2\/smtp\[.*2001:db8:64::1/.test(await house.log()),
    );
    assert.equal(
      await house.arrived(await house.send('someone@remote.example')),
      `${two.source} as ${two.ehlo}`,
    );
    assert.equal(house.copies(id), 0);
    assert.equal((await house.postern('apply', '--undo', '--yes')).code, 0);
    assert.deepEqual(await house.files(), original);
  });
});
