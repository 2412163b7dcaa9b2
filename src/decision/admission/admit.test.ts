import assert from 'node:assert/strict';
import test from 'node:test';
import { type AdmissionClient, admitClient, admitRecipient } from './admit.ts';
import { ClientNetworks, clientKey } from './client-networks.ts';

const rules = { domains: new Set(['example.com', 'example.org', 'xn--bcher-kva.example']) };
const stranger = { listener: { role: 'mx' }, ours: false } as const;
const insider = { listener: { role: 'relay' }, ours: true } as const;
const insiderAtMx = { listener: { role: 'mx' }, ours: true } as const;
const strangerAtRelay = { listener: { role: 'relay' }, ours: false } as const;

const recipients: [string, AdmissionClient, string, string, string][] = [
  ['a stranger writes to our domain', stranger, 'a@example.com', 'example.com', 'a@example.com'],
  ['a stranger writes to the world by an mx listener', stranger, 'a@remote.example', 'remote.example', '550'],
  [
    'our own network never relays by an mx listener either',
    insiderAtMx,
    'a@remote.example',
    'remote.example',
    '550',
  ],
  [
    'our network relays by a relay listener',
    insider,
    'a@remote.example',
    'remote.example',
    'a@remote.example',
  ],
  [
    'our network writes to our domain by a relay listener',
    insider,
    'a@example.com',
    'example.com',
    'a@example.com',
  ],
  [
    'a stranger at a relay listener does not relay',
    strangerAtRelay,
    'a@remote.example',
    'remote.example',
    '550',
  ],
  ['a percent sign routes nothing by us', stranger, 'a%remote.example@example.com', 'example.com', '550'],
  ['a bang path routes nothing by us', insiderAtMx, 'remote.example!a@example.com', 'example.com', '550'],
  [
    'a quoted address in an address is no way on',
    stranger,
    '"a@remote.example"@example.com',
    'example.com',
    '550',
  ],
  [
    'what our own network writes is its own affair',
    insider,
    'a%b@example.com',
    'example.com',
    'a%b@example.com',
  ],
  [
    'our domain in U-labels is queued in A-labels, the local part as it came',
    stranger,
    'J\u00f6rg@B\u00fccher.example',
    'xn--bcher-kva.example',
    'J\u00f6rg@xn--bcher-kva.example',
  ],
  ['our domain in capitals stays as it came', stranger, 'A@Example.COM', 'example.com', 'A@Example.COM'],
  ['a subdomain of ours is not ours', stranger, 'a@sub.example.com', 'sub.example.com', '550'],
  ['the bare postmaster is the first domain’s', stranger, 'postmaster', '', 'postmaster@example.com'],
];

for (const [sentence, client, forwardPath, domain, expected] of recipients) {
  test(`admission: ${sentence}`, () => {
    const verdict = admitRecipient(forwardPath, domain, client, rules);
    assert.equal(verdict.kind === 'taken' ? verdict.forwardPath : String(verdict.reply.code), expected);
  });
}

test('admission: without a domain of ours the bare postmaster is refused', () => {
  assert.equal(admitRecipient('postmaster', '', stranger, { domains: new Set() }).kind, 'refused');
});

test('admission: a relay listener greets its own networks only, an mx listener all', () => {
  assert.equal(admitClient(strangerAtRelay)?.code, 554);
  assert.equal(admitClient(insider), null);
  assert.equal(admitClient(stranger), null);
});

const memberships: [string, string, boolean][] = [
  ['10.20.0.7', '10.20.0.0/24', true],
  ['10.20.1.7', '10.20.0.0/24', false],
  ['::ffff:10.20.0.7', '10.20.0.0/24', true],
  ['198.51.100.30', '198.51.100.30', true],
  ['2001:db8::1', '2001:db8::/32', true],
  ['2001:db9::1', '2001:db8::/32', false],
  ['not an address', '0.0.0.0/0', false],
];
for (const [address, network, expected] of memberships) {
  test(`networks: ${address} in ${network} is ${expected}`, () => {
    assert.equal(new ClientNetworks([network]).includes(address), expected);
  });
}

const keys: [string, string][] = [
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:db8::6', '2001:db8:0:0'],
  ['::1', '0:0:0:0'],
];
for (const [address, key] of keys) {
  test(`one client for limits: ${address} counts as ${key}`, () => assert.equal(clientKey(address), key));
}
