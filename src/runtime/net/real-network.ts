import { connect, createServer, isIP, type Server, type Socket } from 'node:net';
import type { NetworkError } from '../../decision/egress/observation.ts';
import type { Connection, ConnectTarget, Listener, Network, Result } from '../ports.ts';
import { hostAddresses } from './host-addresses.ts';
import { adopted, Incoming } from './incoming.ts';
import { networkErrorOf } from './network-error.ts';
import { packetSizes } from './packet-sizes.ts';
import { type LocalAddress, TcpConnection } from './real-connection.ts';
import { openDatagrams } from './real-datagrams.ts';
import { HostWatch } from './real-host-watch.ts';
import { ClientTrust } from './real-tls.ts';
import { sourceRoute } from './source-route.ts';

/**
 * Node accepts one connection of a socket in each turn of its loop, and a turn may last milliseconds. So a listener is
 * several sockets, among which the kernel spreads the calls; else a rush of calls, however short each is, would hold up
 * everybody's, and beyond the backlog lose them for a second.
 */
const socketsOfListener = 64;
/** Calls that wait at each of them. */
const backlog = 1_024;

/** The machine's own network. `authorities`, PEM, are trusted beside those of the host. */
export function realNetwork(authorities: readonly string[] = []): Network {
  const watch = new HostWatch();
  const trust = new ClientTrust(authorities);
  return {
    connect: target => openConnection(target, trust),
    listen: (address, port, accept) => listen(address, port, accept, trust),
    datagrams: (source, family, port = 0) => openDatagrams(source, family, port),
    addresses: hostAddresses,
    watchHost: changed => watch.watch(changed),
    routeOf: sourceRoute,
    packetSizes,
  };
}

function openConnection(
  target: ConnectTarget,
  trust: ClientTrust,
): Promise<Result<Connection, NetworkError>> {
  const { source, address, port, timeoutMs, signal } = target;
  const doing = `Connecting ${source === null ? '' : `from ${source} `}to ${address}:${port}`;
  const fail = (kind: NetworkError['kind'], why: string): Result<Connection, NetworkError> => ({
    ok: false,
    error: { kind, message: `${doing} ${why}.` },
  });
  if (signal?.aborted) return Promise.resolve(fail('aborted', 'was given up by ourselves'));
  if (isIP(address) === 0) return Promise.resolve(fail('other', 'is impossible: that is no IP address'));
  const { promise, resolve } = Promise.withResolvers<Result<Connection, NetworkError>>();
  const incoming = new Incoming();
  const socket = connect({
    host: address,
    port,
    ...(source === null ? {} : { localAddress: source }),
    family: isIP(address),
    noDelay: true,
    allowHalfOpen: true,
    onread: incoming.onread,
  });
  const settle = (result: Result<Connection, NetworkError>): void => {
    clearTimeout(deadline);
    signal?.removeEventListener('abort', abort);
    socket.off('connect', connected);
    socket.off('error', failed);
    if (!result.ok) {
      socket.on('error', () => {});
      socket.destroy();
    }
    resolve(result);
  };
  const connected = (): void => {
    const connection = new TcpConnection(socket, { trust, incoming });
    settle({ ok: true, value: connection });
  };
  const failed = (error: Error): void => settle({ ok: false, error: networkErrorOf(error, doing) });
  const abort = (): void => settle(fail('aborted', 'was given up by ourselves'));
  const deadline = setTimeout(() => settle(fail('timeout', `had no answer in ${timeoutMs} ms`)), timeoutMs);
  signal?.addEventListener('abort', abort, { once: true });
  socket.once('connect', connected);
  socket.once('error', failed);
  return promise;
}

async function listen(
  address: string,
  port: number,
  accept: (connection: Connection) => void,
  trust: ClientTrust,
): Promise<Result<Listener, NetworkError>> {
  // Sockets that share a port share it with any of our user's, so first see that nobody holds it.
  const alone = await openServer({ address, port, shared: false });
  if (!alone.ok) return alone;
  alone.value.on('connection', (socket: Socket) => socket.destroy());
  const bound = boundTo(alone.value);
  await new Promise(resolve => alone.value.close(resolve));
  const called = isAnyAddress(bound.address) ? undefined : bound;
  const servers: Server[] = [];
  const close = async (): Promise<void> => void (await Promise.all(servers.map(closeServer)));
  for (let count = 0; count < socketsOfListener; count += 1) {
    const opened = await openServer({ address, port: bound.port, shared: true });
    if (!opened.ok) {
      await close();
      return opened;
    }
    opened.value.on('connection', (accepted: Socket) => {
      const { socket, incoming } = adopted(accepted);
      accept(new TcpConnection(socket, { trust, incoming, local: called }));
    });
    servers.push(opened.value);
  }
  return { ok: true, value: { address, port: bound.port, close } };
}

function openServer(at: {
  readonly address: string;
  readonly port: number;
  readonly shared: boolean;
}): Promise<Result<Server, NetworkError>> {
  const { address, port, shared } = at;
  const { promise, resolve } = Promise.withResolvers<Result<Server, NetworkError>>();
  const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true });
  const failed = (error: Error): void =>
    resolve({ ok: false, error: networkErrorOf(error, `Listening on ${address}:${port}`) });
  server.once('error', failed);
  const where = { host: address, port, backlog, ipv6Only: isIP(address) === 6, exclusive: true };
  server.listen({ ...where, reusePort: shared }, () => {
    server.off('error', failed);
    // Out of sockets: that one client is lost, the listener goes on.
    server.on('error', () => {});
    resolve({ ok: true, value: server });
  });
  return promise;
}

function boundTo(server: Server): LocalAddress {
  const bound = server.address();
  return typeof bound === 'object' && bound !== null ? bound : { address: '', port: 0 };
}

/** Bound to it, a socket is called at any address of the host. */
const isAnyAddress = (address: string): boolean => ['', '0.0.0.0', '::'].includes(address);

/** The port is free at once; connections that were accepted live on. */
function closeServer(server: Server): Promise<void> {
  server.close();
  const { promise, resolve } = Promise.withResolvers<void>();
  setImmediate(resolve);
  return promise;
}
