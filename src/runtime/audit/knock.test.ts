import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import test from 'node:test';
import { realNetwork } from '../net/real-network.ts';
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
