import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import test from 'node:test';
import { type TestCertificate, testCertificate } from '../certificates.ts';
import { eventually, House } from './house.ts';
import type { Letter } from './smtp-client.ts';

/** One scenario: a house of its own, closed whatever happens. */
function scenario(sentence: string, play: (house: House) => Promise<void>): void {
  test(`scenario, extensions: ${sentence}`, async () => {
    const house = await House.build();
    try {
      await house.open();
      await play(house);
    } finally {
      await house.close();
    }
  });
}

const letter = (id: string, body = 'Hello.'): Letter => ({
  reversePath: `${id}@example.com`,
  forwardPaths: ['receiver@remote.example'],
  content: `Message-ID: <${id}@example.com>\r\nSubject: ${id}\r\n\r\n${body}`,
});

const startTls = (name: TestCertificate) => ({ ...testCertificate(name), whim: 'none' }) as const;

async function delivered(house: House, count: number): Promise<void> {
  await eventually(`delivery ${count}`, () => house.remote.deliveries.length === count);
}

scenario('mail leaves under TLS, and the next session resumes the first', async house => {
  house.remote.behave({ startTls: startTls('remote'), messagesPerSession: 1 });
  for (let i = 1; i <= 3; i++) {
    await house.submit(letter(`m${i}`));
    await delivered(house, i);
  }
  assert.deepEqual(
    house.remote.deliveries.map(({ tls, resumed }) => `${tls} ${resumed}`),
    [false, true, true].map(resumed => `TLSv1.3 TLS_AES_256_GCM_SHA384 ${resumed}`),
  );
  await eventually('the trace', async () => (await house.traceOf('m3@example.com')).includes('delivered'));
  const events = await house.gateway.trace.find('m3@example.com', 100);
  assert.equal(events.at(-1)?.tls, 'TLSv1.3 TLS_AES_256_GCM_SHA384');
});

for (const name of ['expired', 'wrong-name', 'self-signed'] as const)
  scenario(`opportunistic TLS takes a certificate that proves nothing (${name})`, async house => {
    house.remote.behave({ startTls: startTls(name) });
    await house.submit(letter('one'));
    await delivered(house, 1);
    assert.equal(house.remote.deliveries[0]?.tls, 'TLSv1.3 TLS_AES_256_GCM_SHA384');
  });

for (const whim of ['refused', 'junk'] as const)
  scenario(`mail leaves in clear where TLS fails (${whim})`, async house => {
    house.remote.behave({ startTls: { ...testCertificate('remote'), whim } });
    await house.submit(letter('one'));
    await delivered(house, 1);
    assert.equal(house.remote.deliveries[0]?.tls, null);
    assert.equal(house.remote.counts.connections, 2);
  });

scenario('a large body goes whole in chunks under TLS', async house => {
  house.remote.behave({ startTls: startTls('remote'), chunking: true });
  const lines = Array.from(
    { length: 60_000 },
    (_, i) => `.line ${i}, which begins with a dot and is long enough`,
  );
  const body = lines.join('\r\n');
  await house.submit(letter('large', body));
  await delivered(house, 1);
  const [taken] = house.remote.deliveries;
  assert.ok((taken?.chunks ?? 0) > 10);
  assert.equal(taken?.bodyDigest, createHash('sha256').update(`${body}\r\n`).digest('hex'));
});
