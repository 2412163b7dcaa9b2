import assert from 'node:assert/strict';
import { ClientSession } from '../src/protocol/smtp/client-session.ts';
import type {
  ClientAction,
  ClientEvent,
  ClientTerms,
  ClientTransaction,
} from '../src/protocol/smtp/client-session-types.ts';

/** What `E: start` starts in a transcript. */
export type Letter = Partial<ClientTransaction> & { readonly body?: readonly string[] };

const unescape = (text: string): string =>
  text.replace(/\\([rn\\])/g, (_, c: string) => ({ r: '\r', n: '\n' })[c] ?? '\\');

/**
 * Drives a session and notes what it does: `C:` lines written, `A:` all other actions but `replied`, `await`
 * and `readBody`, which it answers with the next piece of the letter's body.
 */
export class ClientDriver {
  readonly session: ClientSession;
  readonly notes: string[] = [];
  readonly all: ClientAction[] = [];
  #letter: Letter;
  #pieces: string[] = [];

  constructor(letter: Letter, terms: Partial<ClientTerms> = {}) {
    this.#letter = letter;
    this.session = new ClientSession({ ehlo: 'mail.example.com', tls: 'none', login: null, ...terms });
  }

  receive(bytes: string): void {
    this.step({ kind: 'bytes', chunk: Buffer.from(bytes, 'latin1') });
  }

  event(name: string): void {
    switch (name) {
      case 'start':
        this.#pieces = [...(this.#letter.body ?? ['x\r\n'])];
        return this.step({
          kind: 'start',
          transaction: {
            reversePath: 'a@example.com',
            forwardPaths: ['b@remote.example'],
            sizeBytes: 3,
            bodyType: '7bit',
            holdDot: false,
            ...this.#letter,
          },
        });
      case 'start for ours':
        this.#letter = { ...this.#letter, client: null };
        return this.event('start');
      case 'quit':
      case 'ended':
      case 'secured':
      case 'dotAllowed':
        return this.step({ kind: name });
      default:
        assert.fail(`no such event: ${name}`);
    }
  }

  step(event: ClientEvent): void {
    const actions = this.session.step(event);
    this.all.push(...actions);
    assert.ok(actions.filter(action => action.kind === 'write').length <= 2, 'writes are gathered');
    for (const action of actions) this.#note(action);
    if (actions.some(action => action.kind === 'inspectBody')) {
      const body = (this.#letter.body ?? ['x\r\n']).join('');
      const [header = ''] = body.split('\r\n\r\n');
      const isAscii = (text: string): boolean => /^[\0-\x7f]*$/.test(text);
      this.step({
        kind: 'inspected',
        content: { isAscii: isAscii(body), headerIsAscii: isAscii(header) },
      });
    }
    if (actions.some(action => action.kind === 'readBody')) {
      const chunk = Buffer.from(this.#pieces.shift() ?? '', 'latin1');
      this.step({ kind: 'body', chunk, last: this.#pieces.length === 0 });
    }
  }

  #note(action: ClientAction): void {
    switch (action.kind) {
      case 'write': {
        const lines = Buffer.concat(action.chunks).toString('latin1').split('\r\n');
        const rest = lines.pop();
        this.notes.push(...lines.map(line => `C: ${line}`.trim()));
        if (rest) this.notes.push(`C: ${rest}\\c`);
        return;
      }
      case 'ready': {
        const { pipelining, eightBitMime, sizeLimitBytes } = action.extensions;
        const offered = [
          pipelining && 'pipelining',
          eightBitMime && '8bit',
          sizeLimitBytes !== null && 'size',
        ];
        this.notes.push(`A: ready ${offered.filter(Boolean).join(' ')}`.trim());
        return;
      }
      case 'refused':
        this.notes.push(`A: refused ${action.stage} ${action.reply.code}`);
        return;
      case 'result': {
        const words = action.recipients.map(
          ({ stage, reply, local }) => `${stage} ${reply?.code ?? 'nothing'}${local ? ` (${local})` : ''}`,
        );
        this.notes.push(`A: result ${words.join(', ')}${action.dotSent ? '; dot sent' : ''}`);
        return;
      }
      case 'close':
        this.notes.push(`A: close ${action.why}`);
        return;
      case 'dotHeld':
      case 'dotSent':
        this.notes.push(`A: ${action.kind}`);
        return;
      case 'startTls':
        this.notes.push(`A: ${action.kind}`);
        return;
      case 'readBody':
      case 'inspectBody':
      case 'replied':
      case 'await':
        return;
      default:
        action satisfies never;
    }
  }
}

export function* everySplit(text: string): Generator<string[]> {
  yield [text];
  yield text.split('');
  for (let i = 1; i < text.length; i++) {
    yield [text.slice(0, i), text.slice(i)];
    if (text.length > 40) continue;
    for (let j = i + 1; j < text.length; j++) yield [text.slice(0, i), text.slice(i, j), text.slice(j)];
  }
}

export type Turn = {
  readonly server: string;
  readonly event: string | null;
  readonly notes: readonly string[];
};

/** Reads a transcript: what the server says in one go, or one event, then what the session does about it. A server's line ends with CRLF unless it ends with `\c`. */
export function readTranscript(text: string): Turn[] {
  const turns: Turn[] = [];
  for (const line of text.split('\n').map(raw => raw.trim())) {
    if (line === '') continue;
    const last = turns.at(-1);
    if (line.startsWith('E: ')) turns.push({ server: '', event: line.slice(3), notes: [] });
    else if (line.startsWith('S: ')) {
      const said = line.slice(3);
      const bytes = said.endsWith('\\c') ? unescape(said.slice(0, -2)) : `${unescape(said)}\r\n`;
      if (last && last.event === null && last.notes.length === 0)
        turns[turns.length - 1] = { ...last, server: last.server + bytes };
      else turns.push({ server: bytes, event: null, notes: [] });
    } else if (last) turns[turns.length - 1] = { ...last, notes: [...last.notes, line] };
  }
  return turns;
}

/** Plays a transcript, then again with each of the server's turns cut at every place. */
export function playEverySplit(text: string, letter: Letter, terms: Partial<ClientTerms> = {}): void {
  const turns = readTranscript(text);
  play(turns, letter, server => [server], terms);
  turns.forEach((turn, index) => {
    for (const pieces of everySplit(turn.server))
      play(turns, letter, (server, i) => (i === index ? pieces : [server]), terms);
  });
}

export function play(
  turns: readonly Turn[],
  letter: Letter,
  cut: (server: string, turn: number) => readonly string[],
  terms: Partial<ClientTerms> = {},
): void {
  const driver = new ClientDriver(letter, terms);
  turns.forEach((turn, index) => {
    if (turn.event !== null) driver.event(turn.event);
    else for (const piece of cut(turn.server, index)) driver.receive(piece);
    assert.deepEqual(driver.notes.splice(0), turn.notes, `after ${turn.event ?? turn.server}`);
  });
}
