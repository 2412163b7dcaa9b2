import assert from 'node:assert/strict';
import test from 'node:test';
import type { NetworkError } from '../../src/decision/egress/observation.ts';
import type { Connection, Network, Result } from '../../src/runtime/ports.ts';

/** A network to test: one host with two addresses. `pass` lets simulated time pass for as long as the promise needs it. */
export type NetworkUnderTest = {
  readonly network: Network;
  readonly addresses: readonly [string, string];
  pass<Value>(promise: Promise<Value>): Promise<Value>;
};

/** What one end of a connection has heard. */
class Ear {
  readonly connection: Connection;
  readonly #chunks: Buffer[] = [];
  length = 0;
  readonly #closed = Promise.withResolvers<NetworkError | null>();
  readonly closed = this.#closed.promise;
  #wanted: { readonly count: number; readonly resolve: (bytes: string) => void } | null = null;
  onData: ((chunk: Buffer) => void) | null = null;
  onDrained: (() => void) | null = null;

  constructor(connection: Connection, onEnded?: () => void) {
    this.connection = connection;
    connection.handle({
      ...(onEnded === undefined ? {} : { ended: onEnded }),
      data: chunk => {
        this.#chunks.push(chunk);
        this.length += chunk.length;
        this.onData?.(chunk);
        if (this.#wanted && this.length >= this.#wanted.count) this.#wanted.resolve(this.text());
      },
      drained: () => this.onDrained?.(),
      closed: error => this.#closed.resolve(error),
    });
  }

  text(): string {
    return Buffer.concat(this.#chunks).toString('latin1');
  }

  heard(count: number): Promise<string> {
    if (this.length >= count) return Promise.resolve(this.text());
    const { promise, resolve } = Promise.withResolvers<string>();
    this.#wanted = { count, resolve };
    return promise;
  }

  say(text: string): void {
    this.connection.write([Buffer.from(text, 'latin1')]);
  }
}

function must<Value>(result: Result<Value, NetworkError>): Value {
  if (!result.ok) throw new Error(`${result.error.kind}: ${result.error.message}`);
  return result.value;
}

async function inTime<Value>(under: NetworkUnderTest, promise: Promise<Value>): Promise<Value> {
  return under.pass(promise);
}

/** A listener and one connection to it. */
async function pair(
  under: NetworkUnderTest,
  onAccepted: (connection: Connection) => void = () => {},
): Promise<{ client: Ear; server: Ear; close: () => Promise<void> }> {
  const [home, away] = under.addresses;
  const accepted = Promise.withResolvers<Ear>();
  const listener = must(
    await under.network.listen(away, 0, connection => {
      accepted.resolve(new Ear(connection));
      onAccepted(connection);
    }),
  );
  const target = { source: home, address: away, port: listener.port, timeoutMs: 5_000 };
  const client = new Ear(must(await inTime(under, under.network.connect(target))));
  const server = await inTime(under, accepted.promise);
  return {
    client,
    server,
    async close() {
      client.connection.destroy();
      server.connection.destroy();
      await inTime(under, Promise.all([client.closed, server.closed]));
      await listener.close();
    },
  };
}

/** What every Network must do alike, the machine's own and the simulated one. */
export function networkContract(name: string, make: () => NetworkUnderTest): void {
  const it = (sentence: string, body: (under: NetworkUnderTest) => Promise<void>): void => {
    test(`${name}: ${sentence}`, () => body(make()));
  };

  it('a connection leaves from the source that was asked for', async under => {
    const { client, server, close } = await pair(under);
    const [home, away] = under.addresses;
    assert.deepEqual([client.connection.localAddress, client.connection.remoteAddress], [home, away]);
    assert.deepEqual([server.connection.localAddress, server.connection.remoteAddress], [away, home]);
    assert.equal(server.connection.remotePort, client.connection.localPort);
    await close();
  });

  it('bytes arrive in order, both ways, many chunks in one write', async under => {
    const { client, server, close } = await pair(under);
    server.say('220 mx.remote.example ESMTP\r\n');
    assert.equal(await inTime(under, client.heard(29)), '220 mx.remote.example ESMTP\r\n');
    client.connection.write([Buffer.from('MAIL '), Buffer.from('FROM:<>'), Buffer.from('\r\n')]);
    assert.equal(await inTime(under, server.heard(14)), 'MAIL FROM:<>\r\n');
    await close();
  });

  it('a port that nobody listens on refuses', async under => {
    const [home, away] = under.addresses;
    const listener = must(await under.network.listen(away, 0, () => {}));
    await listener.close();
    const target = { source: home, address: away, port: listener.port, timeoutMs: 5_000 };
    const result = await inTime(under, under.network.connect(target));
    assert.equal(result.ok ? 'connected' : result.error.kind, 'refused');
  });

  it('a source address that is not on the host is told as such', async under => {
    const [, away] = under.addresses;
    const target = { source: '192.0.2.77', address: away, port: 1_025, timeoutMs: 5_000 };
    const result = await inTime(under, under.network.connect(target));
    assert.equal(result.ok ? 'connected' : result.error.kind, 'address_absent');
    const listening = await under.network.listen('192.0.2.77', 0, () => {});
    assert.equal(listening.ok ? 'listening' : listening.error.kind, 'address_absent');
  });

  it('an abort before connecting is told as such', async under => {
    const [home, away] = under.addresses;
    const target = {
      source: home,
      address: away,
      port: 1_025,
      timeoutMs: 5_000,
      signal: AbortSignal.abort(),
    };
    const result = await inTime(under, under.network.connect(target));
    assert.equal(result.ok ? 'connected' : result.error.kind, 'aborted');
  });

  it('a port in use cannot be listened on twice', async under => {
    const [, away] = under.addresses;
    const listener = must(await under.network.listen(away, 0, () => {}));
    assert.equal((await under.network.listen(away, listener.port, () => {})).ok, false);
    await listener.close();
    await must(await under.network.listen(away, listener.port, () => {})).close();
  });

  it('what was written before the end arrives before the end', async under => {
    const { client, server, close } = await pair(under);
    client.say('QUIT\r\n');
    client.connection.end();
    assert.equal(await inTime(under, server.heard(6)), 'QUIT\r\n');
    assert.equal(await inTime(under, server.closed), null);
    assert.equal(await inTime(under, client.closed), null);
    await close();
  });

  it('a client that says QUIT and ends at once still hears the reply', async under => {
    const { client, server, close } = await pair(under);
    server.onData = () => {
      server.say('221 2.0.0 Bye\r\n');
      server.connection.end();
    };
    client.say('QUIT\r\n');
    client.connection.end();
    assert.equal(await inTime(under, client.heard(15)), '221 2.0.0 Bye\r\n');
    assert.equal(await inTime(under, client.closed), null);
    await close();
  });

  it('who listens for the far end may answer after it, and ends when all is said', async under => {
    const [home, away] = under.addresses;
    const accepted = Promise.withResolvers<Ear>();
    const ended = Promise.withResolvers<void>();
    const listener = must(
      await under.network.listen(away, 0, connection =>
        accepted.resolve(new Ear(connection, () => ended.resolve())),
      ),
    );
    const target = { source: home, address: away, port: listener.port, timeoutMs: 5_000 };
    const client = new Ear(must(await inTime(under, under.network.connect(target))));
    client.say('.\r\n');
    client.connection.end();
    const server = await inTime(under, accepted.promise);
    await inTime(under, ended.promise);
    assert.equal(server.text(), '.\r\n');
    server.say('250 2.0.0 Queued\r\n');
    assert.equal(await inTime(under, client.heard(18)), '250 2.0.0 Queued\r\n');
    server.connection.end();
    assert.equal(await inTime(under, client.closed), null);
    assert.equal(await inTime(under, server.closed), null);
    await listener.close();
  });

  it('destroying one end closes both, each once', async under => {
    const { client, server, close } = await pair(under);
    client.connection.destroy();
    client.connection.destroy();
    assert.equal(await inTime(under, client.closed), null);
    await inTime(under, server.closed);
    await close();
  });

  it('data waits for its handler', async under => {
    const [home, away] = under.addresses;
    const accepted = Promise.withResolvers<Connection>();
    const listener = must(
      await under.network.listen(away, 0, connection => {
        connection.handle({ data() {}, drained() {}, closed() {} });
        connection.write([Buffer.from('early')]);
        accepted.resolve(connection);
      }),
    );
    const target = { source: home, address: away, port: listener.port, timeoutMs: 5_000 };
    const connection = must(await inTime(under, under.network.connect(target)));
    const server = await inTime(under, accepted.promise);
    const client = new Ear(connection);
    assert.equal(await inTime(under, client.heard(5)), 'early');
    connection.destroy();
    server.destroy();
    await inTime(under, client.closed);
    await listener.close();
  });

  it('a paused reader holds the writer back, and gets every byte when it goes on', async under => {
    const { client, server, close } = await pair(under);
    server.connection.pause();
    const chunk = Buffer.alloc(65_536, 'x');
    const total = 16 * 1_048_576;
    let written = 0;
    let drained = 0;
    const push = (): void => {
      while (written < total) {
        written += chunk.length;
        if (!client.connection.write([chunk])) return;
      }
    };
    client.onDrained = () => {
      drained += 1;
      push();
    };
    push();
    assert.ok(written < total, 'the writer was held back');
    assert.equal(server.length, 0);
    assert.ok(((await inTime(under, client.connection.unsentBytes())) ?? 1) > 0);
    const all = Promise.withResolvers<void>();
    let got = 0;
    server.onData = piece => {
      got += piece.length;
      if (got === total) all.resolve();
    };
    server.connection.resume();
    await inTime(under, all.promise);
    assert.ok(drained > 0);
    await close();
  });

  it('who pauses at once hears nothing, until it goes on', async under => {
    const { client, server, close } = await pair(under, connection => connection.pause());
    client.say('EHLO client.example\r\n');
    client.say('QUIT\r\n');
    client.connection.end();
    // An answer that goes the other way has passed it.
    server.say('220 mx.example.com ESMTP\r\n');
    await inTime(under, client.heard(26));
    assert.equal(server.text(), '');
    server.connection.resume();
    assert.equal(await inTime(under, server.heard(27)), 'EHLO client.example\r\nQUIT\r\n');
    assert.equal(await inTime(under, server.closed), null);
    await close();
  });

  it('who pauses in the middle of what it hears goes on where it was', async under => {
    const { client, server, close } = await pair(under);
    const lines = Array.from({ length: 400 }, (_, index) => `line ${index}\r\n`);
    const whole = lines.join('');
    let heardWhilePaused = 0;
    let paused = false;
    server.onData = () => {
      if (paused) heardWhilePaused += 1;
      paused = true;
      server.connection.pause();
      setImmediate(() => {
        paused = false;
        server.connection.resume();
      });
    };
    for (const line of lines) client.say(line);
    assert.equal(await inTime(under, server.heard(whole.length)), whole);
    assert.equal(heardWhilePaused, 0);
    await close();
  });

  it('a far end that is gone while we pause is told', async under => {
    const { client, server, close } = await pair(under);
    server.connection.pause();
    client.connection.pause();
    client.say('NOOP\r\n');
    // Who leaves with bytes unread resets the connection.
    server.say('x'.repeat(200_000));
    const other = await pair(under);
    other.server.say('250 2.0.0 Time has passed\r\n');
    await inTime(under, other.client.heard(27));
    await other.close();
    client.connection.destroy();
    assert.equal((await inTime(under, server.closed))?.kind, 'reset');
    assert.equal(server.text(), '');
    await close();
  });

  it('datagrams arrive with their sender, and the answer finds its way back', async under => {
    const [home, away] = under.addresses;
    const server = must(await under.network.datagrams(away, 4));
    const client = must(await under.network.datagrams(home, 4));
    server.handle((datagram, from) =>
      server.send(Buffer.from(`${datagram.toString()} from ${from.address}`), from),
    );
    const answer = Promise.withResolvers<string>();
    client.handle((datagram, from) =>
      answer.resolve(`${datagram.toString()} by ${from.address}:${from.port}`),
    );
    client.send(Buffer.from('question'), { address: away, port: server.port });
    assert.equal(await inTime(under, answer.promise), `question from ${home} by ${away}:${server.port}`);
    client.close();
    server.close();
  });
}
