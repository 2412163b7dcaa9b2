import { Socket } from 'node:net';

/** What every socket reads into, one after another: bytes are copied out before anybody reads again. */
const place = Buffer.allocUnsafeSlow(65_536);

/**
 * What comes in by one socket, without a stream between. For a stream Node takes 64 KiB of memory at each read and gives
 * back what was too much, and a line of SMTP is a read of its own. A socket is made with `onread`.
 */
export class Incoming {
  /** Who is given the bytes, which are then theirs; nobody reads before there is one. */
  hear: (chunk: Buffer) => void = () => {};

  readonly onread = {
    buffer: place,
    callback: (bytes: number): boolean => {
      this.hear(Buffer.from(place.subarray(0, bytes)));
      return true;
    },
  };
}

/** A socket, and what comes in by it; null: it is read as the stream that it is. */
type Adopted = { readonly socket: Socket; readonly incoming: Incoming | null };

/**
 * The connection of a socket that a server of Node's accepted, paused, as one that is read without a stream. Such a server
 * does not ask how its sockets are to be read, and only by words of Node's own can what it accepted be moved; where this
 * Node does not know them, it is `accepted` as it was.
 */
export function adopted(accepted: Socket): Adopted {
  const handle: unknown = Reflect.get(accepted, '_handle');
  if (typeof handle !== 'object' || handle === null || !('useUserBuffer' in handle))
    return { socket: accepted, incoming: null };
  Reflect.set(accepted, '_handle', null);
  const incoming = new Incoming();
  const options = { handle, allowHalfOpen: true, pauseOnCreate: true, onread: incoming.onread };
  return { socket: Reflect.construct(Socket, [options]), incoming };
}
