import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import test from 'node:test';
import { SimClock } from '../../../test/simulation/sim-clock.ts';
import { realNetwork } from '../net/real-network.ts';
import type { Connection, Network } from '../ports.ts';
import { realClock } from '../real-clock.ts';
import { knock } from './knock.ts';

/** Payload of a packet on an Ethernet, without options of TCP. */
const fullPayload = 1_460;

test('the hello that a knock sends is larger than a packet', async () => {
  let helloBytes = 0;
  const server = createServer(socket => {
    socket.write('220 mx.remote.example\r\n');
    let secured = false;
    socket.on('error', () => {});
    socket.on('data', chunk => {
      if (secured) {
        helloBytes += chunk.length;
        // The answer of one who speaks no TLS ends the handshake.
        setTimeout(() => socket.end('no TLS here\r\n'), 50);
      } else if (chunk.toString('latin1').startsWith('EHLO')) {
        socket.write('250-mx.remote.example [127.0.0.1]\r\n250 STARTTLS\r\n');
      } else {
        secured = true;
        socket.write('220 Go ahead\r\n');
      }
    });
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  assert.ok(typeof bound === 'object' && bound !== null);
  const to = { source: '127.0.0.1', name: 'mx.remote.example', address: '127.0.0.1', port: bound.port };
  const knocked = await knock(
    { network: realNetwork(), clock: realClock },
    { ...to, ehlo: 'mail.example.com' },
    new AbortController().signal,
  );
  server.close();
  assert.deepEqual(knocked, { reached: true, observed: '127.0.0.1', fullPacket: null });
  assert.ok(helloBytes > fullPayload, `the hello has ${helloBytes} bytes`);
});

/** A host that offers STARTTLS and never shakes hands; of the hello so many bytes stay unacknowledged. */
const mute = (unheard: number | null): Network => ({
  ...realNetwork(),
  connect: async ({ source, address, port }) => {
    let say: (line: string) => void = () => {};
    const connection: Connection = {
      localAddress: source ?? '',
      localPort: 40_000,
      remoteAddress: address,
      remotePort: port,
      handle(events) {
        say = line => events.data(Buffer.from(`${line}\r\n`));
        queueMicrotask(() => say('220 mx.remote.example'));
      },
      write([chunk]) {
        const isHello = chunk?.toString().startsWith('EHLO') === true;
        queueMicrotask(() => say(isHello ? '250-mx.remote.example\r\n250 STARTTLS' : '220 Go ahead'));
        return true;
      },
      unsentBytes: async () => unheard,
      startTls: () => new Promise(() => {}),
      pause() {},
      resume() {},
      end() {},
      destroy() {},
    };
    return { ok: true, value: connection };
  },
});

const hellos: readonly (readonly [string, number | null, 'stalled' | null])[] = [
  ['never acknowledged was swallowed', 1_800, 'stalled'],
  ['acknowledged, and left without an answer, was not', 0, null],
  ['of which the host knows nothing, is not judged', null, null],
];
for (const [sentence, unheard, expected] of hellos)
  test(`a hello of full size ${sentence}`, async () => {
    const clock = new SimClock();
    const to = { source: '198.51.100.30', name: 'mx.remote.example', address: '192.0.2.25', port: 25 };
    const knocked = await clock.await(
      knock(
        { network: mute(unheard), clock },
        { ...to, ehlo: 'mail.example.com' },
        new AbortController().signal,
      ),
    );
    assert.deepEqual(knocked, { reached: true, observed: null, fullPacket: expected });
  });
