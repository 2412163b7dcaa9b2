import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { MailServer } from '../decision/egress/egress.ts';
import {
  type AddressScope,
  networkHolds,
  parseAddress,
  parseEndpoint,
  parseMailServer,
  parseNetwork,
  scopeOf,
} from './address.ts';
import { parseHostName } from './host-name.ts';
import { parseDuration, parseSize } from './measures.ts';
import { nearWord } from './near-word.ts';
import type { Parsed } from './parsed.ts';

const valueOf = <Value>(result: Parsed<Value>): Value | null => (result.ok ? result.value : null);

const addresses: [string, string | null][] = [
  ['198.51.100.30', '198.51.100.30'],
  ['010.0.0.1', null],
  ['2001:DB8:0:0::40', '2001:db8::40'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['fe80::1%eth0', null],
  ['198.51.100', null],
  ['', null],
];
for (const [text, expected] of addresses) {
  test(`an address: "${text}" is ${expected}`, () => assert.equal(valueOf(parseAddress(text)), expected));
}

const endpoints: [string, number | null, { address: string; port: number } | null][] = [
  ['198.51.100.30:25', null, { address: '198.51.100.30', port: 25 }],
  ['198.51.100.30', 25, { address: '198.51.100.30', port: 25 }],
  ['198.51.100.30', null, null],
  ['[2001:db8::1]:53', 53, { address: '2001:db8::1', port: 53 }],
  ['[2001:db8::1]', 53, { address: '2001:db8::1', port: 53 }],
  ['2001:db8::1', 53, { address: '2001:db8::1', port: 53 }],
  ['198.51.100.30:0', 25, null],
  ['198.51.100.30:', 25, null],
  ['198.51.100.30:65536', 25, null],
  ['198.51.100.30:2 5', 25, null],
  ['mail.example.com:25', 25, null],
  ['[198.51.100.30', 25, null],
];
for (const [text, port, expected] of endpoints) {
  test(`an address with a port: "${text}" (default ${port})`, () => {
    assert.deepEqual(valueOf(parseEndpoint(text, port)), expected);
  });
}

const mailServers: [string, MailServer | null][] = [
  ['mx.remote.example:25', { host: 'mx.remote.example', port: 25 }],
  ['MX.Remote.example', { host: 'mx.remote.example', port: 25 }],
  ['192.0.2.1:2525', { host: '192.0.2.1', port: 2525 }],
  ['[2001:DB8::1]', { host: '2001:db8::1', port: 25 }],
  ['mx.remote.example:99999', null],
  ['', null],
  ['remote:25', null],
  ['a:b:25', null],
];
for (const [text, expected] of mailServers) {
  test(`a host with a port: "${text}"`, () => assert.deepEqual(valueOf(parseMailServer(text, 25)), expected));
}

const networks: [string, string | null][] = [
  ['10.20.0.0/24', '10.20.0.0/24'],
  ['10.20.0.1', '10.20.0.1/32'],
  ['10.20.0.1/24', null],
  ['0.0.0.0/0', '0.0.0.0/0'],
  ['10.20.0.0/33', null],
  ['10.20.0.0/', null],
  ['10.20.0.0/24/24', null],
  ['2001:DB8::/32', '2001:db8::/32'],
  ['2001:db8::1/32', null],
  ['2001:db8:8000::/33', '2001:db8:8000::/33'],
];
for (const [text, expected] of networks) {
  test(`a network: "${text}" is ${expected}`, () => assert.equal(valueOf(parseNetwork(text)), expected));
}

test('a network holds the addresses of its prefix, and none of the other family', () => {
  assert.ok(networkHolds('10.20.0.0/16', '10.20.1.2'));
  assert.ok(!networkHolds('10.20.0.0/24', '10.20.1.2'));
  assert.ok(!networkHolds('::/0', '10.20.1.2'));
});

const scopes: [string, AddressScope][] = [
  ['127.0.0.2', 'loopback'],
  ['::1', 'loopback'],
  ['10.20.0.2', 'private'],
  ['172.31.0.1', 'private'],
  ['172.32.0.1', 'public'],
  ['169.254.1.1', 'private'],
  ['100.64.0.1', 'private'],
  ['fd00::1', 'private'],
  ['fe80::1', 'private'],
  ['198.51.100.30', 'public'],
  ['2001:db8::1', 'public'],
];
for (const [address, scope] of scopes) {
  test(`who can call ${address}: ${scope}`, () => assert.equal(scopeOf(address), scope));
}

const names: [string, string | null][] = [
  ['Mail.Example.com', 'mail.example.com'],
  ['mail', null],
  ['mail.example.com.', null],
  ['mail_1.example.com', null],
  ['-a.example.com', null],
  ['a..example.com', null],
  ['198.51.100.30', null],
  ['mail.example.25', null],
  ['xn--mnchen-3ya.example', 'xn--mnchen-3ya.example'],
  ['xn--a.example', null],
  [`${'a'.repeat(64)}.example`, null],
  [`${'a.'.repeat(127)}example`, null],
];
for (const [text, expected] of names) {
  test(`a host name: "${text.slice(0, 40)}" is ${expected}`, () =>
    assert.equal(valueOf(parseHostName(text)), expected));
}

const durations: [string, number | null][] = [
  ['500ms', 500],
  ['30s', 30_000],
  ['5m', 300_000],
  ['4h', 14_400_000],
  ['21d', 1_814_400_000],
  ['2w', 1_209_600_000],
  ['5', null],
  ['5 m', null],
  ['-5m', null],
  ['1.5h', null],
  ['9999d', null],
];
for (const [text, expected] of durations) {
  test(`a duration: "${text}" is ${expected}`, () => assert.equal(valueOf(parseDuration(text)), expected));
}

const sizes: [string, number | null][] = [
  ['50MB', 50_000_000],
  ['512KB', 512_000],
  ['1GB', 1_000_000_000],
  ['1MiB', 1_048_576],
  ['100B', 100],
  ['50', null],
  ['50M', null],
  ['5 MB', null],
];
for (const [text, expected] of sizes) {
  test(`a size: "${text}" is ${expected}`, () => assert.equal(valueOf(parseSize(text)), expected));
}

const nearWords: [string, string[], string | null][] = [
  ['elho', ['ehlo', 'name'], 'ehlo'],
  ['uplink', ['uplinks', 'listeners'], 'uplinks'],
  ['Listenrs', ['uplinks', 'listeners'], 'listeners'],
  ['zebra', ['uplinks', 'listeners'], null],
  ['x', ['y', 'xy'], 'y'],
  ['', ['uplinks'], null],
];
for (const [word, candidates, expected] of nearWords) {
  test(`the near word of "${word}" is ${expected}`, () => assert.equal(nearWord(word, candidates), expected));
}

test('no parser throws, whatever the text', () => {
  const parsers: ((text: string) => Parsed<unknown>)[] = [
    parseAddress,
    text => parseEndpoint(text, 25),
    text => parseMailServer(text, 25),
    parseNetwork,
    parseHostName,
    parseDuration,
    parseSize,
  ];
  const texts = fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[0-9a-f:.[\]/%-]{0,40}$/));
  fc.assert(
    fc.property(texts, text => {
      for (const parse of parsers) {
        const result = parse(text);
        if (!result.ok) assert.match(result.why, /^(is|has) /);
      }
    }),
  );
});
