import assert from 'node:assert/strict';
import test from 'node:test';
import { realNetwork } from '../net/real-network.ts';
import type { ConnectTarget, PacketSizes } from '../ports.ts';
import { realClock } from '../real-clock.ts';
import { type CalledOut, callOut } from './call-out.ts';
import { Notebook } from './notebook.ts';

const source = '198.51.100.30';
const at = (host: string, port = 25) => ({ host, port });
const egress = { id: `isp1/${source}`, source, family: 4 as const, ehlo: 'mail.example.com' };
const nobody = new Notebook({
  resolve: async () => ({ kind: 'temperror', reason: 'No name is asked in this test.', failure: 'given_up' }),
});

/** What calls tell of the way out that nobody takes, where the kernel knows these paths by address. */
async function mtuOver(paths: Readonly<Record<string, number>>): Promise<CalledOut['mtu']> {
  const network = {
    ...realNetwork(),
    connect: async () => ({ ok: false, error: { kind: 'timeout', message: 'Nobody answers.' } }) as const,
    packetSizes: async (_source: string, address: string): Promise<PacketSizes | null> => {
      const path = paths[address];
      return path === undefined ? null : { interface: 'eth1', link: 1_500, path };
    },
  };
  const to = { targets: [at('192.0.2.25'), at('192.0.2.26'), at('192.0.2.27')], mailPort: 25 };
  const told = await callOut({ network, clock: realClock }, nobody, egress, to, new AbortController().signal);
  return told.mtu;
}

const told = { egress: egress.id, interface: 'eth1', link: 1_500 };
const rows: readonly (readonly [string, Readonly<Record<string, number>>, CalledOut['mtu']])[] = [
  [
    'of two that routers told of is the wider one',
    { '192.0.2.25': 1_400, '192.0.2.26': 1_300 },
    { ...told, path: 1_400 },
  ],
  [
    'is the one that a router told of, whatever no packet was sent by',
    { '192.0.2.25': 1_500, '192.0.2.26': 1_300 },
    { ...told, path: 1_300 },
  ],
  ['that nobody told of is not known', { '192.0.2.25': 1_500 }, { ...told, path: null }],
  ['is not known where the host cannot tell', {}, null],
];
for (const [sentence, paths, expected] of rows)
  test(`audit: the path of an uplink ${sentence}`, async () =>
    assert.deepEqual(await mtuOver(paths), expected));

test('audit: each target is called at its own port, and told of mail going out by that of mail alone', async () => {
  const ports: string[] = [];
  const network = {
    ...realNetwork(),
    connect: async ({ address, port }: ConnectTarget) => {
      ports.push(`${address} ${port}`);
      return { ok: false, error: { kind: 'timeout', message: 'Nobody answers.' } } as const;
    },
    packetSizes: async () => null,
  };
  const { egress: seen } = await callOut(
    { network, clock: realClock },
    nobody,
    egress,
    { targets: [at('192.0.2.25', 2525), at('192.0.2.26'), at('192.0.2.27', 587)], mailPort: 25 },
    new AbortController().signal,
  );
  assert.deepEqual(ports, ['192.0.2.25 2525', '192.0.2.26 25', '192.0.2.27 587']);
  assert.deepEqual(seen.port25, { reached: [], failed: ['192.0.2.26 [192.0.2.26]'] });
});
