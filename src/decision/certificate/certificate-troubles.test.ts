import assert from 'node:assert/strict';
import test from 'node:test';
import {
  certificateTroubles,
  fittingCertificate,
  type HeldCertificate,
  type ShownCertificate,
} from './certificate-troubles.ts';

const day = 86_400_000;
const start = Date.UTC(2026, 0, 1);

const held: HeldCertificate = {
  certFile: '/etc/postern/mail.pem',
  fact: { names: ['mail.example.com', 'mx1.example.com'], from: start, until: start + 100 * day },
  refused: null,
};
const mx1: ShownCertificate = { listener: '198.51.100.30:25', name: 'mx1.example.com', held };
const refused = 'The key in mail.key does not fit.';

const lives: [string, number, Partial<HeldCertificate>, string][] = [
  ['in its first days', 1, {}, ''],
  ['with just a fifth of its life left', 80, {}, ''],
  ['in the last fifth of its life', 80.1, {}, 'trouble: ends on 2026-04-11, in 19 days'],
  ['on its last day', 99.5, {}, 'trouble: within a day'],
  ['at its end', 100, {}, 'expired: ended on 2026-04-11'],
  ['before its beginning', -1, {}, 'trouble: begins only on 2026-01-01'],
  [
    'whose changed files cannot be used',
    1,
    { refused },
    'unreadable: does not fit. The certificate before stays',
  ],
  ['whose files never could', 1, { refused, fact: null }, 'unreadable: STARTTLS is not offered'],
  [
    'at its end, and its renewal cannot be used',
    100,
    { refused },
    'expired: The files as they are now: The key',
  ],
];
for (const [sentence, days, own, expected] of lives) {
  test(`certificate: one ${sentence}`, () => {
    const one = { ...held, ...own };
    const troubles = certificateTroubles([one], [], [], start + days * day);
    const [state = '', part = ''] = expected.split(': ');
    assert.deepEqual(
      troubles.map(trouble => trouble.state),
      state === '' ? [] : [state],
    );
    assert.ok((troubles[0]?.reason ?? '').includes(part), troubles[0]?.reason);
    assert.equal(troubles[0]?.subject ?? one.certFile, one.certFile);
  });
}

const names: [string, string, string[], string[]][] = [
  ['the listener’s name and every EHLO name are on it', 'MX1.example.com', ['mail.example.com'], []],
  ['the listener’s name is missing', 'mx2.example.com', [], ['mx2.example.com at 198.51.100.30:25']],
  [
    'an EHLO name is missing, said by two egresses',
    'mx1.example.com',
    ['mail2.example.com', 'mail2.example.com'],
    ['mail2.example.com'],
  ],
];
for (const [sentence, name, ehloNames, subjects] of names) {
  test(`certificate: ${sentence}`, () => {
    const troubles = certificateTroubles([held], [{ ...mx1, name }], ehloNames, start + day);
    assert.deepEqual(
      troubles.map(trouble => trouble.subject),
      subjects,
    );
    assert.ok(
      troubles.every(({ state, reason }) => state === 'trouble' && /added to the certificate/.test(reason)),
    );
  });
}

test('certificate: without one nothing is said of EHLO names', () => {
  assert.deepEqual(certificateTroubles([], [], ['mail.example.com'], start), []);
});

const asked: [string, string, number | null][] = [
  ['its name', 'mx2.example.com', 1],
  ['its name in capitals', 'MX2.EXAMPLE.COM', 1],
  ['a name that two have: the first', 'mail.example.com', 0],
  ['a host of a wildcard', 'a.example.org', 2],
  ['the wildcard’s own domain', 'example.org', null],
  ['a host below a host of a wildcard', 'a.b.example.org', null],
  ['part of a label that has a star', 'xa.example.net', null],
  ['a name of nobody', 'mx.remote.example', null],
];
for (const [sentence, name, index] of asked) {
  test(`certificate: asked for ${sentence}`, () => {
    const all = [
      { names: ['mail.example.com', 'mx1.example.com'] },
      { names: ['mx2.example.com', 'mail.example.com'] },
      { names: ['*.example.org', 'x*.example.net', '*'] },
    ];
    assert.equal(fittingCertificate(all, name), index === null ? null : all[index]);
  });
}
