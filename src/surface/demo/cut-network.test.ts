import assert from 'node:assert/strict';
import test from 'node:test';
import { realNetwork } from '../../runtime/net/real-network.ts';
import type { Connection } from '../../runtime/ports.ts';
import { realClock } from '../../runtime/real-clock.ts';
import { CutNetwork } from './cut-network.ts';

const source = '127.0.0.2';

/** An echo server, a cut network, and one connection through it with what it heard. */
async function withEcho(
  use: (house: {
    network: CutNetwork;
    port: number;
    connection: Connection;
    heard: () => string;
    closed: () => boolean;
  }) => Promise<void>,
): Promise<void> {
  const real = realNetwork();
  const open = new Set<Connection>();
  const listener = await real.listen('127.0.0.1', 0, connection => {
    open.add(connection);
    connection.handle({
      data: chunk => connection.write([chunk]),
      drained: () => {},
      closed: () => open.delete(connection),
    });
  });
  assert.ok(listener.ok);
  const { port } = listener.value;
  const network = new CutNetwork(real, realClock);
  const connected = await network.connect({ source, address: '127.0.0.1', port, timeoutMs: 5000 });
  assert.ok(connected.ok);
  let heard = '';
  let closed = false;
  connected.value.handle({
    data: chunk => {
      heard += String(chunk);
    },
    drained: () => {},
    closed: () => {
      closed = true;
    },
  });
  try {
    await use({ network, port, connection: connected.value, heard: () => heard, closed: () => closed });
  } finally {
    connected.value.destroy();
    for (const connection of open) connection.destroy();
    await listener.value.close();
  }
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await realClock.sleep(2);
}

test('cut network: a silenced session says nothing, and goes on when the cable is back', () =>
  withEcho(async ({ network, connection, heard }) => {
    connection.write([Buffer.from('one ')]);
    await until(() => heard() === 'one ');
    network.pull(source);
    assert.equal(connection.write([Buffer.from('two ')]), false);
    connection.write([Buffer.from('three')]);
    await realClock.sleep(30);
    assert.equal(heard(), 'one ');
    assert.ok(((await connection.unsentBytes()) ?? 0) >= 9);
    network.restore(source);
    await until(() => heard() === 'one two three');
  }));

test('cut network: a connect waits for the cable, its limit or its signal, and another source is not hindered', () =>
  withEcho(async ({ network, port }) => {
    network.pull(source);
    const target = { source, address: '127.0.0.1', port };
    const late = await network.connect({ ...target, timeoutMs: 20 });
    assert.equal(late.ok || late.error.kind, 'timeout');
    const giveUp = new AbortController();
    const givenUp = network.connect({ ...target, timeoutMs: 60_000, signal: giveUp.signal });
    giveUp.abort();
    const aborted = await givenUp;
    assert.equal(aborted.ok || aborted.error.kind, 'aborted');
    const waiting = network.connect({ ...target, timeoutMs: 60_000 });
    const other = await network.connect({ ...target, source: '127.0.0.3', timeoutMs: 5000 });
    assert.ok(other.ok);
    other.value.destroy();
    network.restore(source);
    const back = await waiting;
    assert.ok(back.ok);
    back.value.destroy();
  }));

test('cut network: a silenced session that we destroy is closed at once', () =>
  withEcho(async ({ network, connection, closed }) => {
    network.pull(source);
    connection.write([Buffer.from('never')]);
    connection.destroy();
    await until(closed);
  }));
