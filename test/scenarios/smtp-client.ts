import type { Connection, Network } from '../../src/runtime/ports.ts';

/** What a client was told, by step: the reply lines joined, without CRLF. */
export type Submission = {
  readonly greeting: string;
  readonly mail: string;
  readonly rcpt: readonly string[];
  /** The reply to the final dot; null where DATA was refused. */
  readonly dot: string | null;
};

export type Letter = {
  readonly reversePath: string;
  readonly forwardPaths: readonly string[];
  /** With CRLF line ends; its dots are stuffed here. */
  readonly content: string;
};

/** Submits one message, one command after another, and hangs up in good order. */
export async function submit(
  network: Network,
  to: { readonly address: string; readonly port: number; readonly source?: string },
  letter: Letter,
): Promise<Submission> {
  const connected = await network.connect({ ...to, source: to.source ?? null, timeoutMs: 5_000 });
  if (!connected.ok) throw new Error(connected.error.message);
  const dialogue = new Dialogue(connected.value);
  const greeting = await dialogue.reply();
  await dialogue.say('EHLO client.example.com\r\n');
  const mail = await dialogue.say(`MAIL FROM:<${letter.reversePath}>\r\n`);
  const rcpt: string[] = [];
  for (const path of letter.forwardPaths) rcpt.push(await dialogue.say(`RCPT TO:<${path}>\r\n`));
  const go = await dialogue.say('DATA\r\n');
  const dot = go.startsWith('354')
    ? await dialogue.say(`${letter.content.replaceAll('\r\n.', '\r\n..')}\r\n.\r\n`)
    : null;
  await dialogue.say('QUIT\r\n');
  connected.value.destroy();
  return { greeting, mail, rcpt, dot };
}

class Dialogue {
  readonly #connection: Connection;
  #heard = '';
  #closed = false;
  #wake: () => void = () => {};

  constructor(connection: Connection) {
    this.#connection = connection;
    connection.handle({
      data: chunk => {
        this.#heard += chunk.toString('latin1');
        this.#wake();
      },
      drained: () => {},
      closed: () => {
        this.#closed = true;
        this.#wake();
      },
    });
  }

  say(text: string): Promise<string> {
    this.#connection.write([Buffer.from(text, 'latin1')]);
    return this.reply();
  }

  async reply(): Promise<string> {
    for (;;) {
      const found = /^(?:\d{3}-.*\r\n)*\d{3}(?: .*)?\r\n/.exec(this.#heard);
      if (found) {
        this.#heard = this.#heard.slice(found[0].length);
        return found[0].trimEnd().replaceAll('\r\n', ' / ');
      }
      if (this.#closed) return 'the connection was closed';
      await new Promise<void>(resolve => {
        this.#wake = resolve;
      });
    }
  }
}
