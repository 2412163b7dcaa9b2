import assert from 'node:assert/strict';
import { ClientSession } from '../../src/protocol/smtp/client-session.ts';
import type { ClientAction, ClientTransaction } from '../../src/protocol/smtp/client-session-types.ts';
import { reply } from '../../src/protocol/smtp/reply.ts';
import { ServerSession } from '../../src/protocol/smtp/server-session.ts';
import type {
  ServerAction,
  ServerQuestion,
  ServerSettings,
} from '../../src/protocol/smtp/server-session-types.ts';

/*
 * Whole dialogues as bytes: `\x01` to `\x08` at the start of a line are things that happen to the machine between two
 * reads, and all else is what the far side sends. So a corpus file can be read, and a shrunk one is a story.
 */

/** A reply is never longer, and a command never brings more than one. */
const replyBytesAtMost = 1_500;

const settings: ServerSettings = {
  name: 'mx.example.com',
  limits: {
    messageSizeBytes: 5_000,
    recipients: 5,
    errors: 8,
    idleCommands: 30,
    lineBytes: 2_048,
    commandTimeoutMs: 300_000,
    dataTimeoutMs: 300_000,
    sessionTimeoutMs: 3_600_000,
  },
  bareNewline: 'refuse',
  startTls: true,
};

/** Cuts a dialogue where something happens, and every so many bytes, as its first byte says. */
function* happenings(bytes: Buffer): Generator<Buffer> {
  const size = 1 + ((bytes[0] ?? 0) % 97);
  for (let start = 0; start < bytes.length; ) {
    const first = bytes[start] ?? 0;
    if (first > 0 && first <= 8) {
      yield bytes.subarray(start, start + 1);
      start += 1;
      continue;
    }
    let end = start + 1;
    while (end < bytes.length && end - start < size && !((bytes[end] ?? 0) > 0 && (bytes[end] ?? 9) <= 8))
      end += 1;
    yield bytes.subarray(start, end);
    start = end;
  }
}

/** Our server and whatever a client says to it. */
export function serverDialogue(bytes: Buffer): void {
  for (const bareNewline of ['refuse', 'clean'] as const) new ServerDialogue(bareNewline).run(bytes);
}

class ServerDialogue {
  readonly #session: ServerSession;
  #ask: { readonly number: number; readonly question: ServerQuestion } | null = null;
  #said = '';
  #bodyBytes = 0;
  #closed = false;
  #at = 0;

  constructor(bareNewline: ServerSettings['bareNewline']) {
    this.#session = new ServerSession({ ...settings, bareNewline });
  }

  run(bytes: Buffer): void {
    this.#hear(this.#session.step({ kind: 'opened', at: 0 }));
    for (const piece of happenings(bytes)) {
      this.#at += 1_000;
      const happens = piece.length === 1 ? (piece[0] ?? 0) : 0;
      if (happens === 1) this.#answer(true);
      else if (happens === 2) this.#answer(false);
      else if (happens === 3) this.#hear(this.#session.step({ kind: 'shutdown', at: this.#at }));
      else if (happens === 4) this.#hear(this.#session.step({ kind: 'tick', at: (this.#at += 400_000) }));
      else this.#hear(this.#session.step({ kind: 'bytes', chunk: Buffer.from(piece), at: this.#at }));
      // Most answers come at once.
      if (this.#ask !== null && piece.length % 3 !== 0) this.#answer(true);
    }
    this.#answer(true);
    const lines = bytes.filter(byte => byte === 10).length;
    assert.ok(
      this.#said.length < replyBytesAtMost * (lines + 3),
      `${this.#said.length} bytes for ${lines} lines`,
    );
    assert.ok(this.#bodyBytes <= 2 * bytes.length, `${this.#bodyBytes} bytes of bodies from ${bytes.length}`);
    for (const line of this.#said.split('\r\n').slice(0, -1)) assert.match(line, /^[2-5]\d\d[ -][ -~]*$/);
  }

  #answer(yes: boolean): void {
    const asked = this.#ask;
    if (asked === null) return;
    this.#ask = null;
    const good = asked.question.kind === 'data' ? reply(354, null, 'Go on.') : reply(250, '2.0.0', 'Yes.');
    const said = yes ? good : reply(451, '4.3.0', 'Not now.');
    this.#hear(this.#session.step({ kind: 'answer', ask: asked.number, reply: said, at: this.#at }));
  }

  #hear(actions: readonly ServerAction[]): void {
    for (const action of actions) {
      assert.ok(!this.#closed, `${action.kind} after close`);
      switch (action.kind) {
        case 'write':
          this.#said += action.bytes.toString('latin1');
          break;
        case 'ask':
          assert.equal(this.#ask, null, 'two questions at once');
          this.#ask = { number: action.ask, question: action.question };
          break;
        case 'body':
          assert.ok(action.start >= 0 && action.start <= action.end && action.end <= action.chunk.length);
          this.#bodyBytes += action.end - action.start;
          break;
        case 'close':
          this.#closed = true;
          break;
        case 'startTls':
          this.#hear(this.#session.step({ kind: 'secured', at: this.#at }));
          break;
        default:
          assert.match(action.kind, /^(?:discard|hold|resume)$/);
      }
    }
  }
}

const transaction: ClientTransaction = {
  reversePath: 'a@example.com',
  forwardPaths: ['b@remote.example', 'c@remote.example'],
  sizeBytes: 20,
  bodyType: '8bitmime',
  holdDot: false,
};

/** Our client and whatever a server says to it. */
export function clientDialogue(bytes: Buffer): void {
  for (const tls of ['may', 'verify', 'none'] as const) new ClientDialogue(tls).run(bytes);
}

class ClientDialogue {
  readonly #session: ClientSession;
  readonly #terms: 'may' | 'verify' | 'none';
  #secured = false;
  #started = 0;
  #results = 0;
  #said = 0;
  #closed = false;

  constructor(tls: 'may' | 'verify' | 'none') {
    this.#terms = tls;
    const login = { user: 'postern', password: 'swordfish' };
    this.#session = new ClientSession({ ehlo: 'mail.example.com', tls, login });
  }

  run(bytes: Buffer): void {
    for (const piece of happenings(bytes)) {
      const happens = piece.length === 1 ? (piece[0] ?? 0) : 0;
      if (happens === 3) this.#hear(this.#session.step({ kind: 'quit' }));
      else if (happens === 4) this.#hear(this.#session.step({ kind: 'dotAllowed' }));
      else if (happens === 5) this.#hear(this.#session.step({ kind: 'ended' }));
      else this.#hear(this.#session.step({ kind: 'bytes', chunk: Buffer.from(piece) }));
      if (this.#session.state === 'idle' && this.#started < 20) this.#start(piece.length % 2 === 0);
    }
    this.#hear(this.#session.step({ kind: 'ended' }));
    assert.equal(this.#results, this.#started, 'each message has one result');
    assert.ok(this.#said < 5_000 * (this.#started + 2), `${this.#said} bytes for ${this.#started} messages`);
  }

  #start(holdDot: boolean): void {
    this.#started += 1;
    this.#hear(this.#session.step({ kind: 'start', transaction: { ...transaction, holdDot } }));
  }

  #hear(actions: readonly ClientAction[]): void {
    for (const action of actions) {
      assert.ok(!this.#closed || action.kind === 'result', `${action.kind} after close`);
      switch (action.kind) {
        case 'write': {
          const text = Buffer.concat(action.chunks).toString('latin1');
          this.#said += text.length;
          if (!this.#secured) assert.ok(!/^AUTH/m.test(text), 'a login in clear');
          if (this.#terms === 'verify' && !this.#secured) assert.ok(!/^MAIL/m.test(text), 'mail in clear');
          break;
        }
        case 'startTls':
          this.#secured = true;
          this.#hear(this.#session.step({ kind: 'secured' }));
          break;
        case 'readBody':
          this.#hear(
            this.#session.step({ kind: 'body', chunk: Buffer.from('Subject: x\r\n\r\n.x\r\n'), last: true }),
          );
          break;
        case 'inspectBody':
          this.#hear(
            this.#session.step({ kind: 'inspected', content: { isAscii: true, headerIsAscii: true } }),
          );
          break;
        case 'dotHeld':
          this.#hear(this.#session.step({ kind: 'dotAllowed' }));
          break;
        case 'result':
          this.#results += 1;
          break;
        case 'close':
          this.#closed = true;
          break;
        default:
          assert.match(action.kind, /^(?:ready|refused|dotSent|replied|await)$/);
      }
    }
  }
}
