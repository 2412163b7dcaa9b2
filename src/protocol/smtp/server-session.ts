import { ClientPatience } from './client-patience.ts';
import { type Command, parseCommand } from './command.ts';
import type { BodyType } from './envelope.ts';
import { LineInput } from './line-input.ts';
import { type Reply, reply, replyWire } from './reply.ts';
import { type BodyOutlet, ServerBody, tooLarge } from './server-body.ts';
import type { ServerAction, ServerEvent, ServerQuestion, ServerSettings } from './server-session-types.ts';

/** Where the session stands. `commands` and `body` are ways to read; while a question is open nothing is read. */
type Phase = 'unopened' | 'commands' | 'body' | 'closed';

/** Between an accepted MAIL and the end of its message. */
type Transaction = {
  readonly reversePath: string;
  readonly bodyType: BodyType;
  readonly forwardPaths: string[];
};

type Asking = { readonly ask: number; readonly question: ServerQuestion };

/** What may wait unread while a question is open, before the driver is told to hold. */
const unreadLimitBytes = 64 * 1024;

/**
 * Commands after which a client must wait for the reply (RFC 2920 section 3.1, and HELO, which offers no pipelining).
 * QUIT is one too, but what follows it is merely not read.
 */
const lastOfGroup: ReadonlySet<string> = new Set(['EHLO', 'HELO', 'DATA', 'NOOP', 'VRFY', 'EXPN']);

const outOfStep = reply(503, '5.5.0', 'You sent more before the reply that you must wait for.');

/**
 * The receiving side of one SMTP session (RFC 5321): events in, ordered actions out, replies always in the order of
 * the commands. A question (`ask`) keeps the place of its reply; until the `answer` comes, input waits, `hold` tells
 * the driver when enough of it does. What is written in one step is one `write`. After `close` every event is ignored.
 */
export class ServerSession {
  readonly #settings: ServerSettings;
  readonly #input: LineInput;
  #phase: Phase = 'unopened';
  #asking: Asking | null = null;
  #asks = 0;
  #ehlo = '';
  #protocol: 'SMTP' | 'ESMTP' | null = null;
  #transaction: Transaction | null = null;
  #body: ServerBody | null = null;
  readonly #patience: ClientPatience;
  #openedAt = 0;
  /** Since when we wait for the client. */
  #waitingSince = 0;
  #held = false;
  #shuttingDown = false;
  /** Replies of this step. */
  #out = '';
  #actions: ServerAction[] = [];
  readonly #bodyOutlet: BodyOutlet = {
    body: (chunk, start, end) => this.#actions.push({ kind: 'body', chunk, start, end }),
    discard: reason => this.#actions.push({ kind: 'discard', reason }),
  };

  constructor(settings: ServerSettings) {
    this.#settings = settings;
    this.#patience = new ClientPatience(settings.limits);
    this.#input = new LineInput(settings.limits.lineBytes, 'crlf');
  }

  /** Monotonic ms at which the driver must send `tick`; null: we wait for nothing of the client's. */
  get deadline(): number | null {
    if (this.#phase === 'unopened' || this.#phase === 'closed' || this.#asking !== null) return null;
    const { commandTimeoutMs, dataTimeoutMs, sessionTimeoutMs } = this.#settings.limits;
    const patienceMs = this.#phase === 'body' ? dataTimeoutMs : commandTimeoutMs;
    return Math.min(this.#waitingSince + patienceMs, this.#openedAt + sessionTimeoutMs);
  }

  step(event: ServerEvent): readonly ServerAction[] {
    if (this.#phase === 'closed') return [];
    switch (event.kind) {
      case 'opened':
        this.#open(event.at);
        break;
      case 'bytes':
        this.#take(event.chunk, event.at);
        break;
      case 'answer':
        this.#answered(event.ask, event.reply, event.at);
        break;
      case 'tick':
        this.#tick(event.at);
        break;
      case 'shutdown':
        this.#shuttingDown = true;
        this.#leaveIfIdle();
        break;
      default:
        event satisfies never;
    }
    return this.#finishStep();
  }

  #finishStep(): readonly ServerAction[] {
    this.#writeOut();
    const actions = this.#actions;
    this.#actions = [];
    return actions;
  }

  #writeOut(): void {
    if (this.#out === '') return;
    this.#actions.push({ kind: 'write', bytes: Buffer.from(this.#out, 'latin1') });
    this.#out = '';
  }

  #open(at: number): void {
    if (this.#phase !== 'unopened') return;
    this.#openedAt = at;
    this.#waitingSince = at;
    this.#phase = 'commands';
    this.#out += `220 ${this.#settings.name} ESMTP\r\n`;
    this.#leaveIfIdle();
  }

  #take(chunk: Buffer, at: number): void {
    if (this.#phase === 'unopened') {
      this.#close(
        reply(554, '5.5.1', 'You spoke before the greeting.'),
        'the client spoke before the greeting',
      );
      return;
    }
    this.#input.push(chunk);
    if (this.#asking !== null) {
      this.#takeWhileAsking(this.#asking.question);
      return;
    }
    if (this.#phase === 'body') this.#waitingSince = at;
    this.#run(at);
  }

  /** What comes while a question is open waits, unless its command had to be waited for. */
  #takeWhileAsking(question: ServerQuestion): void {
    if (question.kind === 'data' || (this.#protocol === 'SMTP' && question.kind !== 'message')) {
      this.#breach();
      return;
    }
    if (this.#held || this.#input.unreadBytes <= unreadLimitBytes) return;
    this.#held = true;
    this.#actions.push({ kind: 'hold' });
  }

  /** Reads all that can be read now. */
  #run(at: number): void {
    while (this.#asking === null && this.#phase !== 'closed') {
      if (this.#phase === 'body') {
        if (!this.#readBody()) break;
      } else {
        const line = this.#input.readLine();
        if (line === null) break;
        this.#waitingSince = at;
        if (line.kind === 'line') this.#command(parseCommand(line.text));
        else this.#refuse(reply(500, '5.5.2', 'The line is too long.'));
      }
      this.#leaveIfIdle();
    }
    if (this.#held && this.#asking === null && this.#phase !== 'closed') {
      this.#held = false;
      this.#actions.push({ kind: 'resume' });
    }
  }

  #command(command: Command): void {
    const verb = command.verb === 'bad' ? command.named : command.verb;
    const mustWait = lastOfGroup.has(verb) || (this.#protocol !== 'ESMTP' && verb !== 'QUIT');
    if (mustWait && !this.#input.empty) {
      this.#breach();
      return;
    }
    const nearer = verb === 'RCPT' || verb === 'DATA' || verb === 'QUIT';
    if (!nearer && this.#patience.idled()) {
      this.#tooManyCommands();
      return;
    }
    switch (command.verb) {
      case 'EHLO':
      case 'HELO':
        this.#greeted(command.verb, command.name);
        return;
      case 'MAIL':
        this.#mail(command);
        return;
      case 'RCPT':
        this.#recipient(command.forwardPath);
        return;
      case 'DATA':
        this.#data();
        return;
      case 'RSET':
        this.#transaction = null;
        this.#reply(reply(250, '2.0.0', 'Reset.'));
        return;
      case 'NOOP':
        this.#reply(reply(250, '2.0.0', 'Done.'));
        return;
      case 'VRFY':
        this.#reply(reply(252, '2.0.0', 'Addresses are not verified here; send the message.'));
        return;
      case 'EXPN':
        this.#refuse(reply(502, '5.5.1', 'Lists are not expanded here.'));
        return;
      case 'HELP':
        this.#reply(reply(214, '2.0.0', 'See RFC 5321.'));
        return;
      case 'QUIT':
        this.#close(reply(221, '2.0.0', 'Goodbye.'), 'quit');
        return;
      case 'bad':
        this.#refuse(command.reply);
        return;
      default:
        command satisfies never;
    }
  }

  /** EHLO and HELO also end a transaction (RFC 5321 section 4.1.4). */
  #greeted(verb: 'EHLO' | 'HELO', name: string): void {
    this.#ehlo = name;
    this.#protocol = verb === 'EHLO' ? 'ESMTP' : 'SMTP';
    this.#transaction = null;
    const { name: ourName, limits } = this.#settings;
    if (verb === 'HELO') this.#out += `250 ${ourName}\r\n`;
    else {
      this.#reply(
        reply(
          250,
          null,
          `${ourName} greets you`,
          'PIPELINING',
          `SIZE ${limits.messageSizeBytes}`,
          '8BITMIME',
          'ENHANCEDSTATUSCODES',
        ),
      );
    }
  }

  #mail(command: Extract<Command, { verb: 'MAIL' }>): void {
    if (this.#protocol === null) return this.#refuse(reply(503, '5.5.1', 'Say EHLO first.'));
    if (this.#transaction !== null)
      return this.#refuse(reply(503, '5.5.1', 'A transaction is under way; send RSET to give it up.'));
    const { reversePath, bodyType, declaredSizeBytes } = command;
    if ((declaredSizeBytes ?? 0) > this.#settings.limits.messageSizeBytes)
      return this.#refuse(tooLarge(this.#settings));
    this.#ask({ kind: 'mail', reversePath, bodyType, declaredSizeBytes });
  }

  #recipient(forwardPath: string): void {
    if (this.#transaction === null) return this.#refuse(reply(503, '5.5.1', 'Send MAIL first.'));
    const { reversePath, forwardPaths } = this.#transaction;
    if (forwardPaths.length >= this.#settings.limits.recipients) {
      if (this.#patience.overshot()) return this.#tooManyCommands();
      return this.#refuse(reply(452, '4.5.3', 'Too many recipients; send the rest in another transaction.'));
    }
    this.#ask({ kind: 'recipient', reversePath, forwardPath, taken: forwardPaths.length });
  }

  #data(): void {
    if (this.#transaction === null) return this.#refuse(reply(503, '5.5.1', 'Send MAIL first.'));
    const { reversePath, forwardPaths, bodyType } = this.#transaction;
    if (forwardPaths.length === 0) return this.#refuse(reply(554, '5.5.1', 'No recipient was taken.'));
    const protocol = this.#protocol ?? 'SMTP';
    this.#ask({ kind: 'data', reversePath, forwardPaths, bodyType, ehlo: this.#ehlo, protocol });
  }

  #ask(question: ServerQuestion): void {
    this.#asks += 1;
    this.#asking = { ask: this.#asks, question };
    this.#writeOut();
    this.#actions.push({ kind: 'ask', ask: this.#asks, question });
  }

  #answered(ask: number, answer: Reply, at: number): void {
    if (this.#asking?.ask !== ask) return;
    const { question } = this.#asking;
    this.#asking = null;
    this.#waitingSince = at;
    this.#settle(question, answer);
    this.#leaveIfIdle();
    this.#run(at);
  }

  /** What an answer makes of the session. */
  #settle(question: ServerQuestion, answer: Reply): void {
    const taken = answer.code < 300;
    switch (question.kind) {
      case 'mail':
        if (taken) {
          const { reversePath, bodyType } = question;
          this.#patience.transactionBegan();
          this.#transaction = { reversePath, bodyType, forwardPaths: [] };
        }
        break;
      case 'recipient':
        if (taken) this.#transaction?.forwardPaths.push(question.forwardPath);
        break;
      case 'data':
        if (answer.code === 354) this.#startBody();
        else this.#transaction = null;
        break;
      case 'message':
        this.#transaction = null;
        if (taken) this.#patience.messageTaken();
        break;
      default:
        question satisfies never;
    }
    this.#reply(answer);
  }

  #startBody(): void {
    this.#phase = 'body';
    this.#body = new ServerBody(this.#settings, this.#bodyOutlet);
  }

  /** Reads on in the body. False: it wants more bytes. */
  #readBody(): boolean {
    const body = this.#body;
    if (body === null || !body.read(this.#input)) return false;
    this.#phase = 'commands';
    this.#body = null;
    if (body.refusal === null) this.#ask({ kind: 'message', sizeBytes: body.sizeBytes });
    else {
      this.#transaction = null;
      this.#refuse(body.refusal);
    }
    return true;
  }

  #reply(answer: Reply): void {
    if (answer.code >= 500) this.#refuse(answer);
    else this.#out += replyWire(answer);
  }

  /** A refusal is counted, but for temporary ones: those are our trouble or our limit. */
  #refuse(refusal: Reply): void {
    if (refusal.code >= 500 && this.#patience.refused())
      this.#close(reply(421, '4.7.0', 'Too many errors; goodbye.'), 'too many errors');
    else this.#out += replyWire(refusal);
  }

  #tooManyCommands(): void {
    this.#close(
      reply(421, '4.7.0', 'Too many commands for no message; goodbye.'),
      'too many commands for no message',
    );
  }

  #breach(): void {
    this.#close(outOfStep, 'the client pipelined where it must wait');
  }

  #tick(at: number): void {
    const { deadline } = this;
    if (deadline === null || at < deadline) return;
    const spent = at >= this.#openedAt + this.#settings.limits.sessionTimeoutMs;
    const farewell = spent ? 'The session lasted too long; call again.' : 'You were silent for too long.';
    this.#close(
      reply(421, '4.4.2', farewell),
      spent ? 'the session lasted too long' : 'the client was silent',
    );
  }

  #leaveIfIdle(): void {
    const busy = this.#asking !== null || this.#transaction !== null || this.#phase !== 'commands';
    if (this.#shuttingDown && !busy)
      this.#close(reply(421, '4.3.2', 'This server is being stopped; call again later.'), 'shutdown');
  }

  /** Ends the session with a last reply. A message that was not handed over as a `message` question is given up. */
  #close(farewell: Reply, reason: string): void {
    const dataAsked = this.#asking?.question.kind === 'data';
    if (dataAsked || (this.#body !== null && this.#body.refusal === null))
      this.#actions.push({ kind: 'discard', reason });
    this.#out += replyWire(farewell);
    this.#writeOut();
    this.#phase = 'closed';
    this.#asking = null;
    this.#transaction = null;
    this.#body = null;
    this.#input.clear();
    this.#actions.push({ kind: 'close', reason });
  }
}
