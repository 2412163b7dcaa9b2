import type { Socket } from 'node:net';

/** The gateway said something else than its client had hoped for. */
export class UnexpectedReply extends Error {
  readonly reply: string;

  constructor(expected: number, reply: string) {
    super(`expected ${expected}, got ${reply}`);
    this.reply = reply;
  }
}

/** Waits for replies one by one; rejects when the connection ends. */
export class ReplyReader {
  #text = '';
  #ended = false;
  #wake: (() => void) | null = null;

  constructor(socket: Socket) {
    const wake = (): void => this.#wake?.();
    socket.setEncoding('latin1').on('data', (text: string) => {
      this.#text += text;
      wake();
    });
    socket.on('error', () => socket.destroy());
    socket.once('close', () => {
      this.#ended = true;
      wake();
    });
  }

  /** Gives the last line of the reply. */
  async expect(code: number): Promise<string> {
    for (;;) {
      const last = /^(\d{3})(?: .*)?\r\n/m.exec(this.#text);
      if (last) {
        this.#text = this.#text.slice(last.index + last[0].length);
        if (Number(last[1]) === code) return last[0];
        throw new UnexpectedReply(code, last[0].trim());
      }
      if (this.#ended) throw new Error('the connection ended');
      await new Promise<void>(resolve => {
        this.#wake = resolve;
      });
    }
  }
}
