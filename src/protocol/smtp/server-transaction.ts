import type { ClientPatience } from './client-patience.ts';
import { type Chunk, type MailCommand, needsSmtpUtf8, type RecipientCommand } from './command.ts';
import type { RecipientDsn } from './envelope.ts';
import type { LineInput } from './line-input.ts';
import { type Reply, reply } from './reply.ts';
import { type BodyOutlet, ServerBody, tooLarge } from './server-body.ts';
import type { ServerQuestion, ServerSettings } from './server-session-types.ts';

/** What the session does next. */
export type Verdict =
  | { readonly kind: 'ask'; readonly question: ServerQuestion }
  | { readonly kind: 'reply'; readonly reply: Reply }
  /** A refusal told again, of what the client sent before it could hear the first: no new error of its. */
  | { readonly kind: 'echo'; readonly reply: Reply }
  /** Nothing to say yet: the octets of a body come first. */
  | { readonly kind: 'read' }
  /** More of the same than anybody needs. */
  | { readonly kind: 'flood' };

/** Who speaks, as it named itself. */
export type Speaker = { readonly ehlo: string; readonly protocol: 'SMTP' | 'ESMTP' };

/** From an accepted MAIL on. */
type Envelope = MailCommand & {
  readonly forwardPaths: string[];
  readonly recipientDsn: (RecipientDsn | null)[];
};

const read: Verdict = { kind: 'read' };
const flood: Verdict = { kind: 'flood' };
const say = (answer: Reply): Verdict => ({ kind: 'reply', reply: answer });

const mailFirst = say(reply(503, '5.5.1', 'Send MAIL first.'));
const messageUnderWay = say(reply(503, '5.5.1', 'The message is under way; go on with BDAT, or send RSET.'));

/**
 * The transactions of one session (RFC 5321 section 3.3): envelope and body, by DATA or by BDAT (RFC 3030). It decides
 * on a command, is asked what an answer makes of it, and reads what is no command. Which commands may be pipelined, and
 * the time, are the session's affair.
 */
export class ServerTransaction {
  readonly #settings: ServerSettings;
  readonly #patience: ClientPatience;
  readonly #outlet: BodyOutlet;
  #envelope: Envelope | null = null;
  /** Under way; between two chunks too. */
  #body: ServerBody | null = null;
  #reading = false;
  /** What a chunk of the message was refused with: chunks that the client had sent on meanwhile hear the same. */
  #spoilt: Reply | null = null;

  constructor(settings: ServerSettings, patience: ClientPatience, outlet: BodyOutlet) {
    this.#settings = settings;
    this.#patience = patience;
    this.#outlet = outlet;
  }

  get open(): boolean {
    return this.#envelope !== null || this.#reading;
  }

  /** What comes next is no command but body. */
  get reading(): boolean {
    return this.#reading;
  }

  mail(command: MailCommand): Verdict {
    if (this.#envelope !== null)
      return say(reply(503, '5.5.1', 'A transaction is under way; send RSET to give it up.'));
    this.#spoilt = null;
    if ((command.declaredSizeBytes ?? 0) > this.#settings.limits.messageSizeBytes)
      return say(tooLarge(this.#settings));
    return { kind: 'ask', question: { kind: 'mail', command } };
  }

  recipient({ forwardPath, isInternational, dsn }: RecipientCommand): Verdict {
    if (this.#envelope === null) return mailFirst;
    if (this.#body !== null) return messageUnderWay;
    const { reversePath, smtpUtf8, forwardPaths } = this.#envelope;
    if (isInternational && !smtpUtf8) return say(needsSmtpUtf8);
    const taken = forwardPaths.length;
    if (taken < this.#settings.limits.recipients)
      return { kind: 'ask', question: { kind: 'recipient', reversePath, forwardPath, dsn, taken } };
    if (this.#patience.overshot()) return flood;
    return say(reply(452, '4.5.3', 'Too many recipients; send the rest in another transaction.'));
  }

  data(speaker: Speaker): Verdict {
    return this.#body === null ? this.#askForBody(speaker, null) : messageUnderWay;
  }

  /** Whatever is wrong with a BDAT (`oddness` is what its parser found), its octets are read first: they are no commands. */
  bdat(speaker: Speaker, chunk: Chunk, oddness: Reply | null): Verdict {
    const refusal = this.#spoilt ?? oddness;
    if (refusal !== null) return this.#skip(chunk, refusal);
    if (this.#body !== null) return this.#read(this.#body, chunk);
    const verdict = this.#askForBody(speaker, chunk);
    return verdict.kind === 'reply' ? this.#skip(chunk, verdict.reply) : verdict;
  }

  /** What the answer to a question makes of the transaction. */
  settle(question: ServerQuestion, answer: Reply): Verdict {
    const taken = answer.code < 300;
    switch (question.kind) {
      case 'mail':
        if (taken) {
          this.#patience.transactionBegan();
          this.#envelope = { ...question.command, forwardPaths: [], recipientDsn: [] };
        }
        break;
      case 'recipient':
        if (taken) {
          this.#envelope?.forwardPaths.push(question.forwardPath);
          this.#envelope?.recipientDsn.push(question.dsn);
        }
        break;
      case 'data':
        if (question.chunk !== null)
          return answer.code === 354
            ? this.#read(this.#newBody('BDAT', null), question.chunk)
            : this.#skip(question.chunk, answer);
        if (answer.code === 354) this.#read(this.#newBody('DATA', null), null);
        else this.#envelope = null;
        break;
      case 'message':
        this.#envelope = null;
        if (taken) this.#patience.messageTaken();
        break;
      default:
        question satisfies never;
    }
    return say(answer);
  }

  /** Reads on in the body. Null: it wants more bytes. */
  read(input: LineInput): Verdict | null {
    const body = this.#body;
    if (body === null || !body.read(input)) return null;
    this.#reading = false;
    if (body.refusal !== null) return this.#refuse(body.whole, body.refusal);
    if (!body.whole) return say(reply(250, '2.0.0', 'Chunk taken.'));
    this.#body = null;
    return { kind: 'ask', question: { kind: 'message', sizeBytes: body.sizeBytes } };
  }

  /** Gives up the transaction, and the message of which a part has come. */
  reset(reason: string): void {
    if (this.#body !== null && this.#body.refusal === null) this.#outlet.discard(reason);
    this.#body = null;
    this.#reading = false;
    this.#spoilt = null;
    this.#envelope = null;
  }

  #askForBody({ ehlo, protocol }: Speaker, chunk: Chunk | null): Verdict {
    if (this.#envelope === null) return mailFirst;
    const envelope = this.#envelope;
    if (envelope.forwardPaths.length === 0) return say(reply(554, '5.5.1', 'No recipient was taken.'));
    return { kind: 'ask', question: { kind: 'data', envelope, ehlo, protocol, chunk } };
  }

  #newBody(by: 'DATA' | 'BDAT', refusal: Reply | null): ServerBody {
    return new ServerBody(by, this.#settings, this.#outlet, refusal);
  }

  #read(body: ServerBody, chunk: Chunk | null): Verdict {
    this.#body = body;
    this.#reading = true;
    if (chunk !== null) body.expect(chunk);
    return read;
  }

  /** A chunk that is refused before it is read. The message under way is given up with it. */
  #skip(chunk: Chunk, refusal: Reply): Verdict {
    if (this.#body !== null) this.#outlet.discard('a chunk was refused');
    return this.#read(this.#newBody('BDAT', refusal), chunk);
  }

  /** A transaction ends with its first chunk that is refused. */
  #refuse(whole: boolean, refusal: Reply): Verdict {
    const isEcho = this.#spoilt !== null;
    this.#body = null;
    this.#envelope = null;
    this.#spoilt = whole ? null : refusal;
    if (!isEcho) return say(refusal);
    return this.#patience.overshot() ? flood : { kind: 'echo', reply: refusal };
  }
}
