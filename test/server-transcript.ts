import assert from 'node:assert/strict';
import { type Reply, reply } from '../src/protocol/smtp/reply.ts';
import { ServerSession } from '../src/protocol/smtp/server-session.ts';
import type {
  ServerAction,
  ServerEvent,
  ServerLimits,
  ServerQuestion,
  ServerSettings,
} from '../src/protocol/smtp/server-session-types.ts';

export const limits: ServerLimits = {
  messageSizeBytes: 100,
  recipients: 2,
  errors: 3,
  idleCommands: 12,
  lineBytes: 120,
  commandTimeoutMs: 300_000,
  dataTimeoutMs: 180_000,
  sessionTimeoutMs: 3_600_000,
};

const settings = (bareNewline: 'refuse' | 'clean' = 'refuse'): ServerSettings => ({
  name: 'mx1.example.com',
  limits,
  bareNewline,
  startTls: true,
});

export const bytesOf = (text: string): string =>
  text.replace(/\\([rn0t\\])/g, (_, c: string) => ({ r: '\r', n: '\n', '0': '\0', t: '\t' })[c] ?? '\\');
export const shownBytes = (bytes: string): string =>
  bytes.replace(/[\r\n\0\\]/g, c => ({ '\r': '\\r', '\n': '\\n', '\0': '\\0' })[c] ?? '\\\\');

/** What the driver of these tests answers. */
function verdict(question: ServerQuestion): Reply {
  switch (question.kind) {
    case 'mail':
      if (question.command.reversePath.startsWith('banned')) return reply(550, '5.7.1', 'Not you.');
      return reply(250, '2.1.0', 'Sender taken.');
    case 'recipient':
      if (question.forwardPath.startsWith('nobody')) return reply(550, '5.1.1', 'No such mailbox.');
      return reply(250, '2.1.5', 'Recipient taken.');
    case 'data':
      if (question.envelope.reversePath.startsWith('full')) return reply(452, '4.3.1', 'Disk full.');
      return reply(354, null, 'Go on.');
    case 'message':
      return reply(250, '2.0.0', `Queued, ${question.sizeBytes} bytes.`);
    default:
      return question satisfies never;
  }
}

/** Drives a session and notes what it does: `S:` replies, `M:` a message taken, `D:` one given up, `T:` a handshake, which succeeds, `X:` the end. */
export class Driver {
  readonly session: ServerSession;
  readonly notes: string[] = [];
  readonly questions: ServerQuestion[] = [];
  readonly #late: boolean;
  #answers: ServerEvent[] = [];
  #body = '';
  now = 0;

  /** `late`: answers come only when `answer` is called. */
  constructor(late = false, bareNewline: 'refuse' | 'clean' = 'refuse', own: Partial<ServerLimits> = {}) {
    this.#late = late;
    this.session = new ServerSession({
      ...settings(bareNewline),
      limits: { ...limits, ...own },
    });
  }

  send(bytes: string): void {
    this.step({ kind: 'bytes', chunk: Buffer.from(bytes, 'latin1'), at: this.now });
  }

  step(event: ServerEvent): void {
    const actions = this.session.step(event);
    assert.ok(actions.filter(action => action.kind === 'write').length <= 1, 'one write a step');
    for (const action of actions) this.#act(action);
    if (!this.#late) this.answer();
  }

  /** Gives the answers that are due, also to what the session asks meanwhile. */
  answer(): void {
    for (let next = this.#answers.shift(); next !== undefined; next = this.#answers.shift()) this.step(next);
  }

  #act(action: ServerAction): void {
    switch (action.kind) {
      case 'write': {
        const lines = action.bytes.toString('latin1').split('\r\n');
        assert.equal(lines.pop(), '', 'replies end with CRLF');
        this.notes.push(...lines.map(line => `S: ${line}`));
        return;
      }
      case 'ask':
        this.questions.push(action.question);
        if (action.question.kind === 'message') {
          this.notes.push(`M: ${shownBytes(this.#body)}`.trim());
          this.#body = '';
        }
        this.#answers.push({
          kind: 'answer',
          ask: action.ask,
          reply: verdict(action.question),
          at: this.now,
        });
        return;
      case 'body':
        assert.ok(action.end > action.start, 'no empty spans');
        this.#body += action.chunk.subarray(action.start, action.end).toString('latin1');
        return;
      case 'discard':
        this.notes.push(`D: ${action.reason}`);
        this.#body = '';
        return;
      case 'close':
        this.notes.push(`X: ${action.reason}`);
        return;
      case 'startTls':
        this.notes.push('T: handshake');
        this.#answers.push({ kind: 'secured', at: this.now });
        return;
      case 'hold':
      case 'resume':
        this.notes.push(`H: ${action.kind}`);
        return;
      default:
        action satisfies never;
    }
  }
}

/** Each way to cut `text` in two, and for short texts in three. */
export function* everySplit(text: string): Generator<string[]> {
  yield [text];
  yield text.split('');
  for (let i = 1; i < text.length; i++) {
    yield [text.slice(0, i), text.slice(i)];
    if (text.length > 40) continue;
    for (let j = i + 1; j < text.length; j++) yield [text.slice(0, i), text.slice(i, j), text.slice(j)];
  }
}

export type Turn = { readonly client: string; readonly notes: readonly string[] };

/** Reads a transcript: what the client says in one go, then what the session does about it. A line of the client ends with CRLF unless it ends with `\c`. */
export function readTranscript(text: string): Turn[] {
  const turns: Turn[] = [{ client: '', notes: [] }];
  for (const line of text.split('\n').map(raw => raw.trim())) {
    if (line === '') continue;
    const last = turns.at(-1) ?? { client: '', notes: [] };
    if (line.startsWith('C:')) {
      const said = line.slice(3);
      const bytes = said.endsWith('\\c') ? bytesOf(said.slice(0, -2)) : `${bytesOf(said)}\r\n`;
      if (last.notes.length > 0) turns.push({ client: bytes, notes: [] });
      else turns[turns.length - 1] = { client: last.client + bytes, notes: [] };
    } else turns[turns.length - 1] = { client: last.client, notes: [...last.notes, line] };
  }
  return turns;
}

export function play(
  turns: readonly Turn[],
  cut: (client: string, turn: number) => readonly string[],
  driver: Driver,
): void {
  driver.step({ kind: 'opened', at: 0 });
  turns.forEach((turn, index) => {
    for (const piece of cut(turn.client, index)) if (piece !== '') driver.send(piece);
    driver.answer();
    assert.deepEqual(driver.notes.splice(0), turn.notes, `after ${shownBytes(turn.client)}`);
  });
}

/** What EHLO is answered by a listener that has a certificate. */
export const offers = `
  S: 250-mx1.example.com greets you
  S: 250-PIPELINING
  S: 250-SIZE 100
  S: 250-8BITMIME
  S: 250-CHUNKING
  S: 250-SMTPUTF8
  S: 250-DSN
  S: 250-ENHANCEDSTATUSCODES
  S: 250 STARTTLS`;

export const greeted = `
  S: 220 mx1.example.com ESMTP
  C: EHLO client.example${offers}`;

export const begun = `${greeted}
  C: MAIL FROM:<a@client.example>
  C: RCPT TO:<b@example.com>
  C: DATA
  S: 250 2.1.0 Sender taken.
  S: 250 2.1.5 Recipient taken.
  S: 354 Go on.`;
