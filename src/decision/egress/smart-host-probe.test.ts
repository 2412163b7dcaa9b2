import assert from 'node:assert/strict';
import test from 'node:test';
import { plainUplink } from '../../../test/settings.ts';
import type { UplinkSetting } from './egress.ts';
import { withSmartHostProbes } from './smart-host-probe.ts';

const uplink = (part: Partial<UplinkSetting>): UplinkSetting => ({
  name: 'isp2',
  preference: 10,
  weight: 1,
  egresses: [],
  dns: [],
  probe: [],
  health: { intervalMs: 10_000, suspectIntervalMs: 1_000, timeoutMs: 4_000, proveMs: 10_000 },
  ...plainUplink,
  ...part,
});
const smartHost = (host: string) => ({ host, port: 587, tls: 'verify', login: null }) as const;

const rows: [string, Partial<UplinkSetting>, UplinkSetting['probe']][] = [
  ['an uplink without one is probed as configured', {}, []],
  [
    'its smart host is what is probed',
    { smartHost: smartHost('smtp.isp2.example') },
    [{ host: 'smtp.isp2.example', port: 587 }],
  ],
  [
    'what the operator names is probed all the same',
    { smartHost: smartHost('smtp.isp2.example'), probe: [{ host: 'mx.remote.example', port: 25 }] },
    [{ host: 'mx.remote.example', port: 25 }],
  ],
];

for (const [sentence, part, expected] of rows)
  test(`probes of smart hosts: ${sentence}`, () =>
    assert.deepEqual(withSmartHostProbes([uplink(part)])[0]?.probe, expected));
