import assert from 'node:assert/strict';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import test from 'node:test';
import { connect as tlsConnect } from 'node:tls';
import { type TestCertificate, testAuthority, testCertificate } from '../../../test/certificates.ts';
import type { NetworkError } from '../../decision/egress/observation.ts';
import type { Connection, Result, TlsFacts, TlsTerms } from '../ports.ts';
import { realNetwork } from './real-network.ts';

type Client = Extract<TlsTerms, { side: 'client' }>;

const serverName = 'mx.remote.example';
const terms: Client = {
  side: 'client',
  serverName,
  verify: true,
  sessionKey: 'isp1/198.51.100.30 mx.remote.example',
  timeoutMs: 10_000,
};

/** One end of a connection: what it heard, and how it ended. */
class End {
  readonly connection: Connection;
  heard = '';
  drains = 0;
  closed: { readonly error: NetworkError | null } | null = null;
  #wake: () => void = () => undefined;

  constructor(connection: Connection) {
    this.connection = connection;
    connection.handle({
      data: chunk => {
        this.heard += chunk.toString('latin1');
        this.#wake();
      },
      drained: () => {
        this.drains += 1;
        this.#wake();
      },
      closed: error => {
        this.closed = { error };
        this.#wake();
      },
    });
  }

  say(text: string): boolean {
    return this.connection.write([Buffer.from(text, 'latin1')]);
  }

  async until(reached: () => boolean): Promise<void> {
    while (!reached()) await new Promise<void>(resolve => (this.#wake = resolve));
  }
}

/** Two ends of one connection on loopback; both are closed at the end. */
async function withPair(
  network: ReturnType<typeof realNetwork>,
  play: (client: End, server: End) => Promise<void>,
): Promise<void> {
  const accepted = Promise.withResolvers<End>();
  const listening = await network.listen('127.0.0.10', 0, connection =>
    accepted.resolve(new End(connection)),
  );
  assert.ok(listening.ok);
  const target = { source: null, address: '127.0.0.10', port: listening.value.port, timeoutMs: 5_000 };
  const connected = await network.connect(target);
  assert.ok(connected.ok);
  const client = new End(connected.value);
  const server = await accepted.promise;
  try {
    await play(client, server);
  } finally {
    client.connection.destroy();
    server.connection.destroy();
    await listening.value.close();
    await Promise.all([
      client.until(() => client.closed !== null),
      server.until(() => server.closed !== null),
    ]);
  }
}

type Handshake = {
  readonly client: Result<TlsFacts, NetworkError>;
  readonly server: Result<TlsFacts, NetworkError>;
};

async function shake(
  client: End,
  server: End,
  certificate = testCertificate('remote'),
  change: Partial<Client> = {},
): Promise<Handshake> {
  const asked: (string | null)[] = [];
  const choose = (name: string | null) => {
    asked.push(name);
    return certificate;
  };
  const [clientFacts, serverFacts] = await Promise.all([
    client.connection.startTls({ ...terms, ...change }),
    server.connection.startTls({ side: 'server', certificates: { choose }, timeoutMs: 10_000 }),
  ]);
  return { client: clientFacts, server: serverFacts };
}

const text = (result: Result<TlsFacts, NetworkError>): string =>
  result.ok ? `${result.value.protocol} ${result.value.unverified ?? 'verified'}` : result.error.message;

const network = (): ReturnType<typeof realNetwork> => realNetwork([testAuthority]);

test('tls: both sides speak through the cipher after a sound handshake', () =>
  withPair(network(), async (client, server) => {
    const shaken = await shake(client, server);
    assert.equal(text(shaken.client), 'TLSv1.3 verified');
    assert.ok(shaken.server.ok && shaken.server.value.cipher === 'TLS_AES_256_GCM_SHA384');
    client.say('EHLO mail.example.com\r\n');
    await server.until(() => server.heard === 'EHLO mail.example.com\r\n');
    server.connection.write([Buffer.from('250-'), Buffer.from('mx'), Buffer.from('\r\n')]);
    await client.until(() => client.heard === '250-mx\r\n');
  }));

const certificates: [string, TestCertificate, string | null, string][] = [
  ['an expired certificate', 'expired', serverName, 'it has expired'],
  ['a certificate of another name', 'wrong-name', serverName, `it is not for ${serverName}`],
  ['a self-signed certificate', 'self-signed', serverName, 'it is self-signed'],
  ['a certificate of another address', 'smart-host', '203.0.113.54', 'it is not for 203.0.113.54'],
];
for (const [sentence, certificate, name, why] of certificates) {
  test(`tls: ${sentence} fails where it must verify, with its reason`, () =>
    withPair(network(), async (client, server) => {
      const shaken = await shake(client, server, testCertificate(certificate), { serverName: name });
      assert.equal(text(shaken.client), `The certificate does not verify: ${why}.`);
      await client.until(() => client.closed !== null);
      await server.until(() => server.closed !== null);
    }));

  test(`tls: ${sentence} is used where it may fail, and its worth is known`, () =>
    withPair(network(), async (client, server) => {
      const shaken = await shake(client, server, testCertificate(certificate), {
        serverName: name,
        verify: false,
      });
      assert.equal(text(shaken.client), `TLSv1.3 ${why}`);
      server.say('250 mx\r\n');
      await client.until(() => client.heard === '250 mx\r\n');
    }));
}

test('tls: an address that the certificate names verifies', () =>
  withPair(network(), async (client, server) => {
    const shaken = await shake(client, server, testCertificate('smart-host'), { serverName: '203.0.113.53' });
    assert.equal(text(shaken.client), 'TLSv1.3 verified');
  }));

test('tls: without our authority the host does not trust it', () =>
  withPair(realNetwork(), async (client, server) => {
    const shaken = await shake(client, server);
    assert.match(text(shaken.client), /authority is not known to this host/);
  }));

/** Speaks a few words, so that the tickets have come. */
async function talk(client: End, server: End): Promise<void> {
  server.say('250 mx\r\n');
  await client.until(() => client.heard.endsWith('250 mx\r\n'));
}

async function resumed(
  net: ReturnType<typeof realNetwork>,
  certificate: ReturnType<typeof testCertificate>,
  change: Partial<Client> = {},
): Promise<string> {
  let told = '';
  await withPair(net, async (client, server) => {
    const { client: facts } = await shake(client, server, certificate, change);
    told = facts.ok ? `${facts.value.resumed} ${facts.value.unverified ?? 'verified'}` : facts.error.message;
    if (facts.ok) await talk(client, server);
  });
  return told;
}

test('tls: a second session with one key resumes the first, and others do not', async () => {
  const net = network();
  const certificate = testCertificate('remote');
  assert.equal(await resumed(net, certificate), 'false verified');
  assert.equal(await resumed(net, certificate), 'true verified');
  assert.equal(await resumed(net, certificate), 'true verified');
  assert.equal(await resumed(net, certificate, { sessionKey: 'isp2' }), 'false verified');
  assert.equal(await resumed(net, testCertificate('remote')), 'false verified');
});

test('tls: what was never verified is not resumed where it must verify, nor for another name', async () => {
  const net = network();
  const expired = testCertificate('expired');
  assert.equal(await resumed(net, expired, { verify: false }), 'false it has expired');
  assert.equal(await resumed(net, expired, { verify: false }), 'true it has expired');
  assert.equal(await resumed(net, expired), 'The certificate does not verify: it has expired.');
  const sound = testCertificate('remote');
  assert.equal(await resumed(net, sound), 'false verified');
  const other = { serverName: 'smtp.isp2.example' };
  assert.equal(
    await resumed(net, sound, other),
    'The certificate does not verify: it is not for smtp.isp2.example.',
  );
});

/** A plain server that does this with each client, and a client of ours that goes over at once. */
async function against(
  server: (socket: Socket) => void,
  play: (client: End) => Promise<void>,
): Promise<void> {
  const sockets = new Set<Socket>();
  const listener = createServer(socket => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', () => undefined);
    server(socket);
  });
  await new Promise<void>(resolve => listener.listen(0, '127.0.0.1', resolve));
  const { port } = listener.address() as AddressInfo;
  const connected = await network().connect({ source: null, address: '127.0.0.1', port, timeoutMs: 5_000 });
  assert.ok(connected.ok);
  const client = new End(connected.value);
  try {
    await play(client);
    await client.until(() => client.closed !== null);
  } finally {
    client.connection.destroy();
    for (const socket of sockets) socket.destroy();
    listener.close();
  }
}

test('tls: junk in the place of a handshake is an error', () =>
  against(
    socket => socket.once('data', () => socket.write('250 this is no handshake\r\n')),
    async client => {
      const result = await client.connection.startTls(terms);
      assert.match(text(result), /^The TLS handshake failed: /);
    },
  ));

test('tls: a far side that hangs up in the handshake is an error', () =>
  against(
    socket => socket.once('data', () => socket.end()),
    async client => {
      const result = await client.connection.startTls(terms);
      assert.match(text(result), /closed the connection in the TLS handshake|handshake failed/);
    },
  ));

test('tls: a far side that says nothing is given up at the limit', () =>
  against(
    () => undefined,
    async client => {
      const result = await client.connection.startTls({ ...terms, timeoutMs: 200 });
      assert.equal(text(result), 'The TLS handshake was not done in 200 ms.');
    },
  ));

test('tls: a connection that we destroy in the handshake is aborted, and closed once', () =>
  against(
    () => undefined,
    async client => {
      const starting = client.connection.startTls(terms);
      client.connection.destroy();
      const result = await starting;
      assert.equal(result.ok ? 'secured' : result.error.kind, 'aborted');
      await client.until(() => client.closed !== null);
      assert.equal(client.closed?.error, null);
    },
  ));

test('tls: a client that sends junk to our server is refused and closed', () =>
  withPair(network(), async (client, server) => {
    client.say('EHLO junk\r\n'.repeat(20));
    const result = await server.connection.startTls({
      side: 'server',
      certificates: { choose: () => testCertificate('remote') },
      timeoutMs: 5_000,
    });
    assert.match(text(result), /^The TLS handshake failed: /);
    await server.until(() => server.closed !== null);
  }));

test('tls: what came in clear while our server paused is not taken for its handshake', () =>
  withPair(network(), async (client, server) => {
    server.connection.pause();
    client.say('EHLO stranger.example\r\n');
    client.connection.end();
    server.say('220 go on\r\n');
    await client.until(() => client.heard === '220 go on\r\n');
    await new Promise(resolve => setTimeout(resolve, 20));
    const result = await server.connection.startTls({
      side: 'server',
      certificates: { choose: () => testCertificate('remote') },
      timeoutMs: 5_000,
    });
    assert.match(text(result), /^The far side went on in clear /);
    await server.until(() => server.closed !== null);
    assert.equal(server.heard, '');
  }));

test('tls: what is no record after the handshake ends our server’s connection', async () => {
  const net = network();
  const accepted = Promise.withResolvers<End>();
  const listening = await net.listen('127.0.0.1', 0, connection => accepted.resolve(new End(connection)));
  assert.ok(listening.ok);
  const raw = createConnectionTo(listening.value.port);
  const server = await accepted.promise;
  const securing = server.connection.startTls({
    side: 'server',
    certificates: { choose: () => testCertificate('remote') },
    timeoutMs: 5_000,
  });
  assert.ok((await securing).ok);
  const { plain } = await raw;
  plain.write('this is no record at all, and long enough to be read as one\r\n');
  await server.until(() => server.closed !== null);
  assert.notEqual(server.closed?.error, null);
  plain.destroy();
  await listening.value.close();
});

async function createConnectionTo(port: number): Promise<{ plain: Socket }> {
  const { connect } = await import('node:net');
  const plain = connect(port, '127.0.0.1');
  plain.on('error', () => undefined);
  const secured = tlsConnect({ socket: plain, rejectUnauthorized: false });
  secured.on('error', () => undefined);
  await new Promise<void>(resolve => secured.once('secureConnect', () => resolve()));
  return { plain };
}

test('tls: the last words of a far side that ends at once after them are heard', () =>
  withPair(network(), async (client, server) => {
    await shake(client, server);
    server.say('221 bye\r\n');
    server.connection.end();
    await client.until(() => client.closed !== null);
    assert.equal(client.heard, '221 bye\r\n');
    assert.equal(client.closed?.error, null);
  }));

test('tls: a client that ends at once after QUIT hears the reply of a server that was pausing', () =>
  withPair(network(), async (client, server) => {
    await shake(client, server);
    server.connection.pause();
    client.say('QUIT\r\n');
    client.connection.end();
    server.say('250 first\r\n');
    await client.until(() => client.heard === '250 first\r\n');
    server.connection.resume();
    await server.until(() => server.heard === 'QUIT\r\n');
    await client.until(() => client.closed !== null);
  }));

test('tls: a paused reader holds the writer back, and nothing is lost', () =>
  withPair(network(), async (client, server) => {
    await shake(client, server);
    server.connection.pause();
    const megabyte = 'x'.repeat(1_048_576);
    let written = 0;
    while (written < 32 && client.say(megabyte)) written += 1;
    written += 1;
    assert.ok(written < 32, 'the write buffer filled');
    const unsent = await client.connection.unsentBytes();
    assert.ok(unsent === null || unsent > 0);
    assert.equal(server.heard, '');
    server.connection.resume();
    await client.until(() => client.drains > 0);
    await server.until(() => server.heard.length === written * megabyte.length);
  }));
