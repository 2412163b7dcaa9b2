import { ClientPatience } from './client-patience.ts';
import { type Command, parseCommand } from './command.ts';
import { LineInput } from './line-input.ts';
import { type Reply, reply, replyWire } from './reply.ts';
import type { ServerAction, ServerEvent, ServerQuestion, ServerSettings } from './server-session-types.ts';
import { ServerTransaction, type Speaker, type Verdict } from './server-transaction.ts';

/** Where the session stands; `open`: commands are read, or the body of a transaction. While a question is open nothing is read. */
type Phase = 'unopened' | 'open' | 'handshake' | 'closed';

type Asking = { readonly ask: number; readonly question: ServerQuestion };

/** What may wait unread while a question is open, before the driver is told to hold. */
const unreadLimitBytes = 64 * 1024;

/**
 * Commands after which a client must wait for the reply (RFC 2920 section 3.1, RFC 3207 section 4, and HELO, which offers no pipelining).
 * QUIT is one too, but what follows it is merely not read.
 */
const lastOfGroup: ReadonlySet<string> = new Set([
  'EHLO',
  'HELO',
  'STARTTLS',
  'DATA',
  'NOOP',
  'VRFY',
  'EXPN',
]);

const outOfStep = reply(503, '5.5.0', 'You sent more before the reply that you must wait for.');

const displacedFarewell = reply(421, '4.3.2', 'The server is full, and you were quiet; call again.');

/** Offered beside PIPELINING, SIZE and STARTTLS: RFC 6152, 3030, 6531, 3461, 2034. */
const extensions = ['8BITMIME', 'CHUNKING', 'SMTPUTF8', 'DSN', 'ENHANCEDSTATUSCODES'];

const sayHello: Verdict = { kind: 'reply', reply: reply(503, '5.5.1', 'Say EHLO first.') };
/** Has no transaction, so what it asks for is refused. */
const nobody: Speaker = { ehlo: '', protocol: 'SMTP' };

/** A handshake of TLS begins with it, and no command (RFC 8446 section 5.1). */
const handshakeByte = 0x16;

/** Does this command bring a message nearer? An empty chunk that is not the last does not. */
function isNearer(command: Command, verb: string): boolean {
  if (command.verb === 'BDAT') return command.chunk.octets > 0 || command.chunk.last;
  return verb === 'RCPT' || verb === 'DATA' || verb === 'QUIT';
}

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
  #speaker: Speaker | null = null;
  #secured = false;
  readonly #patience: ClientPatience;
  readonly #transaction: ServerTransaction;
  #openedAt = 0;
  /** Since when we wait for the client. */
  #waitingSince = 0;
  #held = false;
  #shuttingDown = false;
  /** Replies of this step. */
  #out = '';
  #actions: ServerAction[] = [];

  constructor(settings: ServerSettings) {
    this.#settings = settings;
    this.#input = new LineInput(settings.limits.lineBytes, 'crlf');
    this.#patience = new ClientPatience(settings.limits);
    this.#transaction = new ServerTransaction(settings, this.#patience, {
      body: (chunk, start, end) => this.#actions.push({ kind: 'body', chunk, start, end }),
      discard: reason => this.#actions.push({ kind: 'discard', reason }),
    });
  }

  /** Monotonic ms at which the driver must send `tick`; null: we wait for nothing of the client's. */
  get deadline(): number | null {
    if (this.#phase !== 'open' || this.#asking !== null) return null;
    const { commandTimeoutMs, dataTimeoutMs, sessionTimeoutMs } = this.#settings.limits;
    const patienceMs = this.#transaction.reading ? dataTimeoutMs : commandTimeoutMs;
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
      case 'secured':
        this.#begin(event.at);
        break;
      case 'tick':
        this.#tick(event.at);
        break;
      case 'shutdown':
        this.#shuttingDown = true;
        this.#leaveIfIdle();
        break;
      case 'displaced':
        if (this.#phase === 'open' && this.#asking === null)
          this.#close(displacedFarewell, 'the server was full and the client quiet');
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
    this.#phase = 'open';
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
    if (this.#phase === 'handshake') return this.#breach();
    this.#input.push(chunk);
    if (this.#asking !== null) {
      this.#takeWhileAsking(this.#asking.question);
      return;
    }
    if (this.#transaction.reading) this.#waitingSince = at;
    else if (chunk[0] === handshakeByte) return this.#refuseHandshake();
    this.#run(at);
  }

  /** What comes while a question is open waits, unless its command had to be waited for. */
  #takeWhileAsking(question: ServerQuestion): void {
    if (
      (question.kind === 'data' && question.chunk === null) ||
      (this.#speaker?.protocol === 'SMTP' && question.kind !== 'message')
    ) {
      this.#breach();
      return;
    }
    if (this.#held || this.#input.unreadBytes <= unreadLimitBytes) return;
    this.#held = true;
    this.#actions.push({ kind: 'hold' });
  }

  /** Reads all that can be read now. */
  #run(at: number): void {
    while (this.#asking === null && this.#phase === 'open') {
      if (this.#transaction.reading) {
        const verdict = this.#transaction.read(this.#input);
        if (verdict === null) break;
        this.#do(verdict);
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
    const mustWait = lastOfGroup.has(verb) || (this.#speaker?.protocol !== 'ESMTP' && verb !== 'QUIT');
    if (mustWait && !this.#input.empty) {
      this.#breach();
      return;
    }
    if (!isNearer(command, verb) && this.#patience.idled()) {
      this.#tooManyCommands();
      return;
    }
    switch (command.verb) {
      case 'EHLO':
      case 'HELO':
        this.#greeted(command.verb, command.name);
        return;
      case 'STARTTLS':
        this.#startTls();
        return;
      case 'MAIL':
        this.#do(this.#speaker === null ? sayHello : this.#transaction.mail(command));
        return;
      case 'RCPT':
        this.#do(this.#transaction.recipient(command));
        return;
      case 'DATA':
        this.#do(this.#transaction.data(this.#speaker ?? nobody));
        return;
      case 'BDAT':
        this.#do(this.#transaction.bdat(this.#speaker ?? nobody, command.chunk, command.refusal));
        return;
      case 'RSET':
        this.#transaction.reset('the client gave the message up');
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
        if (command.named === 'BDAT') this.#close(command.reply, 'a BDAT that does not tell its octets');
        else this.#refuse(command.reply);
        return;
      default:
        command satisfies never;
    }
  }

  /** EHLO and HELO also end a transaction (RFC 5321 section 4.1.4). */
  #greeted(verb: 'EHLO' | 'HELO', name: string): void {
    this.#speaker = { ehlo: name, protocol: verb === 'EHLO' ? 'ESMTP' : 'SMTP' };
    this.#transaction.reset('the client gave the message up');
    const { name: ourName, limits, startTls } = this.#settings;
    if (verb === 'HELO') {
      this.#out += `250 ${ourName}\r\n`;
      return;
    }
    const offers = startTls && !this.#secured ? [...extensions, 'STARTTLS'] : extensions;
    const size = `SIZE ${limits.messageSizeBytes}`;
    this.#reply(reply(250, null, `${ourName} greets you`, 'PIPELINING', size, ...offers));
  }

  /** RFC 3207 section 4. What was sent with the command was sent by whoever could: `lastOfGroup` ends such a session. */
  #startTls(): void {
    if (this.#secured) return this.#refuse(reply(503, '5.5.1', 'TLS is on.'));
    if (!this.#settings.startTls)
      return this.#refuse(reply(502, '5.5.1', 'This command is not offered here.'));
    if (this.#speaker?.protocol !== 'ESMTP') return this.#refuse(reply(503, '5.5.1', 'Say EHLO first.'));
    this.#reply(reply(220, '2.0.0', 'Begin the handshake.'));
    this.#writeOut();
    this.#phase = 'handshake';
    this.#actions.push({ kind: 'startTls' });
  }

  /** All that was said in clear is forgotten (RFC 3207 section 4.2): the client says EHLO again. */
  #begin(at: number): void {
    if (this.#phase !== 'handshake') return;
    this.#phase = 'open';
    this.#secured = true;
    this.#speaker = null;
    this.#transaction.reset('the client began TLS');
    this.#waitingSince = at;
    this.#leaveIfIdle();
  }

  #do(verdict: Verdict): void {
    switch (verdict.kind) {
      case 'ask':
        this.#ask(verdict.question);
        return;
      case 'reply':
        this.#reply(verdict.reply);
        return;
      case 'echo':
        this.#out += replyWire(verdict.reply);
        return;
      case 'flood':
        this.#tooManyCommands();
        return;
      case 'read':
        return;
      default:
        verdict satisfies never;
    }
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
    this.#do(this.#transaction.settle(question, answer));
    this.#leaveIfIdle();
    this.#run(at);
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

  #refuseHandshake(): void {
    const word = this.#settings.startTls ? 'TLS begins with STARTTLS here.' : 'TLS is not offered here.';
    this.#close(reply(500, '5.5.2', word), 'the client spoke TLS without STARTTLS');
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
    const busy = this.#asking !== null || this.#transaction.open || this.#phase !== 'open';
    if (this.#shuttingDown && !busy)
      this.#close(reply(421, '4.3.2', 'This server is being stopped; call again later.'), 'shutdown');
  }

  /** Ends the session with a last reply. A message that was not handed over as a `message` question is given up. */
  #close(farewell: Reply, reason: string): void {
    if (this.#asking?.question.kind === 'data') this.#actions.push({ kind: 'discard', reason });
    this.#transaction.reset(reason);
    this.#out += replyWire(farewell);
    this.#writeOut();
    this.#phase = 'closed';
    this.#asking = null;
    this.#input.clear();
    this.#actions.push({ kind: 'close', reason });
  }
}
