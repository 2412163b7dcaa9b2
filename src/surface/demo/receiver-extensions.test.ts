import assert from 'node:assert/strict';
import test from 'node:test';
import { testCertificate } from '../../../test/certificates.ts';
import { realNetwork } from '../../runtime/net/real-network.ts';
import type { Connection } from '../../runtime/ports.ts';
import { realClock } from '../../runtime/real-clock.ts';
import { startReceiver } from './receiver.ts';
import type { ReceiverBehaviour } from './receiver-behaviour.ts';
import type { Delivery } from './receiver-session.ts';

/** Says each line when the one before was answered; gives the codes, and what was taken. `*` goes over to TLS. */
async function talk(
  behaviour: Partial<ReceiverBehaviour>,
  lines: readonly string[],
): Promise<{ codes: string; deliveries: readonly Delivery[] }> {
  const network = realNetwork();
  const setting = { address: '127.0.0.1', port: 0, name: 'mx.remote.example', clock: realClock, behaviour };
  const started = await startReceiver(network, setting);
  assert.ok(started.ok);
  const receiver = started.value;
  const target = { source: null, address: '127.0.0.1', port: receiver.port, timeoutMs: 5_000 };
  const connected = await network.connect(target);
  assert.ok(connected.ok);
  const connection: Connection = connected.value;
  const codes: string[] = [];
  let heard = '';
  let wake: () => void = () => undefined;
  connection.handle({
    data(chunk) {
      heard += chunk.toString('latin1');
      wake();
    },
    drained() {},
    closed: () => wake(),
  });
  const answer = async (): Promise<string> => {
    for (;;) {
      const whole = /^(?:\d{3}-.*\r\n)*(\d{3}) .*\r\n/.exec(heard);
      if (whole !== null) {
        heard = heard.slice(whole[0].length);
        return whole[1] ?? '';
      }
      await new Promise<void>(resolve => (wake = resolve));
    }
  };
  try {
    codes.push(await answer());
    for (const line of lines) {
      if (line === '*') {
        const terms = { serverName: null, verify: false, sessionKey: 'test', timeoutMs: 5_000 };
        const secured = await connection.startTls({ side: 'client', ...terms });
        assert.ok(secured.ok);
        continue;
      }
      connection.write([Buffer.from(line)]);
      codes.push(await answer());
    }
    return { codes: codes.join(' '), deliveries: receiver.deliveries };
  } finally {
    connection.destroy();
    await receiver.close();
  }
}

const ehlo = 'EHLO mail.example.com\r\n';
const mail = ['MAIL FROM:<a@example.com>\r\n', 'RCPT TO:<b@remote.example>\r\n'];
const tls = { startTls: { ...testCertificate('remote'), whim: 'none' } } as const;
const login = { user: 'u', password: 'swordfish' };
const plain = Buffer.from('\0u\0swordfish').toString('base64');
const coded = (text: string): string => `${Buffer.from(text).toString('base64')}\r\n`;

test('receiver: a message in chunks is one message, dots and all', async () => {
  const chunks = ['BDAT 4\r\n.a\r\n', 'BDAT 0\r\n', 'BDAT 3 LAST\r\n.\r\n'];
  const { codes, deliveries } = await talk({ chunking: true }, [ehlo, ...mail, ...chunks]);
  assert.equal(codes, '220 250 250 250 250 250 250');
  assert.deepEqual([deliveries[0]?.sizeBytes, deliveries[0]?.chunks], [7, 3]);
});

test('receiver: a chunk for nobody is read and refused, and the next command is understood', async () => {
  const { codes } = await talk({ chunking: true }, [ehlo, 'BDAT 6 LAST\r\nQUIT\r\n', 'NOOP\r\n']);
  assert.equal(codes, '220 250 503 250');
});

test('receiver: without leave there are no chunks, no TLS, no login and no XCLIENT', async () => {
  const lines = ['STARTTLS\r\n', 'AUTH PLAIN\r\n', 'XCLIENT ADDR=192.0.2.7\r\n', ...mail.slice(0, 1)];
  const parameters = ['RSET\r\n', 'MAIL FROM:<> SMTPUTF8\r\n', 'MAIL FROM:<> RET=FULL\r\n'];
  const { codes } = await talk({}, [ehlo, 'BDAT 1\r\n', ...lines, ...parameters]);
  assert.equal(codes, '220 250 500 500 503 500 250 250 555 555');
});

test('receiver: after STARTTLS all is forgotten, and a login is what mail needs', async () => {
  const begin = [ehlo, 'STARTTLS\r\n', '*', ...mail.slice(0, 1), ehlo, ...mail.slice(0, 1)];
  const wrong = `AUTH PLAIN ${coded('\0u\0other')}`;
  const right = `AUTH PLAIN ${plain}\r\n`;
  const { codes } = await talk({ ...tls, login }, [...begin, wrong, right, ...mail]);
  assert.equal(codes, '220 250 220 503 250 530 535 235 250 250');
});

test('receiver: LOGIN asks for name and password', async () => {
  const begin = [ehlo, 'STARTTLS\r\n', '*', ehlo, 'AUTH LOGIN\r\n'];
  const { codes } = await talk({ ...tls, login }, [...begin, coded('u'), coded('swordfish')]);
  assert.equal(codes, '220 250 220 250 334 334 235');
});

test('receiver: after XCLIENT the session begins anew', async () => {
  const lines = [ehlo, 'XCLIENT ADDR=192.0.2.7 HELO=x\r\n', ...mail.slice(0, 1), ehlo, ...mail];
  const { codes } = await talk({ xclient: true }, [...lines, 'XCLIENT ADDR=192.0.2.8\r\n']);
  assert.equal(codes, '220 250 220 503 250 250 250 503');
});
