import type {
  ClientAction,
  ClientEvent,
  ClientStage,
  ClientState,
  ClientTransaction,
  RecipientReply,
} from './client-session-types.ts';
import { DotStuffer } from './data.ts';
import { type Extensions, noExtensions, parseExtensions } from './extensions.ts';
import { LineInput } from './line-input.ts';
import { type Reply, ReplyParser, reply, replyText } from './reply.ts';

/** One command that is to be sent, and what its reply will be about. `recipient` is its place in the list of forward-paths. */
type Pending = { readonly stage: ClientStage; readonly line: string; readonly recipient: number };

/** A transaction under way. */
type Work = {
  readonly transaction: ClientTransaction;
  /** What is known of each recipient: a final word, `accepted` by RCPT, or nothing yet. */
  readonly verdicts: (RecipientReply | 'accepted' | null)[];
  /** Commands not sent yet, in order. */
  readonly toSend: Pending[];
  /** Why MAIL or DATA failed: the word for everyone who has none of his own. */
  refusal: RecipientReply | null;
  readonly stuffer: DotStuffer;
  bodyWritten: boolean;
  dotSent: boolean;
};

/** RFC 5321 section 4.5.3.2: how long the far side may take; greeting, MAIL and RCPT 5 minutes, and so what it leaves open. */
const timeoutsMs: Readonly<Record<ClientStage, number | null>> = {
  connect: 300_000,
  greeting: 300_000,
  ehlo: 300_000,
  mail: 300_000,
  rcpt: 300_000,
  data: 120_000,
  body: 180_000,
  dot: 600_000,
  rset: 300_000,
  quit: 300_000,
  idle: null,
};

/** Commands sent without waiting, at most: the replies to them must fit into anyone's buffers (RFC 2920 section 3.1). */
const groupLimit = 100;

/** Bytes of a reply line; RFC 5321 section 4.5.3.1.5 says 512, and some servers say more. */
const lineLimitBytes = 2000;

/**
 * EHLO refused so means that the server knows only HELO (RFC 5321 section 4.1.1.1), unless an X.7.x says that it is about
 * us (RFC 3463 section 3.8).
 */
const heloInstead: ReadonlySet<number> = new Set([500, 501, 502, 504, 550]);

const finalDot = Buffer.from('.\r\n');

/**
 * The sending side of one SMTP session (RFC 5321): events in, ordered actions out. Commands go in groups where the far
 * side offers PIPELINING (RFC 2920), else one by one. Each transaction ends in one `result`, with a word for each
 * recipient; after `close` every event is ignored.
 */
export class ClientSession {
  readonly #ehlo: string;
  readonly #input = new LineInput(lineLimitBytes, 'lf');
  readonly #replies = new ReplyParser();
  #state: ClientState = 'greeting';
  #extensions: Extensions = noExtensions;
  /** What the next replies will be about, in order. */
  #expected: Pending[] = [];
  #work: Work | null = null;
  /** The last transaction stands open on the far side: RSET goes before the next. */
  #resetDue = false;
  #actions: ClientAction[] = [];
  #awaited: ClientStage | null = null;
  /** A reply came or something was sent: what is awaited now has its whole time again. */
  #moved = true;

  /** `ehlo` is the name that we give. */
  constructor(ehlo: string) {
    this.#ehlo = ehlo;
  }

  get state(): ClientState {
    return this.#state;
  }

  step(event: ClientEvent): readonly ClientAction[] {
    if (this.#state === 'closed') return [];
    switch (event.kind) {
      case 'bytes':
        this.#input.push(event.chunk);
        this.#readReplies();
        break;
      case 'start':
        this.#start(event.transaction);
        break;
      case 'body':
        this.#writeBody(event.chunk, event.last);
        break;
      case 'dotAllowed':
        if (this.#work?.bodyWritten && !this.#work.dotSent) this.#sendDot([]);
        break;
      case 'quit':
        this.#quit();
        break;
      case 'ended':
        this.#broken({ stage: this.#stage(), reply: null });
        this.#state = 'closed';
        break;
      default:
        event satisfies never;
    }
    this.#tellAwaited();
    const actions = this.#actions;
    this.#actions = [];
    return actions;
  }

  #readReplies(): void {
    while (this.#state !== 'closed') {
      const line = this.#input.readLine();
      if (line === null) return;
      if (line.kind === 'overlong') return this.#breach('A reply line is over 2,000 bytes.');
      const progress = this.#replies.push(line.text);
      if (progress.kind === 'bad') return this.#breach(progress.why);
      if (progress.kind === 'reply') this.#replied(progress.reply);
    }
  }

  #replied(answer: Reply): void {
    this.#moved = true;
    const pending = this.#expected.shift();
    const stage = pending?.stage ?? this.#stage();
    this.#actions.push({ kind: 'replied', stage, reply: answer });
    switch (this.#state) {
      case 'greeting':
        return this.#greeted(answer);
      case 'ehlo':
      case 'helo':
        return this.#introduced(answer);
      case 'quitting':
        return this.#close('quit', replyText(answer));
      case 'idle':
        if (answer.code === 421) return this.#close('421', replyText(answer));
        return this.#breach(`A reply came that nothing had asked for: ${replyText(answer)}`);
      case 'busy':
        if (this.#work) this.#transacted(this.#work, pending, answer);
        return;
      case 'closed':
        return;
      default:
        this.#state satisfies never;
    }
  }

  #greeted(answer: Reply): void {
    if (answer.code >= 400) return this.#refused('greeting', answer);
    if (answer.code >= 300) return this.#breach(`This is no greeting: ${replyText(answer)}`);
    this.#state = 'ehlo';
    this.#write([`EHLO ${this.#ehlo}\r\n`]);
  }

  #introduced(answer: Reply): void {
    const isOfUs = /^[45]\.7\./.test(answer.enhancedStatus ?? '');
    if (this.#state === 'ehlo' && heloInstead.has(answer.code) && !isOfUs) {
      this.#state = 'helo';
      this.#write([`HELO ${this.#ehlo}\r\n`]);
      return;
    }
    if (answer.code >= 400) return this.#refused('ehlo', answer);
    if (answer.code >= 300) return this.#breach(`This is no answer to EHLO: ${replyText(answer)}`);
    this.#extensions = this.#state === 'ehlo' ? parseExtensions(answer) : noExtensions;
    this.#state = 'idle';
    this.#actions.push({ kind: 'ready', extensions: this.#extensions });
  }

  #refused(stage: 'greeting' | 'ehlo', answer: Reply): void {
    this.#actions.push({ kind: 'refused', stage, reply: answer });
    if (answer.code !== 421) this.#write(['QUIT\r\n']);
    this.#close('refused', replyText(answer));
  }

  #start(transaction: ClientTransaction): void {
    if (this.#state !== 'idle') return;
    const impossible = this.#localVerdict(transaction);
    if (impossible !== null) {
      const recipients = transaction.forwardPaths.map(() => impossible);
      this.#actions.push({ kind: 'result', recipients, dotSent: false });
      return;
    }
    const rcpt = (path: string, recipient: number): Pending => ({
      stage: 'rcpt',
      line: `RCPT TO:<${path}>\r\n`,
      recipient,
    });
    const toSend: Pending[] = [
      { stage: 'mail', line: this.#mailLine(transaction), recipient: -1 },
      ...transaction.forwardPaths.map(rcpt),
      { stage: 'data', line: 'DATA\r\n', recipient: -1 },
    ];
    if (this.#resetDue) toSend.unshift({ stage: 'rset', line: 'RSET\r\n', recipient: -1 });
    this.#resetDue = false;
    this.#state = 'busy';
    this.#work = {
      transaction,
      verdicts: transaction.forwardPaths.map(() => null),
      toSend,
      refusal: null,
      stuffer: new DotStuffer(),
      bodyWritten: false,
      dotSent: false,
    };
    this.#sendGroup(this.#work);
  }

  /** What cannot be sent to this host at all; the far side is not asked. */
  #localVerdict(transaction: ClientTransaction): RecipientReply | null {
    const { sizeLimitBytes, eightBitMime } = this.#extensions;
    if (transaction.bodyType === '8bitmime' && !eightBitMime) {
      const words = 'The message has 8-bit content, and the receiving host takes only 7-bit content.';
      return { stage: 'mail', reply: reply(554, '5.6.3', words), local: 'no-8bitmime' };
    }
    if (sizeLimitBytes && transaction.sizeBytes > sizeLimitBytes) {
      const words = `The message has ${transaction.sizeBytes} bytes, and the receiving host takes ${sizeLimitBytes}.`;
      return { stage: 'mail', reply: reply(552, '5.3.4', words), local: 'too-large' };
    }
    return null;
  }

  #mailLine(transaction: ClientTransaction): string {
    const size = this.#extensions.sizeLimitBytes === null ? '' : ` SIZE=${transaction.sizeBytes}`;
    const body = transaction.bodyType === '8bitmime' ? ' BODY=8BITMIME' : '';
    return `MAIL FROM:<${transaction.reversePath}>${size}${body}\r\n`;
  }

  /** Sends the next command, or the next group of them. Nobody accepted so far: DATA is not sent by itself. */
  #sendGroup(work: Work): void {
    const first = work.toSend[0];
    const pointless = first?.stage === 'data' && !work.verdicts.includes('accepted');
    if (first === undefined || work.refusal !== null || pointless) return this.#finish(work);
    const group = work.toSend.splice(0, this.#extensions.pipelining ? groupLimit : 1);
    this.#expected.push(...group);
    this.#write(group.map(pending => pending.line));
  }

  /** A reply within a transaction. `pending` is what it answers; none while the body is on its way. */
  #transacted(work: Work, pending: Pending | undefined, answer: Reply): void {
    const stage = pending?.stage ?? 'body';
    const verdict: RecipientReply = { stage, reply: answer };
    if (answer.code === 421) {
      this.#broken(verdict);
      return this.#close('421', replyText(answer));
    }
    if (pending === undefined) return this.#interrupted(work, answer);
    const positive = answer.code < 300;
    if (answer.code < 400 && positive === (stage === 'data'))
      return this.#breach(`This is no answer to ${pending.line.trimEnd()}: ${replyText(answer)}`, stage);
    switch (stage) {
      case 'rset':
        if (!positive) return this.#breach(`RSET was refused: ${replyText(answer)}`, stage);
        break;
      case 'mail':
        if (positive) this.#resetDue = true;
        else work.refusal = verdict;
        break;
      case 'rcpt':
        // After a refused MAIL these are only told to be out of sequence.
        if (work.refusal === null) work.verdicts[pending.recipient] = positive ? 'accepted' : verdict;
        break;
      case 'data':
        return this.#answeredData(work, verdict, answer);
      case 'dot':
        this.#resetDue = false;
        work.refusal ??= verdict;
        return this.#finish(work);
      default:
        return;
    }
    if (this.#expected.length === 0) this.#sendGroup(work);
  }

  #answeredData(work: Work, verdict: RecipientReply, answer: Reply): void {
    if (answer.code >= 400) {
      work.refusal ??= verdict;
      return this.#finish(work);
    }
    if (work.refusal === null && work.verdicts.includes('accepted')) {
      this.#actions.push({ kind: 'readBody' });
      return;
    }
    // Nobody was accepted, and yet the far side waits for a message: it gets an empty one (RFC 2920 section 3.1).
    this.#expected.push({ stage: 'dot', line: '.\r\n', recipient: -1 });
    this.#write(['.\r\n']);
  }

  /** A reply while the body is on its way: a refusal of the message, after which the session is of no more use. */
  #interrupted(work: Work, answer: Reply): void {
    if (answer.code < 400)
      return this.#breach(`A reply came in the middle of the message: ${replyText(answer)}`);
    work.refusal ??= { stage: 'body', reply: answer };
    this.#finish(work);
    this.#close('refused', replyText(answer));
  }

  #writeBody(chunk: Buffer, last: boolean): void {
    const work = this.#work;
    if (work === null || work.bodyWritten || this.#stage() !== 'body') return;
    const spans = work.stuffer.stuff(chunk);
    if (!last) {
      this.#writeChunks(spans);
      this.#actions.push({ kind: 'readBody' });
      return;
    }
    spans.push(...work.stuffer.end());
    work.bodyWritten = true;
    if (!work.transaction.holdDot) return this.#sendDot(spans);
    this.#writeChunks(spans);
    this.#actions.push({ kind: 'dotHeld' });
  }

  /** Sends the rest of the body, if any, and the final dot in one write. */
  #sendDot(spans: Buffer[]): void {
    if (this.#work === null) return;
    this.#work.dotSent = true;
    this.#expected.push({ stage: 'dot', line: '.\r\n', recipient: -1 });
    this.#writeChunks([...spans, finalDot]);
    this.#actions.push({ kind: 'dotSent' });
  }

  /** The transaction is over and the session can take another: whoever has no word of his own gets `refusal`. */
  #finish(work: Work): void {
    this.#work = null;
    this.#state = 'idle';
    this.#tellResult(work, work.refusal ?? { stage: 'idle', reply: null });
  }

  /** The session breaks: whoever has no final word gets `rest`. */
  #broken(rest: RecipientReply): void {
    const work = this.#work;
    if (work === null) return;
    this.#work = null;
    this.#tellResult(work, work.refusal ?? rest);
  }

  #tellResult(work: Work, rest: RecipientReply): void {
    const recipients = work.verdicts.map(verdict =>
      verdict === 'accepted' || verdict === null ? rest : verdict,
    );
    this.#actions.push({ kind: 'result', recipients, dotSent: work.dotSent });
  }

  #quit(): void {
    if (this.#state !== 'idle') {
      this.#broken({ stage: this.#stage(), reply: null });
      return this.#close('quit', 'The session was given up.');
    }
    this.#state = 'quitting';
    this.#write(['QUIT\r\n']);
  }

  /** The far side does not speak SMTP, at `stage`. */
  #breach(text: string, stage = this.#stage()): void {
    this.#broken({ stage, reply: null });
    this.#close('protocol', text);
  }

  #close(why: 'quit' | 'refused' | 'protocol' | '421', text: string): void {
    this.#state = 'closed';
    this.#expected = [];
    this.#input.clear();
    this.#actions.push({ kind: 'close', why, text });
  }

  #write(lines: readonly string[]): void {
    this.#writeChunks([Buffer.from(lines.join(''), 'latin1')]);
  }

  #writeChunks(chunks: readonly Buffer[]): void {
    this.#moved = true;
    if (chunks.length > 0) this.#actions.push({ kind: 'write', chunks });
  }

  /** What is awaited now. */
  #stage(): ClientStage {
    switch (this.#state) {
      case 'greeting':
        return 'greeting';
      case 'ehlo':
      case 'helo':
        return 'ehlo';
      case 'busy':
        return this.#expected[0]?.stage ?? 'body';
      case 'quitting':
        return 'quit';
      case 'idle':
      case 'closed':
        return 'idle';
      default:
        return this.#state satisfies never;
    }
  }

  #tellAwaited(): void {
    if (this.#state === 'closed') return;
    const stage = this.#stage();
    if (stage === this.#awaited && !this.#moved) return;
    this.#awaited = stage;
    this.#moved = false;
    this.#actions.push({ kind: 'await', stage, timeoutMs: timeoutsMs[stage] });
  }
}
