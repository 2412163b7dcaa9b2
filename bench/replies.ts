import type { Socket } from 'node:net';

/** Waits for so many replies; throws where one of them refuses. */
export class Replies {
  #waiting = 0;
  #text = '';
  #done: () => void = () => {};
  #failed: (error: Error) => void = () => {};

  listen(socket: Socket): void {
    socket.setNoDelay(true);
    socket.on('data', chunk => this.#take(String(chunk)));
    socket.on('error', error => this.#failed(error));
    socket.on('close', () => this.#failed(new Error('The gateway closed the connection.')));
  }

  async next(count: number): Promise<void> {
    this.#waiting = count;
    await new Promise<void>((resolve, reject) => {
      this.#done = resolve;
      this.#failed = reject;
      this.#take('');
    });
  }

  #take(text: string): void {
    this.#text += text;
    let at = 0;
    while (this.#waiting > 0) {
      const end = this.#text.indexOf('\n', at);
      if (end < 0) break;
      const line = this.#text.slice(at, end + 1);
      at = end + 1;
      if (!/^[23]/.test(line)) this.#failed(new Error(`The gateway said: ${line.trim()}`));
      if (line[3] === ' ') this.#waiting -= 1;
      if (this.#waiting === 0) this.#done();
    }
    this.#text = this.#text.slice(at);
  }
}
