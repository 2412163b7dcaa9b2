import { Socket } from 'node:net';

/** What every socket reads into, one after another: bytes are copied out before anybody reads again. */
const place = Buffer.allocUnsafeSlow(65_536);

/** Beyond this much that nobody has heard yet, nothing more is read. */
const heldLimitBytes = 4_096;

/** A read of as many bytes is a buffer of its own; smaller ones share blocks. */
const largeBytes = 2_048;
/** Whoever keeps a line keeps its block, so these are smaller than Node's own, which are of 64 KiB. */
const blockBytes = 8_192;

/**
 * What comes in by one socket, without a stream between. For a stream Node takes 64 KiB of memory at each read and gives
 * back what was too much, and a line of SMTP is a read of its own. A socket is made with `onread`.
 *
 * While paused it reads on, a little, for only who reads hears that the far end is gone; that is held, and heard first when
 * it goes on.
 */
export class Incoming {
  #listener: ((chunk: Buffer) => void) | null = null;
  #paused = false;
  #held: Buffer[] = [];
  #heldBytes = 0;
  /** What waits until nothing is held. */
  #whenHeard: (() => void) | null = null;

  readonly onread = { buffer: place, callback: (bytes: number): boolean => this.#read(bytes) };

  /** Who is given the bytes, which are then theirs; nobody reads before there is one. */
  hear(listener: (chunk: Buffer) => void): void {
    this.#listener = listener;
  }

  pause(): void {
    this.#paused = true;
  }

  /** What is held is heard in a tick of its own; the socket is to be resumed too. */
  resume(): void {
    this.#paused = false;
    if (this.#held.length > 0) process.nextTick(() => this.#release());
  }

  get holds(): boolean {
    return this.#held.length > 0;
  }

  /** `run`, once and at once, or when what is held was heard. */
  afterHeld(run: () => void): void {
    if (this.#held.length === 0) run();
    else this.#whenHeard = run;
  }

  /** What is held will not be heard any more. */
  drop(): void {
    this.#held = [];
    this.#heldBytes = 0;
    this.#whenHeard = null;
  }

  /** False: enough is held, and nothing more is read until the socket is resumed. */
  #read(bytes: number): boolean {
    if (!this.#paused && this.#held.length === 0) {
      this.#listener?.(copyOf(bytes, bytes >= largeBytes));
      return true;
    }
    this.#held.push(copyOf(bytes, true));
    this.#heldBytes += bytes;
    return this.#heldBytes < heldLimitBytes;
  }

  #release(): void {
    while (!this.#paused) {
      const chunk = this.#held.shift();
      if (chunk === undefined) break;
      this.#heldBytes -= chunk.length;
      this.#listener?.(chunk);
    }
    if (this.#held.length > 0) return;
    const run = this.#whenHeard;
    this.#whenHeard = null;
    run?.();
  }
}

let block = Buffer.allocUnsafeSlow(blockBytes);
let blockUsed = 0;

/** `own`: in a buffer of its own, for what is kept for long. */
function copyOf(bytes: number, own: boolean): Buffer {
  const copy = own ? Buffer.allocUnsafeSlow(bytes) : partOfBlock(bytes);
  place.copy(copy, 0, 0, bytes);
  return copy;
}

function partOfBlock(bytes: number): Buffer {
  if (blockUsed + bytes > blockBytes) {
    block = Buffer.allocUnsafeSlow(blockBytes);
    blockUsed = 0;
  }
  const start = blockUsed;
  blockUsed += bytes;
  return block.subarray(start, blockUsed);
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
  const asItWas: Adopted = { socket: accepted, incoming: null };
  if (typeof handle !== 'object' || handle === null || !('useUserBuffer' in handle)) return asItWas;
  const incoming = new Incoming();
  const options = { handle, allowHalfOpen: true, pauseOnCreate: true, onread: incoming.onread };
  const socket = Reflect.construct(Socket, [options]);
  if (Reflect.get(socket, '_handle') !== handle) return asItWas;
  Reflect.set(accepted, '_handle', null);
  return { socket, incoming };
}
