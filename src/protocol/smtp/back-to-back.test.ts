import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { ClientSession } from './client-session.ts';
import type { ClientEvent, RecipientReply } from './client-session-types.ts';
import { reply } from './reply.ts';
import { ServerSession } from './server-session.ts';
import type { ServerEvent, ServerQuestion } from './server-session-types.ts';

type Message = {
  readonly forwardPaths: readonly string[];
  readonly pieces: readonly string[];
  readonly holdDot: boolean;
};

type Taken = { readonly forwardPaths: readonly string[]; readonly body: string };

/** Our client speaks to our server over a wire that cuts bytes at will; each message is sent, then QUIT. */
class Wire {
  readonly #client = new ClientSession({ ehlo: 'mail.example.com', tls: 'none', login: null });
  readonly #server = new ServerSession({
    name: 'mx.remote.example',
    bareNewline: 'refuse',
    startTls: false,
    limits: {
      messageSizeBytes: 1_000_000,
      recipients: 3,
      errors: 1_000,
      idleCommands: 100,
      lineBytes: 2_048,
      commandTimeoutMs: 1,
      dataTimeoutMs: 1,
      sessionTimeoutMs: 1,
    },
  });
  readonly #messages: Message[];
  readonly #sizes: readonly number[];
  /** Where false, nobody hears that the server knows BDAT. */
  readonly #chunking: boolean;
  #cuts = 0;
  #toServer: Buffer[] = [];
  #toClient: Buffer[] = [];
  #current: Message | undefined;
  #pieces: string[] = [];
  #body = '';
  #forwardPaths: readonly string[] = [];
  readonly taken: Taken[] = [];
  readonly results: (readonly RecipientReply[])[] = [];
  serverEnd = '';
  clientEnd = '';

  constructor(messages: readonly Message[], sizes: readonly number[], chunking: boolean) {
    this.#chunking = chunking;
    this.#messages = [...messages];
    this.#sizes = sizes;
    this.#feedServer({ kind: 'opened', at: 0 });
    while (this.#toServer.length + this.#toClient.length > 0) {
      for (const chunk of this.#deliver(this.#toClient)) this.#feedClient({ kind: 'bytes', chunk });
      for (const chunk of this.#deliver(this.#toServer)) this.#feedServer({ kind: 'bytes', chunk, at: 0 });
    }
  }

  *#deliver(queue: Buffer[]): Generator<Buffer> {
    const bytes = Buffer.concat(queue.splice(0));
    for (let at = 0; at < bytes.length; ) {
      const size = this.#sizes[this.#cuts++ % this.#sizes.length] ?? 1;
      yield bytes.subarray(at, at + size);
      at += size;
    }
  }

  #feedClient(event: ClientEvent): void {
    for (const action of this.#client.step(event)) {
      if (action.kind === 'write') this.#toServer.push(...action.chunks);
      if (action.kind === 'ready') this.#next();
      if (action.kind === 'result') {
        this.results.push(action.recipients);
        this.#next();
      }
      if (action.kind === 'readBody') {
        const chunk = Buffer.from(this.#pieces.shift() ?? '', 'latin1');
        this.#feedClient({ kind: 'body', chunk, last: this.#pieces.length === 0 });
      }
      if (action.kind === 'dotHeld') this.#feedClient({ kind: 'dotAllowed' });
      if (action.kind === 'close') this.clientEnd = action.why;
    }
  }

  #next(): void {
    this.#current = this.#messages.shift();
    if (this.#current === undefined) return this.#feedClient({ kind: 'quit' });
    const { forwardPaths, pieces, holdDot } = this.#current;
    this.#pieces = [...pieces];
    this.#feedClient({
      kind: 'start',
      transaction: {
        reversePath: '',
        forwardPaths,
        sizeBytes: pieces.join('').length,
        bodyType: '8bitmime',
        holdDot,
      },
    });
  }

  #feedServer(event: ServerEvent): void {
    for (const action of this.#server.step(event)) {
      if (action.kind === 'write') this.#toClient.push(this.#overheard(action.bytes));
      if (action.kind === 'body') this.#body += action.chunk.toString('latin1', action.start, action.end);
      if (action.kind === 'ask')
        this.#feedServer({ kind: 'answer', ask: action.ask, reply: this.#judge(action.question), at: 0 });
      if (action.kind === 'close') this.serverEnd = action.reason;
    }
  }

  #overheard(bytes: Buffer): Buffer {
    if (this.#chunking) return bytes;
    return Buffer.from(bytes.toString('latin1').replace('CHUNKING', 'XXXXXXXX'), 'latin1');
  }

  #judge(question: ServerQuestion) {
    if (question.kind === 'recipient' && question.forwardPath.startsWith('no'))
      return reply(550, '5.1.1', 'No such mailbox.');
    if (question.kind === 'data') {
      this.#forwardPaths = [...question.envelope.forwardPaths];
      this.#body = '';
      return reply(354, null, 'Go on.');
    }
    if (question.kind === 'message') this.taken.push({ forwardPaths: this.#forwardPaths, body: this.#body });
    return reply(250, '2.0.0', 'Yes.');
  }
}

const body = fc
  .array(fc.constantFrom('', '.', '..', '.a', 'text', '\xff\0', 'x'.repeat(300)), { maxLength: 12 })
  .map(lines => lines.map(line => `${line}\r\n`).join(''));
const message = fc.record({
  forwardPaths: fc.array(fc.constantFrom('yes@remote.example', 'no@remote.example'), {
    minLength: 1,
    maxLength: 5,
  }),
  pieces: fc.tuple(body, fc.array(fc.nat(200), { maxLength: 4 })).map(([text, cuts]) =>
    piecesOf(
      text,
      cuts.toSorted((a, b) => a - b),
    ),
  ),
  holdDot: fc.boolean(),
});

/** Cuts text at the given places. */
function piecesOf(text: string, cuts: readonly number[]): string[] {
  return [...cuts, text.length].map((end, i) => text.slice(cuts[i - 1] ?? 0, end));
}

test('both machines: every message arrives as it was, to whom it may, however the wire cuts it', () => {
  fc.assert(
    fc.property(
      fc.array(message, { maxLength: 4 }),
      fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 8 }),
      fc.boolean(),
      (messages, sizes, chunking) => {
        const wire = new Wire(messages, sizes, chunking);
        const expected: Taken[] = [];
        for (const [i, { forwardPaths, pieces }] of messages.entries()) {
          const accepted = forwardPaths.filter(path => path.startsWith('yes')).slice(0, 3);
          if (accepted.length > 0) expected.push({ forwardPaths: accepted, body: pieces.join('') });
          let room = 3;
          const codes = forwardPaths.map(path => {
            if (room === 0) return 452;
            if (path.startsWith('no')) return 550;
            room -= 1;
            return 250;
          });
          assert.deepEqual(
            wire.results[i]?.map(({ reply: word }) => word?.code),
            codes,
          );
        }
        assert.deepEqual(wire.taken, expected);
        assert.equal(wire.results.length, messages.length);
        assert.equal(wire.serverEnd, 'quit');
        assert.equal(wire.clientEnd, 'quit');
      },
    ),
    { numRuns: 300 },
  );
});
