/**
 * A program: twenty clients at a time. Arguments: port; `handshakes`, each of a connection of its own with one question,
 * or `answers` on sessions that are kept; how many. Tells how long that took, ms.
 */
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { connect, createSecureContext, type TLSSocket } from 'node:tls';
import { answer, questionBytes } from './answers.ts';

const [port = '', work = 'handshakes', count = '0'] = process.argv.slice(2);
const clients = 20;
const secureContext = createSecureContext();
const question = Buffer.alloc(questionBytes, 'x');

async function secured(): Promise<TLSSocket> {
  const socket = connectTcp({ host: '127.0.0.1', port: Number(port), noDelay: true });
  const tls = connect({ socket, secureContext, rejectUnauthorized: false });
  await once(tls, 'secureConnect');
  return tls;
}

async function ask(tls: TLSSocket): Promise<void> {
  tls.write(question);
  for (let heard = 0; heard < answer.length; ) {
    const [chunk] = await once(tls, 'data');
    heard += chunk.length;
  }
}

let left = Number(count);
async function client(): Promise<void> {
  let kept: TLSSocket | null = null;
  while (left-- > 0) {
    const tls: TLSSocket = kept ?? (await secured());
    await ask(tls);
    if (work === 'answers') kept = tls;
    else tls.destroy();
  }
  kept?.destroy();
}

const begun = performance.now();
await Promise.all(Array.from({ length: clients }, client));
process.stdout.write(`${performance.now() - begun}\n`);
