import assert from 'node:assert/strict';
import test from 'node:test';
import { strayKey, testCertificate } from '../../../test/certificates.ts';
import { MemoryFiles } from '../../../test/fakes.ts';
import { SimClock } from '../../../test/simulation/sim-clock.ts';
import type { ListenerSetting } from '../../decision/admission/listener.ts';
import { EventStream, type GatewayEvent } from '../events.ts';
import { Certificates } from './certificates.ts';

const mx1: ListenerSetting = {
  address: '198.51.100.30',
  port: 25,
  role: 'mx',
  name: 'mx1.example.com',
  publicAddress: null,
  bareNewline: 'refuse',
  allowPublic: false,
  tls: { certFile: 'mx1.pem', keyFile: 'mx1.key' },
};
const mx2: ListenerSetting = {
  ...mx1,
  address: '203.0.113.40',
  name: 'mx2.example.com',
  tls: { certFile: 'mx2.pem', keyFile: 'mx2.key' },
};

const certificate = {
  mail: testCertificate('mail'),
  mx1: testCertificate('mx1'),
  mx2: testCertificate('mx2'),
};
const expired = testCertificate('expired');

/** The certificates of a gateway whose files a test writes, from the first day of 2026 on. */
function house() {
  const files = new MemoryFiles();
  const clock = new SimClock();
  const events = new EventStream();
  const seen: GatewayEvent[] = [];
  events.subscribe(event => seen.push(event));
  const certificates = new Certificates({ files, clock, events });
  const write = (name: string, { chain, key }: { chain: string; key: string }): void => {
    files.write(`${name}.pem`, chain);
    files.write(`${name}.key`, key);
  };
  write('mx1', certificate.mx1);
  write('mx2', certificate.mx2);
  return {
    files,
    clock,
    certificates,
    write,
    take: (listeners: readonly ListenerSetting[] = [mx1, mx2], ehloNames: readonly string[] = []) =>
      clock.await(certificates.take({ listeners, ehloNames })),
    shown: (listener: ListenerSetting, name: string | null = null) =>
      certificates.choiceFor(listener)?.choose(name).chain,
    /** Since the last call. */
    told: () =>
      seen
        .splice(0)
        .map(event =>
          event.kind === 'condition'
            ? `${event.condition.subject}: ${event.condition.state}`
            : event.kind === 'notice'
              ? event.message
              : event.kind,
        ),
  };
}

test('a client that asks for a name is shown the certificate that has it, whichever listener it called', async () => {
  const { take, shown, certificates } = house();
  assert.ok((await take()).ok);
  assert.equal(shown(mx1), certificate.mx1.chain);
  assert.equal(shown(mx2), certificate.mx2.chain);
  assert.equal(shown(mx1, 'mx1.example.com'), certificate.mx1.chain);
  assert.equal(shown(mx1, 'MX2.example.com'), certificate.mx2.chain);
  assert.equal(shown(mx2, 'mx.remote.example'), certificate.mx2.chain);
  assert.equal(certificates.choiceFor({ ...mx1, tls: null }), null);
  certificates.stop();
});

test('of two that have the name the listener’s own is shown', async () => {
  const { take, shown, write, certificates } = house();
  write('mx2', certificate.mail);
  assert.ok((await take()).ok);
  assert.equal(shown(mx1, 'mx1.example.com'), certificate.mx1.chain);
  assert.equal(shown(mx2, 'mx1.example.com'), certificate.mail.chain);
  certificates.stop();
});

const unfit: [string, { chain: string; key: string }, RegExp][] = [
  [
    'a key of another certificate',
    { ...certificate.mx1, key: strayKey },
    /^The key in mx1\.key does not fit the first certificate in mx1\.pem;/,
  ],
  [
    'a key in the place of the certificate',
    { ...certificate.mx1, chain: strayKey },
    /^mx1\.pem holds no certificate in PEM;/,
  ],
  [
    'a certificate in the place of the key',
    { ...certificate.mx1, key: certificate.mx1.chain },
    /^mx1\.key holds no private key in PEM/,
  ],
  [
    'a certificate that is cut off',
    { ...certificate.mx1, chain: certificate.mx1.chain.slice(0, 300) },
    /^mx1\.pem holds no certificate in PEM;/,
  ],
  [
    'a chain of which a part is damaged',
    {
      ...certificate.mx1,
      chain: `${certificate.mx1.chain}-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n`,
    },
    /^Certificate 2 in mx1\.pem cannot be read;/,
  ],
];
for (const [sentence, files, expected] of unfit) {
  test(`${sentence} is refused at start, with the files named and nothing of them told`, async () => {
    const { take, write, told, certificates } = house();
    write('mx1', files);
    const taken = await take();
    assert.ok(!taken.ok);
    assert.match(taken.error, expected);
    assert.ok(!taken.error.includes('PRIVATE KEY') && !taken.error.includes('mx2'));
    assert.deepEqual(told(), []);
    certificates.stop();
  });
}

test('a file that is missing is named at start', async () => {
  const { take, files, certificates } = house();
  files.write('mx1.key', null);
  const taken = await take();
  assert.deepEqual(taken, { ok: false, error: 'There is no file mx1.key.' });
  certificates.stop();
});

test('changed files are shown from then on, and the same text stays the same object', async () => {
  const { take, shown, write, clock, certificates, told } = house();
  assert.ok((await take()).ok);
  const before = certificates.choiceFor(mx1)?.choose(null);
  write('mx1', certificate.mx1);
  await clock.run(5_000);
  assert.equal(certificates.choiceFor(mx1)?.choose(null), before);
  assert.deepEqual(told(), []);
  write('mx1', certificate.mail);
  await clock.run(5_000);
  assert.equal(shown(mx1), certificate.mail.chain);
  assert.deepEqual(told(), [
    'The certificate in mx1.pem has changed and is shown from now on; it ends on 2120-01-01.',
  ]);
  certificates.stop();
});

test('a certificate whose key comes a few seconds later is taken without a word of trouble', async () => {
  const { take, shown, files, clock, certificates, told } = house();
  assert.ok((await take()).ok);
  files.write('mx1.pem', certificate.mail.chain);
  await clock.run(5_000);
  assert.equal(shown(mx1), certificate.mx1.chain);
  files.write('mx1.key', certificate.mail.key);
  await clock.run(60_000);
  assert.equal(shown(mx1), certificate.mail.chain);
  assert.equal(told().length, 1);
  certificates.stop();
});

test('changed files that do not fit are not taken, told once, and once when they are put right', async () => {
  const { take, shown, files, clock, certificates, told } = house();
  assert.ok((await take()).ok);
  files.write('mx1.key', strayKey);
  await clock.run(3 * 86_400_000);
  assert.equal(shown(mx1), certificate.mx1.chain);
  assert.deepEqual(told(), ['mx1.pem: unreadable']);
  files.write('mx1.key', null);
  await clock.run(60_000);
  assert.equal(shown(mx1), certificate.mx1.chain);
  assert.deepEqual(told(), []);
  files.write('mx1.key', certificate.mx1.key);
  await clock.run(60_000);
  assert.deepEqual(told(), ['mx1.pem: over']);
  certificates.stop();
});

test('a new configuration whose certificate is unfit keeps the one before, and takes the new one when it is put right', async () => {
  const { take, shown, files, write, clock, certificates, told } = house();
  assert.ok((await take()).ok);
  write('new', { ...certificate.mail, key: strayKey });
  const moved = { ...mx1, tls: { certFile: 'new.pem', keyFile: 'new.key' } };
  const taken = await take([moved, mx2]);
  assert.ok(!taken.ok && taken.error.startsWith('The key in new.key'));
  assert.equal(shown(moved), certificate.mx1.chain);
  assert.deepEqual(told(), ['new.pem: unreadable']);
  assert.ok(!(await take([moved, mx2])).ok);
  assert.equal(shown(moved), certificate.mx1.chain);
  files.write('new.key', certificate.mail.key);
  await clock.run(60_000);
  assert.equal(shown(moved), certificate.mail.chain);
  assert.deepEqual(told(), [
    'new.pem: over',
    'The certificate in new.pem has changed and is shown from now on; it ends on 2120-01-01.',
  ]);
  certificates.stop();
});

test('a listener that is given up takes its troubles with it', async () => {
  const { take, write, certificates, told } = house();
  write('mx2', expired);
  assert.ok((await take()).ok);
  assert.deepEqual(told(), ['mx2.pem: expired', 'mx2.example.com at 203.0.113.40:25: trouble']);
  assert.ok((await take([mx1])).ok);
  assert.deepEqual(told(), ['mx2.pem: over', 'mx2.example.com at 203.0.113.40:25: over']);
  certificates.stop();
});

test('the last fifth of a life and its end are noticed on their days, each once', async () => {
  const { take, clock, certificates, told } = house();
  assert.ok((await take([mx1], ['mail.example.com'])).ok);
  assert.deepEqual(told(), ['mail.example.com: trouble']);
  await clock.run(Date.UTC(2100, 0, 5) - clock.now());
  assert.deepEqual(told(), ['mx1.pem: trouble']);
  certificates.stop();
});
