import { type Login, loginLines, withoutPassword } from './client-login.ts';
import type {
  ClientAction,
  ClientEvent,
  ClientStage,
  ClientState,
  ClientTerms,
  ClientTransaction,
  CloseReason,
  RecipientReply,
} from './client-session-types.ts';
import { MailTransaction } from './client-transaction.ts';
import { type Extensions, noExtensions, parseExtensions } from './extensions.ts';
import { LineInput } from './line-input.ts';
import { type Reply, ReplyParser, replyLineBytes, replyText } from './reply.ts';
import { nameOfClient, xclientCommand } from './xclient.ts';

/** RFC 5321 section 4.5.3.2: how long the far side may take; greeting, MAIL and RCPT 5 minutes, and so what it leaves open. */
export const stageTimeoutsMs = {
  greeting: 300_000,
  ehlo: 300_000,
  starttls: 300_000,
  // A handshake is bounded by whoever does it.
  tls: null,
  auth: 300_000,
  xclient: 300_000,
  mail: 300_000,
  rcpt: 300_000,
  data: 120_000,
  body: 180_000,
  dot: 600_000,
  rset: 300_000,
  quit: 300_000,
  idle: null,
} as const satisfies Readonly<Record<ClientStage, number | null>>;

/**
 * EHLO refused so means that the server knows only HELO (RFC 5321 section 4.1.1.1), unless an X.7.x says that it is about
 * us (RFC 3463 section 3.8).
 */
const heloInstead: ReadonlySet<number> = new Set([500, 501, 502, 504, 550]);

/** Answers to XCLIENT that are about us and not about the client that it tells of (Postfix, XCLIENT_README). */
const xclientNotOurs: ReadonlySet<number> = new Set([501, 503, 550]);

/**
 * The sending side of one SMTP session (RFC 5321): events in, ordered actions out. Greeting and EHLO, STARTTLS
 * (RFC 3207) and login (RFC 4954) where the terms say so, then transactions one after another, each with one `result`;
 * after `close` every event is ignored.
 */
export class ClientSession {
  readonly #terms: ClientTerms;
  readonly #input = new LineInput(replyLineBytes, 'lf');
  readonly #replies = new ReplyParser();
  #state: ClientState = 'greeting';
  #extensions: Extensions = noExtensions;
  #secured = false;
  /** Lines of the login that were not said yet; null: none is under way. */
  #login: readonly string[] | null = null;
  #loggedIn = false;
  /** The last XCLIENT, which holds until the next. */
  #toldClient: string | null = null;
  /** Waits until its client is told and EHLO said again. */
  #waiting: ClientTransaction | null = null;
  #work: MailTransaction | null = null;
  /** The last transaction stands open on the far side: RSET goes before the next. */
  #resetDue = false;
  #actions: ClientAction[] = [];
  #awaited: ClientStage | null = null;
  /** A reply came or something was sent: what is awaited now has its whole time again. */
  #moved = true;

  constructor(terms: ClientTerms) {
    this.#terms = terms;
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
      case 'secured':
        this.#goneOver();
        break;
      case 'start':
        this.#start(event.transaction);
        break;
      case 'inspected':
        this.#work?.start(event.content);
        break;
      case 'body':
        this.#work?.body(event.chunk, event.last);
        break;
      case 'dotAllowed':
        this.#work?.dotAllowed();
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
      if (line.kind === 'overlong')
        return this.#breach(`A reply line is over ${replyLineBytes.toLocaleString('en')} bytes.`);
      const progress = this.#replies.push(line.text);
      if (progress.kind === 'bad') return this.#breach(progress.why);
      if (progress.kind === 'reply') this.#replied(progress.reply);
    }
  }

  #replied(answer: Reply): void {
    this.#moved = true;
    this.#actions.push({ kind: 'replied', stage: this.#stage(), reply: answer });
    switch (this.#state) {
      case 'greeting':
        return this.#greeted(answer);
      case 'ehlo':
      case 'helo':
        return this.#introduced(answer);
      case 'starttls':
        return this.#answeredStartTls(answer);
      case 'auth':
        return this.#answeredLogin(answer);
      case 'xclient':
        return this.#answeredXclient(answer);
      case 'quitting':
        return this.#close('quit', replyText(answer));
      case 'tls':
      case 'idle':
        if (answer.code === 421) return this.#close('421', replyText(answer));
        return this.#breach(`A reply came that nothing had asked for: ${replyText(answer)}`);
      case 'busy':
        return this.#work?.replied(answer);
      case 'closed':
        return;
      default:
        this.#state satisfies never;
    }
  }

  #greeted(answer: Reply): void {
    if (answer.code >= 400) return this.#refused('greeting', answer);
    if (answer.code >= 300) return this.#breach(`This is no greeting: ${replyText(answer)}`);
    this.#introduce();
  }

  #introduce(): void {
    this.#state = 'ehlo';
    this.#write(`EHLO ${this.#ourName()}\r\n`);
  }

  /** After XCLIENT we speak as the client, whose name the far side is to judge (Postfix, XCLIENT_README). */
  #ourName(): string {
    const client = this.#waiting?.client;
    return client ? nameOfClient(client) : this.#terms.ehlo;
  }

  #introduced(answer: Reply): void {
    const isOfUs = /^[45]\.7\./.test(answer.enhancedStatus ?? '');
    if (this.#state === 'ehlo' && heloInstead.has(answer.code) && !isOfUs) {
      this.#state = 'helo';
      this.#write(`HELO ${this.#ourName()}\r\n`);
      return;
    }
    if (answer.code >= 400) return this.#refused('ehlo', answer);
    if (answer.code >= 300) return this.#breach(`This is no answer to EHLO: ${replyText(answer)}`);
    this.#extensions = this.#state === 'ehlo' ? parseExtensions(answer) : noExtensions;
    const { tls, login } = this.#terms;
    const waiting = this.#waiting;
    if (waiting !== null) {
      this.#waiting = null;
      return this.#begin(waiting);
    }
    if (!this.#secured && tls !== 'none' && this.#extensions.startTls) {
      this.#state = 'starttls';
      return this.#write('STARTTLS\r\n');
    }
    if (tls === 'verify' && !this.#secured) return this.#giveUp('tls', 'It offers no STARTTLS.');
    if (login !== null && !this.#loggedIn) return this.#logIn(login);
    this.#ready();
  }

  /** What came with the answer was said by whoever stands between, before the cipher (RFC 3207 section 6). */
  #answeredStartTls(answer: Reply): void {
    if (answer.code === 421) return this.#close('421', replyText(answer));
    if (answer.code >= 300) return this.#giveUp('tls', `STARTTLS was refused: ${replyText(answer)}`);
    if (!this.#input.empty) return this.#breach('Bytes came in clear after the answer to STARTTLS.');
    this.#state = 'tls';
    this.#actions.push({ kind: 'startTls' });
  }

  /** EHLO again, whose answer replaces all that was said before (RFC 3207 section 4.2). */
  #goneOver(): void {
    if (this.#state !== 'tls') return;
    this.#secured = true;
    this.#introduce();
  }

  #logIn(login: Login): void {
    if (this.#terms.tls !== 'verify' || !this.#secured)
      return this.#giveUp('auth', 'A password is told only under verified TLS.');
    const lines = loginLines(login, this.#extensions.auth);
    const [command, ...rest] = lines ?? [];
    if (command === undefined) return this.#giveUp('auth', 'It offers neither AUTH PLAIN nor AUTH LOGIN.');
    this.#state = 'auth';
    this.#login = rest;
    this.#write(`${command}\r\n`);
  }

  #answeredLogin(answer: Reply): void {
    const [next, ...rest] = this.#login ?? [];
    if (answer.code === 334 && next !== undefined) {
      this.#login = rest;
      return this.#write(`${next}\r\n`);
    }
    this.#login = null;
    const { login } = this.#terms;
    const said = login === null ? replyText(answer) : withoutPassword(replyText(answer), login);
    if (answer.code === 421) return this.#close('421', said);
    if (answer.code >= 400) return this.#giveUp('auth', `The login was refused: ${said}`);
    if (answer.code >= 300) return this.#breach(`This is no answer to AUTH: ${said}`);
    this.#loggedIn = true;
    this.#ready();
  }

  #ready(): void {
    this.#state = 'idle';
    this.#actions.push({ kind: 'ready', extensions: this.#extensions });
  }

  #refused(stage: 'greeting' | 'ehlo', answer: Reply): void {
    const waiting = this.#waiting !== null;
    if (waiting) this.#broken({ stage, reply: answer });
    else this.#actions.push({ kind: 'refused', stage, reply: answer });
    if (answer.code !== 421) this.#write('QUIT\r\n');
    this.#close('refused', replyText(answer));
  }

  /** The session is sound, but no mail goes by it. */
  #giveUp(why: 'tls' | 'auth', text: string): void {
    this.#write('QUIT\r\n');
    this.#close(why, text);
  }

  #start(transaction: ClientTransaction): void {
    if (this.#state !== 'idle') return;
    const { client } = transaction;
    const command = client === undefined ? null : xclientCommand(client, this.#extensions.xclient);
    if (command === null && this.#toldClient !== null) return this.#tellsNoMore(transaction);
    if (command === null || command === this.#toldClient) return this.#begin(transaction);
    this.#waiting = transaction;
    this.#toldClient = command;
    this.#state = 'xclient';
    // Not in the middle of a transaction; the answer to RSET is passed over.
    this.#write(this.#resetDue ? 'RSET\r\n' : command);
  }

  /** It still believes in the client of before, and takes no other: that is no session for this message. */
  #tellsNoMore(transaction: ClientTransaction): void {
    this.#waiting = transaction;
    this.#broken({ stage: 'xclient', reply: null });
    this.#write('QUIT\r\n');
    this.#close('refused', 'It offers XCLIENT no more, and takes this for the mail of the client before.');
  }

  /** After XCLIENT the session is as new (Postfix, XCLIENT_README): greeted by its answer, and EHLO said again. */
  #answeredXclient(answer: Reply): void {
    if (this.#resetDue && answer.code < 300) {
      this.#resetDue = false;
      return this.#write(this.#toldClient ?? '');
    }
    if (answer.code < 300) return this.#introduce();
    const isOfClient = !this.#resetDue && answer.code >= 400 && !xclientNotOurs.has(answer.code);
    this.#broken(isOfClient ? { stage: 'mail', reply: answer } : { stage: 'xclient', reply: null });
    this.#close('refused', `XCLIENT was refused: ${replyText(answer)}`);
  }

  #begin(transaction: ClientTransaction): void {
    this.#state = 'busy';
    const work = new MailTransaction(
      transaction,
      this.#extensions,
      {
        act: action => this.#actions.push(action),
        write: chunks => this.#writeChunks(chunks),
        over: () => {
          this.#work = null;
          this.#resetDue = work.leavesOpen;
          this.#state = 'idle';
        },
        close: (why, text) => this.#close(why, text),
      },
      this.#resetDue,
    );
    this.#work = work;
    work.start();
  }

  /** The session breaks: whoever has no final word gets `rest`. */
  #broken(rest: RecipientReply): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    this.#work?.broken(rest);
    this.#work = null;
    if (waiting === null) return;
    const recipients = waiting.forwardPaths.map(() => rest);
    this.#actions.push({ kind: 'result', recipients, dotSent: false, dsnPassed: false });
  }

  #quit(): void {
    if (this.#state !== 'idle') {
      this.#broken({ stage: this.#stage(), reply: null });
      return this.#close('quit', 'The session was given up.');
    }
    this.#state = 'quitting';
    this.#write('QUIT\r\n');
  }

  /** The far side does not speak SMTP. */
  #breach(text: string): void {
    this.#broken({ stage: this.#stage(), reply: null });
    this.#close('protocol', text);
  }

  #close(why: CloseReason, text: string): void {
    this.#state = 'closed';
    this.#work = null;
    this.#login = null;
    this.#input.clear();
    this.#actions.push({ kind: 'close', why, text });
  }

  #write(line: string): void {
    this.#writeChunks([Buffer.from(line, 'latin1')]);
  }

  #writeChunks(chunks: readonly Buffer[]): void {
    this.#moved = true;
    if (chunks.length > 0) this.#actions.push({ kind: 'write', chunks });
  }

  /** What is awaited now. */
  #stage(): ClientStage {
    switch (this.#state) {
      case 'greeting':
      case 'starttls':
      case 'tls':
      case 'auth':
      case 'xclient':
        return this.#state;
      case 'ehlo':
      case 'helo':
        return 'ehlo';
      case 'busy':
        return this.#work?.stage ?? 'body';
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
    this.#actions.push({ kind: 'await', stage, timeoutMs: stageTimeoutsMs[stage] });
  }
}
