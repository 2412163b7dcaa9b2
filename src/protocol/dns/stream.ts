/** One message as TCP carries it: two bytes of length before it (RFC 1035 section 4.2.2). */
export function streamFrame(message: Buffer): readonly [Buffer, Buffer] {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  return [length, message];
}

/** Takes messages out of a TCP stream, however it is cut. Holds at most one message, so 64 KiB and what came with it. */
export class StreamReader {
  #pending: Buffer = Buffer.alloc(0);

  /** The messages that are complete with this chunk. */
  push(chunk: Buffer): Buffer[] {
    let pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    const messages: Buffer[] = [];
    while (pending.length >= 2) {
      const end = 2 + pending.readUInt16BE(0);
      if (pending.length < end) break;
      messages.push(pending.subarray(2, end));
      pending = pending.subarray(end);
    }
    this.#pending = pending;
    return messages;
  }
}
