import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until somebody greets on a port of loopback; throws where the program ended, or a minute has passed. */
export async function greeted(port: number, ended: () => boolean): Promise<void> {
  const end = performance.now() + 60_000;
  while (!(await greets(port))) {
    if (ended()) throw new Error('The gateway ended at its start.');
    if (performance.now() > end) throw new Error('The gateway does not greet.');
    await sleep(10);
  }
}

function greets(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('data', () => {
      socket.end('QUIT\r\n');
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
