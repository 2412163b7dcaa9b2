import assert from 'node:assert/strict';
import test from 'node:test';
import type { UplinkEgress } from '../../src/decision/egress/egress.ts';
import { testEgress } from '../../src/runtime/egress/egress-test.ts';
import type { ReceiverBehaviour } from '../../src/surface/demo/receiver-behaviour.ts';
import { testCertificate } from '../certificates.ts';
import { ReferenceNetwork } from './reference-network.ts';

const egress: UplinkEgress = {
  kind: 'uplink',
  id: 'isp1/198.51.100.30',
  uplink: 'isp1',
  family: 4,
  source: '198.51.100.30',
  publicAddress: '198.51.100.30',
  ehlo: 'mail.example.com',
};

const certificate = testCertificate('remote');
const stories: [string, Partial<ReceiverBehaviour>, boolean, string][] = [
  ['goes over to TLS', { startTls: { ...certificate, whim: 'none' } }, true, 'starttls true TLSv1.3'],
  ['is sound where no TLS is offered', {}, true, 'starttls true not offered'],
  [
    'tells that STARTTLS was refused',
    { startTls: { ...certificate, whim: 'refused' } },
    false,
    'starttls false STARTTLS was refused: 454',
  ],
  [
    'tells of junk in the place of a handshake',
    { startTls: { ...certificate, whim: 'junk' } },
    false,
    'starttls false The TLS handshake failed',
  ],
  [
    'tells of a reply that was slipped in',
    { startTls: { ...certificate, whim: 'injected' } },
    false,
    'starttls false Bytes came in clear',
  ],
  [
    'ends where the handshake hangs',
    { startTls: { ...certificate, whim: 'hang' } },
    false,
    'starttls false The TLS handshake failed',
  ],
  ['tells that EHLO had no answer', { muteAt: 'ehlo' }, false, 'ehlo false no answer in 4000 ms'],
];
for (const [sentence, behaviour, ok, last] of stories)
  test(`test of an egress: ${sentence}`, async () => {
    const world = new ReferenceNetwork(1);
    await world.start();
    const remote = world.worldReceivers.find(({ name }) => name === 'mx.remote.example');
    remote?.behave(behaviour);
    const to = { host: 'mx.remote.example', address: remote?.address ?? '', port: 25 };
    const { clock } = world;
    const told = await clock.await(testEgress({ network: world.gateway, clock }, egress, to, 4_000));
    const step = told.steps.at(-1);
    assert.equal(told.ok, ok);
    assert.ok(`${step?.step} ${step?.ok} ${step?.text}`.startsWith(last), step?.text);
  });
