import assert from 'node:assert/strict';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import type { DomainSetting } from '../../src/decision/admission/domain.ts';
import { primaryDomain } from '../settings.ts';
import { eventually, House } from './house.ts';
import type { Submission } from './smtp-client.ts';

type Told = { readonly recipients: DomainSetting['recipients']; readonly whenUnknown?: 'defer' | 'accept' };

function scenario(
  sentence: string,
  setting: (house: House) => Told,
  play: (house: House) => Promise<void>,
): void {
  test(`scenario of recipients: ${sentence}`, async () => {
    const house = await House.build();
    try {
      const domain = {
        ...primaryDomain('example.com', house.mailStore.address, house.mailStore.port),
        ...setting(house),
      };
      await house.open(usual => ({ ...usual, domains: [domain] }));
      await play(house);
    } finally {
      await house.close();
    }
  });
}

const send = (house: House, ...names: string[]): Promise<Submission> =>
  house.submit(
    {
      reversePath: 'sender@remote.example',
      forwardPaths: names.map(name => `${name}@example.com`),
      content: 'Subject: one\r\n\r\nHello.',
    },
    'mx',
  );

const codes = ({ rcpt }: Submission): string[] => rcpt.map(said => said.slice(0, 3));

scenario(
  'the mail store is asked in the session, unknown ones are refused in its words, and the others get their mail',
  () => ({ recipients: { kind: 'callout' } }),
  async house => {
    house.mailStore.behave({ refuse: { 'nobody@example.com': '550 5.1.1 No such user here' } });
    const told = await send(house, 'user', 'nobody', 'postmaster');
    assert.deepEqual(codes(told), ['250', '550', '250']);
    assert.match(
      told.rcpt[1] ?? '',
      /5\.1\.1 .*nobody@example\.com.*the mail store says: 550 5\.1\.1 No such user/,
    );
    await eventually('the mail is in the store', () => house.mailStore.deliveries.length === 1);
    const again = await send(house, 'nobody');
    assert.deepEqual(codes(again), ['550']);
  },
);

scenario(
  'a store that refuses all, postmaster too, leads to a deferral and not to a refusal',
  () => ({ recipients: { kind: 'callout' } }),
  async house => {
    house.mailStore.behave({ refuse: { '@example.com': '550 5.1.1 Not here' } });
    assert.deepEqual(codes(await send(house, 'user')), ['451']);
  },
);

scenario(
  'a store that is away: unknown ones are deferred',
  () => ({ recipients: { kind: 'callout' } }),
  async house => {
    await house.mailStore.close();
    assert.deepEqual(codes(await send(house, 'user', 'postmaster')), ['451', '250']);
  },
);

scenario(
  'where it is so configured, those who cannot be asked about are taken',
  () => ({ recipients: { kind: 'callout' }, whenUnknown: 'accept' }),
  async house => {
    house.mailStore.behave({ muteAt: 'rcpt' });
    const asked = send(house, 'user');
    await eventually('the store is asked', () => house.mailStore.counts.connections > 0);
    await house.mailStore.close();
    assert.deepEqual(codes(await asked), ['250']);
  },
);

scenario(
  'a list in a file is asked, and read again when it changes',
  house => ({ recipients: { kind: 'file', path: join(house.stateDir, 'recipients') } }),
  async house => {
    const path = join(house.stateDir, 'recipients');
    assert.deepEqual(codes(await send(house, 'user')), ['451'], 'without the file nobody knows');
    await writeFile(`${path}.new`, '# the list\nuser@example.com\n');
    await rename(`${path}.new`, path);
    await eventually('the list is used', async () => codes(await send(house, 'user'))[0] === '250');
    assert.deepEqual(codes(await send(house, 'User+tag', 'nobody')), ['250', '550']);
  },
);
