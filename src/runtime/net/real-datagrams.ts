import { createSocket } from 'node:dgram';
import type { NetworkError } from '../../decision/egress/observation.ts';
import type { DatagramSocket, Result } from '../ports.ts';
import { networkErrorOf } from './network-error.ts';

/** Opens a UDP socket bound to `source` (null: any address of the family). What cannot be sent is lost, as on the wire. */
export function openDatagrams(
  source: string | null,
  family: 4 | 6,
  port: number,
): Promise<Result<DatagramSocket, NetworkError>> {
  const { promise, resolve } = Promise.withResolvers<Result<DatagramSocket, NetworkError>>();
  const socket = createSocket({
    type: family === 6 ? 'udp6' : 'udp4',
    ipv6Only: family === 6,
    // Only addresses are ever given; the name service of the system must not be asked.
    lookup: (address, _options, found) => found(null, address, family),
  });
  let open = true;
  const failed = (error: Error): void => {
    open = false;
    socket.close();
    resolve({
      ok: false,
      error: networkErrorOf(error, `Opening a UDP socket on ${source ?? 'any address'}`),
    });
  };
  socket.once('error', failed);
  socket.bind({ address: source ?? (family === 6 ? '::' : '0.0.0.0'), port, exclusive: true }, () => {
    socket.off('error', failed);
    socket.on('error', () => {});
    resolve({
      ok: true,
      value: {
        port: socket.address().port,
        handle(message) {
          socket.removeAllListeners('message');
          socket.on('message', (datagram, from) =>
            message(datagram, { address: from.address, port: from.port }),
          );
        },
        send(datagram, to) {
          if (open) socket.send(datagram, to.port, to.address, () => {});
        },
        close() {
          if (!open) return;
          open = false;
          socket.close();
        },
      },
    });
  });
  return promise;
}
