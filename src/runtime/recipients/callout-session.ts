import { type Extensions, noExtensions, parseExtensions } from '../../protocol/smtp/extensions.ts';
import { LineInput } from '../../protocol/smtp/line-input.ts';
import { type Reply, ReplyParser, replyLineBytes, replyText } from '../../protocol/smtp/reply.ts';
import type { Clock, Connection, Timer } from '../ports.ts';

/** A mailbox that is asked about. `done` comes once: the store's reply to RCPT, or null with why there is none. */
export type CalloutQuestion = {
  readonly forwardPath: string;
  readonly done: (reply: Reply | null, why: string) => void;
};

/** For greeting and EHLO, and for the replies to one batch. */
const helloMs = 8_000;
const batchMs = 8_000;
const tlsMs = 5_000;
const byeMs = 1_000;
/** A kept session ends before the store ends it. */
const idleMs = 15_000;
/** Questions of one transaction: any server takes so many recipients. */
export const questionsPerBatch = 20;
const batchesPerSession = 200;

type Expected =
  | { readonly kind: 'mail' | 'rset' | 'quit'; readonly line: string }
  | { readonly kind: 'rcpt'; readonly line: string; readonly question: CalloutQuestion };

export type CalloutSessionParts = {
  readonly clock: Clock;
  readonly connection: Connection;
  readonly ehlo: string;
  /** STARTTLS where it is offered; the key under which sessions resume. Null: clear text. */
  readonly tlsKey: string | null;
  /** A batch may come. */
  readonly idle: (session: CalloutSession) => void;
  /** It is over, once; `tlsFailed`: it broke in the handshake. */
  readonly ended: (session: CalloutSession, why: string, tlsFailed: boolean) => void;
};

/**
 * One session with a mail store in which mailboxes are asked about and no mail is sent: EHLO, then for each batch
 * MAIL FROM:<>, RCPT TO for each, RSET. Pipelined where the store offers it. Never DATA.
 */
export class CalloutSession {
  readonly #parts: CalloutSessionParts;
  readonly #input = new LineInput(replyLineBytes, 'lf');
  readonly #replies = new ReplyParser();
  #state: 'greeting' | 'ehlo' | 'helo' | 'starttls' | 'handshake' | 'idle' | 'busy' | 'bye' | 'over' =
    'greeting';
  #extensions: Extensions = noExtensions;
  #isSecret = false;
  /** Sent, in order. */
  #expected: Expected[] = [];
  /** To be sent, where commands go one by one. */
  #toSend: Expected[] = [];
  #mailRefused: Reply | null = null;
  #batches = 0;
  #timer: Timer | null = null;

  constructor(parts: CalloutSessionParts) {
    this.#parts = parts;
    parts.connection.handle({
      data: chunk => this.#hear(chunk),
      drained() {},
      closed: error => this.#end(error?.message ?? 'the store ended the session'),
    });
    this.#arm(helloMs, 'the store does not greet');
  }

  /** Only when idle; `questionsPerBatch` at most. */
  ask(questions: readonly CalloutQuestion[]): void {
    this.#state = 'busy';
    this.#batches += 1;
    this.#mailRefused = null;
    const { smtpUtf8 } = this.#extensions;
    const askable = questions.filter(({ forwardPath }) => smtpUtf8 || isAscii(forwardPath));
    const utf8 = askable.every(({ forwardPath }) => isAscii(forwardPath)) ? '' : ' SMTPUTF8';
    const commands: Expected[] = [
      { kind: 'mail', line: `MAIL FROM:<>${utf8}\r\n` },
      ...askable.map(
        (question): Expected => ({ kind: 'rcpt', line: `RCPT TO:<${question.forwardPath}>\r\n`, question }),
      ),
      { kind: 'rset', line: 'RSET\r\n' },
    ];
    this.#arm(batchMs, 'the store does not answer to RCPT');
    for (const question of questions)
      if (!askable.includes(question)) question.done(null, 'the store does not take SMTPUTF8');
    if (this.#extensions.pipelining) {
      this.#expected = commands;
      this.#write(commands.map(({ line }) => line).join(''));
      return;
    }
    this.#toSend = commands;
    this.#sendNext();
  }

  /** Ends it politely if it is idle, else at once. */
  close(): void {
    if (this.#state !== 'idle') return this.#end('given up');
    this.#state = 'bye';
    this.#write('QUIT\r\n');
    this.#arm(byeMs, 'over');
  }

  #sendNext(): void {
    const next = this.#toSend.shift();
    if (next === undefined) return;
    this.#expected.push(next);
    this.#write(next.line);
  }

  #hear(chunk: Buffer): void {
    this.#input.push(chunk);
    for (;;) {
      if (this.#state === 'over' || this.#state === 'handshake') return;
      const line = this.#input.readLine();
      if (line === null) return;
      if (line.kind === 'overlong') return this.#end('the store sent a line without end');
      const progress = this.#replies.push(line.text);
      if (progress.kind === 'bad') return this.#end(progress.why);
      if (progress.kind === 'reply') this.#replied(progress.reply);
    }
  }

  #replied(said: Reply): void {
    // Where one reply is awaited, a second one would be taken for the answer to the next question.
    const awaitsMore = this.#state === 'busy' && this.#expected.length > 1;
    if (!awaitsMore && !this.#input.empty && this.#state !== 'starttls' && this.#state !== 'bye')
      return this.#end('the store talks out of turn');
    switch (this.#state) {
      case 'greeting':
        if (said.code >= 300) return this.#end(`the store greets with ${replyText(said)}`);
        return this.#hello('ehlo');
      case 'ehlo':
      case 'helo':
        return this.#introduced(said);
      case 'starttls':
        return this.#startTls(said);
      case 'busy':
        return this.#answered(said);
      case 'idle':
        return this.#end(replyText(said));
      case 'bye':
        return this.#end('over');
      case 'handshake':
      case 'over':
        return;
      default:
        this.#state satisfies never;
    }
  }

  #hello(word: 'ehlo' | 'helo'): void {
    this.#state = word;
    this.#write(`${word.toUpperCase()} ${this.#parts.ehlo}\r\n`);
  }

  #introduced(said: Reply): void {
    if (said.code >= 500 && this.#state === 'ehlo' && !this.#isSecret) return this.#hello('helo');
    if (said.code >= 300) return this.#end(`the store answers EHLO with ${replyText(said)}`);
    this.#extensions = this.#state === 'ehlo' ? parseExtensions(said) : noExtensions;
    if (this.#extensions.startTls && this.#parts.tlsKey !== null && !this.#isSecret) {
      this.#state = 'starttls';
      this.#write('STARTTLS\r\n');
      return;
    }
    this.#beIdle();
  }

  /** What came in clear text after the reply was never the store's word (RFC 3207 section 5). */
  #startTls(said: Reply): void {
    const { connection, tlsKey } = this.#parts;
    if (said.code >= 300 || tlsKey === null) return this.#beIdle();
    if (!this.#input.empty) return this.#end('the store talks into the handshake', true);
    this.#state = 'handshake';
    this.#isSecret = true;
    const terms = {
      side: 'client',
      serverName: null,
      verify: false,
      sessionKey: tlsKey,
      timeoutMs: tlsMs,
    } as const;
    void connection.startTls(terms).then(made => {
      if (this.#state !== 'handshake') return;
      if (!made.ok) return this.#end(made.error.message, true);
      this.#input.clear();
      this.#hello('ehlo');
    });
  }

  #answered(said: Reply): void {
    const expected = this.#expected.shift();
    if (expected === undefined) return this.#end(replyText(said));
    if (said.code === 421) {
      this.#expected.unshift(expected);
      return this.#end(replyText(said));
    }
    switch (expected.kind) {
      case 'mail':
        if (said.code >= 300) this.#mailRefused = said;
        break;
      case 'rcpt':
        if (this.#mailRefused === null) expected.question.done(said, '');
        else
          expected.question.done(null, `the store refuses MAIL FROM:<> with ${replyText(this.#mailRefused)}`);
        break;
      case 'rset':
        if (this.#batches >= batchesPerSession || said.code >= 300) {
          this.#state = 'idle';
          return this.close();
        }
        return this.#beIdle();
      case 'quit':
        return;
      default:
        expected satisfies never;
    }
    this.#sendNext();
  }

  #beIdle(): void {
    this.#state = 'idle';
    this.#timer?.cancel();
    this.#timer = this.#parts.clock.timer(idleMs, () => this.close());
    this.#parts.idle(this);
  }

  #write(text: string): void {
    this.#parts.connection.write([Buffer.from(text, 'utf8')]);
  }

  #arm(ms: number, why: string): void {
    this.#timer?.cancel();
    this.#timer = this.#parts.clock.timer(ms, () => this.#end(why));
  }

  #end(why: string, tlsFailed = false): void {
    if (this.#state === 'over') return;
    const inOrder = this.#state === 'bye';
    this.#state = 'over';
    this.#timer?.cancel();
    if (inOrder) this.#parts.connection.end();
    else this.#parts.connection.destroy();
    const open = [...this.#expected, ...this.#toSend];
    this.#expected = [];
    this.#toSend = [];
    this.#parts.ended(this, why, tlsFailed);
    for (const each of open) if (each.kind === 'rcpt') each.question.done(null, why);
  }
}

const isAscii = (text: string): boolean => !/[^ -~]/.test(text);
