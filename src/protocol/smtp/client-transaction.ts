import type {
  BodyContent,
  ClientAction,
  ClientStage,
  ClientTransaction,
  CloseReason,
  RecipientReply,
} from './client-session-types.ts';
import type { Extensions } from './extensions.ts';
import { planMail } from './mail-plan.ts';
import { ChunkedBody, DottedBody, type LastPiece, type OutgoingBody } from './outgoing-body.ts';
import { type Reply, replyText } from './reply.ts';

/** One command that is to be sent, and what its reply will be about. `recipient` is its place in the list of forward-paths. */
type Pending = { readonly stage: ClientStage; readonly line: string; readonly recipient: number };

/** The session that a transaction runs in. */
export interface TransactionOutlet {
  act(action: ClientAction): void;
  write(chunks: readonly Buffer[]): void;
  /** It is over, its `result` is told, and the session can take another. */
  over(): void;
  close(why: CloseReason, text: string): void;
}

/** Commands sent without waiting, at most: the replies to them must fit into anyone's buffers (RFC 2920 section 3.1). */
const groupLimit = 100;

/**
 * One message on its way through a session: MAIL, RCPT, then DATA or BDAT (RFC 5321, RFC 3030). Commands go in groups
 * where the far side offers PIPELINING (RFC 2920), else one by one. The body never goes before a recipient was taken.
 * Ends in one `result`, with a word for each recipient.
 */
export class MailTransaction {
  readonly #transaction: ClientTransaction;
  readonly #extensions: Extensions;
  readonly #outlet: TransactionOutlet;
  /** What is known of each recipient: a final word, `accepted` by RCPT, or nothing yet. */
  readonly #verdicts: (RecipientReply | 'accepted' | null)[];
  readonly #body: OutgoingBody;
  /** Commands not sent yet, in order. */
  #toSend: Pending[] = [];
  /** What the next replies will be about, in order. */
  readonly #expected: Pending[] = [];
  /** Why MAIL or DATA failed: the word for everyone who has none of his own. */
  #refusal: RecipientReply | null = null;
  /** A piece of the body was asked for. */
  #reading = false;
  /** The next piece is asked for when a reply has made room. */
  #readingDue = false;
  #held: LastPiece | null = null;
  #finalAllowed = false;
  #dotSent = false;
  #resetDue: boolean;
  #over = false;

  /** `resetDue`: the transaction before it stands open on the far side. */
  constructor(
    transaction: ClientTransaction,
    extensions: Extensions,
    outlet: TransactionOutlet,
    resetDue: boolean,
  ) {
    this.#transaction = transaction;
    this.#extensions = extensions;
    this.#outlet = outlet;
    this.#resetDue = resetDue;
    this.#verdicts = transaction.forwardPaths.map(() => null);
    this.#body = extensions.chunking ? new ChunkedBody() : new DottedBody();
  }

  /** The far side has it open: RSET goes before the next. */
  get leavesOpen(): boolean {
    return this.#resetDue;
  }

  /** What is awaited now. */
  get stage(): ClientStage {
    return this.#expected[0]?.stage ?? 'body';
  }

  start(content: BodyContent | null = null): void {
    const plan = planMail(this.#transaction, this.#extensions, content);
    if (plan.kind === 'inspect') return this.#outlet.act({ kind: 'inspectBody' });
    if (plan.kind === 'unfit') {
      this.#refusal = plan.verdict;
      return this.#finish();
    }
    const toSend: Pending[] = [];
    if (this.#resetDue) toSend.push({ stage: 'rset', line: 'RSET\r\n', recipient: -1 });
    toSend.push({ stage: 'mail', line: plan.mail, recipient: -1 });
    const head = toSend.length;
    plan.recipients.forEach((word, recipient) => {
      if (typeof word === 'string') toSend.push({ stage: 'rcpt', line: word, recipient });
      else this.#verdicts[recipient] = word;
    });
    if (toSend.length === head) return this.#finish();
    if (!this.#extensions.chunking) toSend.push({ stage: 'data', line: 'DATA\r\n', recipient: -1 });
    this.#resetDue = false;
    this.#toSend = toSend;
    this.#sendGroup();
  }

  replied(answer: Reply): void {
    const pending = this.#expected.shift();
    const stage = pending?.stage ?? 'body';
    const verdict: RecipientReply = { stage, reply: answer };
    if (answer.code === 421) {
      this.broken(verdict);
      return this.#outlet.close('421', replyText(answer));
    }
    if (pending === undefined) return this.#interrupted(answer);
    const positive = answer.code < 300;
    if (answer.code < 400 && positive === (stage === 'data'))
      return this.#breach(`This is no answer to ${pending.line.trimEnd()}: ${replyText(answer)}`, stage);
    switch (stage) {
      case 'rset':
        if (!positive) return this.#breach(`RSET was refused: ${replyText(answer)}`, stage);
        break;
      case 'mail':
        if (positive) this.#resetDue = true;
        else this.#refusal = verdict;
        break;
      case 'rcpt':
        // After a refused MAIL these are only told to be out of sequence.
        if (this.#refusal === null) this.#verdicts[pending.recipient] = positive ? 'accepted' : verdict;
        break;
      case 'data':
        return this.#answeredData(verdict, answer);
      case 'body':
        return positive ? this.#chunkTaken() : this.#interrupted(answer);
      case 'dot':
        this.#resetDue = false;
        this.#refusal ??= verdict;
        return this.#finish();
      default:
        return;
    }
    if (this.#expected.length === 0) this.#sendGroup();
  }

  body(chunk: Buffer, last: boolean): void {
    if (!this.#reading || this.#over) return;
    this.#reading = false;
    if (!last) {
      const piece = this.#body.piece(chunk);
      this.#expectChunks(piece.replies);
      this.#outlet.write(piece.bytes);
      this.#readOn();
      return;
    }
    const { holdDot } = this.#transaction;
    const piece = this.#body.last(chunk, holdDot);
    this.#expectChunks(piece.replies);
    this.#held = piece;
    if (!holdDot) {
      this.#finalAllowed = true;
      return this.#sendFinal(piece.bytes);
    }
    this.#outlet.write(piece.bytes);
    this.#outlet.act({ kind: 'dotHeld' });
  }

  dotAllowed(): void {
    if (this.#held === null || this.#finalAllowed) return;
    this.#finalAllowed = true;
    this.#sendFinal([]);
  }

  /** The session breaks: whoever has no final word gets `rest`. */
  broken(rest: RecipientReply): void {
    if (!this.#over) this.#tellResult(this.#refusal ?? rest);
  }

  /** Sends the next command, or the next group of them. Nobody accepted so far: the body is not offered by itself. */
  #sendGroup(): void {
    const first = this.#toSend[0];
    const isAtBody = first === undefined || first.stage === 'data';
    if (this.#refusal !== null || (isAtBody && !this.#verdicts.includes('accepted'))) return this.#finish();
    if (first === undefined) return this.#read();
    const group = this.#toSend.splice(0, this.#extensions.pipelining ? groupLimit : 1);
    this.#expected.push(...group);
    const lines = group.map(({ line }) => line).join('');
    this.#outlet.write([Buffer.from(lines, 'utf8')]);
  }

  #answeredData(verdict: RecipientReply, answer: Reply): void {
    if (answer.code >= 400) {
      this.#refusal ??= verdict;
      return this.#finish();
    }
    if (this.#refusal === null && this.#verdicts.includes('accepted')) return this.#read();
    // Nobody was accepted, and yet the far side waits for a message: it gets an empty one (RFC 2920 section 3.1).
    this.#expected.push({ stage: 'dot', line: '.\r\n', recipient: -1 });
    this.#outlet.write([Buffer.from('.\r\n')]);
  }

  #read(): void {
    this.#reading = true;
    this.#readingDue = false;
    this.#outlet.act({ kind: 'readBody' });
  }

  /** As many chunks as commands in one group are under way at a time; without PIPELINING one. */
  #readOn(): void {
    if (this.#expected.length < (this.#extensions.pipelining ? groupLimit : 1)) this.#read();
    else this.#readingDue = true;
  }

  #expectChunks(count: number): void {
    for (let i = 0; i < count; i++) this.#expected.push({ stage: 'body', line: 'BDAT', recipient: -1 });
  }

  #chunkTaken(): void {
    if (this.#readingDue) this.#readOn();
    else this.#sendFinal([]);
  }

  /** Sends what completes the message, after the rest of the body, in one write; without PIPELINING each chunk is answered first. */
  #sendFinal(before: readonly Buffer[]): void {
    const mustWait = this.#expected.length > 0 && !this.#extensions.pipelining;
    if (this.#held === null || !this.#finalAllowed || this.#dotSent || mustWait) return;
    this.#dotSent = true;
    this.#expected.push({ stage: 'dot', line: 'the message', recipient: -1 });
    this.#outlet.write(before.length === 0 ? this.#held.final : [...before, ...this.#held.final]);
    this.#outlet.act({ kind: 'dotSent' });
  }

  /** A refusal while the body is on its way, after which the session is of no more use. */
  #interrupted(answer: Reply): void {
    if (answer.code < 400)
      return this.#breach(`A reply came in the middle of the message: ${replyText(answer)}`);
    this.#refusal ??= { stage: 'body', reply: answer };
    this.#finish();
    this.#outlet.close('refused', replyText(answer));
  }

  /** The transaction is over and the session can take another: whoever has no word of his own gets `refusal`. */
  #finish(): void {
    this.#tellResult(this.#refusal ?? { stage: 'idle', reply: null });
    this.#outlet.over();
  }

  #breach(text: string, stage = this.stage): void {
    this.broken({ stage, reply: null });
    this.#outlet.close('protocol', text);
  }

  #tellResult(rest: RecipientReply): void {
    this.#over = true;
    const recipients = this.#verdicts.map(verdict =>
      verdict === 'accepted' || verdict === null ? rest : verdict,
    );
    const { dsn: dsnPassed } = this.#extensions;
    this.#outlet.act({ kind: 'result', recipients, dotSent: this.#dotSent, dsnPassed });
  }
}
