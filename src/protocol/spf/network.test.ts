import assert from 'node:assert/strict';
import { BlockList } from 'node:net';
import test from 'node:test';
import { addressParts, agree } from './network.ts';

const rows: readonly (readonly [string, string, string, number | null, boolean])[] = [
  ['an address is itself', '198.51.100.30', '198.51.100.30', null, true],
  ['the last bit counts', '198.51.100.30', '198.51.100.31', null, false],
  ['a prefix ends within a byte', '198.51.100.30', '198.51.100.31', 31, true],
  ['and no bit before it may differ', '198.51.100.30', '198.51.100.28', 31, false],
  ['no bits at all hold everything', '198.51.100.30', '0.0.0.0', 0, true],
  ['the first bit of a byte', '203.0.113.40', '75.0.113.40', 1, false],
  ['the same address in other words', '2001:db8::198.51.100.30', '2001:0DB8:0:0:0:0:c633:641E', null, true],
  ['zeros at the end', '2001:db8:2::', '2001:db8:2:0:0:0:0:0', null, true],
  ['zeros alone', '::', '::1', 127, true],
  ['a prefix ends within a group', '2001:db8::40', '2001:db8:0:0:ffff::', 64, true],
  ['IPv4 is not within IPv6', '198.51.100.30', '::ffff:198.51.100.30', 0, false],
];
for (const [sentence, one, other, prefix, expected] of rows)
  test(`SPF networks: ${sentence}`, () => {
    const [left, right] = [addressParts(one), addressParts(other)];
    assert.ok(left !== null && right !== null);
    assert.equal(agree(left, right, prefix), expected);
  });

test('SPF networks: what is no address has no parts', () => {
  assert.equal(addressParts('example.com'), null);
  assert.equal(addressParts(''), null);
});

test('SPF networks: of every prefix as the platform has it', () => {
  const families = [
    ['ipv4', '198.51.100.30', ['198.51.100.94', '198.50.100.30', '70.51.100.30', '198.51.228.30'], 32],
    ['ipv6', '2001:db8::5:40', ['2001:db8::5:c0', '2001:db8:8000::40', '::1', '2001:db8::d:40'], 128],
  ] as const;
  for (const [family, address, networks, bits] of families)
    for (const network of networks)
      for (let prefix = 0; prefix <= bits; prefix++) {
        const list = new BlockList();
        list.addSubnet(network, prefix, family);
        const [one, other] = [addressParts(address), addressParts(network)];
        assert.ok(one !== null && other !== null);
        assert.equal(agree(one, other, prefix), list.check(address, family), `${network}/${prefix}`);
      }
});
