import assert from 'node:assert/strict';
import { test } from 'node:test';
import { egress, uplink } from '../../../test/postfix-facts.ts';
import type { UplinkSetting } from '../egress/egress.ts';
import { parseVersion } from './parameters.ts';
import { uplinkOfTransport, wantedTransport } from './transports.ts';

const version = parseVersion('3.7.11') ?? { major: 0, minor: 0 };
const traits = { version, families: new Set([4, 6] as const), logName: 'postfix' };

function wanted(setting: UplinkSetting): ReturnType<typeof wantedTransport> {
  return wantedTransport(setting, traits, ({ address }) => address ?? '192.0.2.77');
}

const first = egress('isp1', '198.51.100.30', 'mail.example.com');

test('an uplink by a smart host has no transport, and that is said', () => {
  const host = { host: 'smtp.isp1.example', port: 587, tls: 'verify', login: null } as const;
  const { transport, findings } = wanted({ ...uplink('isp1', 10, [first]), smartHost: host });
  assert.equal(transport, null);
  assert.match(findings[0]?.message ?? '', /isp1 sends through a smart host/);
});

test('of several addresses of a family the first is bound, and that is said', () => {
  const { transport, findings } = wanted(
    uplink('isp1', 10, [first, egress('isp1', '198.51.100.31', 'mail.example.com')]),
  );
  assert.deepEqual(
    transport?.egresses.map(({ address }) => address),
    ['198.51.100.30'],
  );
  assert.match(findings[0]?.message ?? '', /several IPv4 addresses; .* so 198\.51\.100\.31 is not used/);
});

test('the address of an interface is the one of now, and that is said', () => {
  const { transport, findings } = wanted(
    uplink('isp1', 10, [{ ...first, address: null, interface: 'ppp0' }]),
  );
  assert.equal(transport?.options.find(({ name }) => name === 'smtp_bind_address')?.value, '192.0.2.77');
  assert.match(findings[0]?.message ?? '', /takes the address of ppp0, now 192\.0\.2\.77/);
});

test('a transport of ours is known by its name', () => {
  assert.equal(uplinkOfTransport('postern-isp1'), 'isp1');
  for (const other of ['postern-', 'smtp', 'my-postern-isp1']) assert.equal(uplinkOfTransport(other), null);
});
