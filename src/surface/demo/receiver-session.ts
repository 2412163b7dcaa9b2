import type { Clock, Connection } from '../../runtime/ports.ts';
import type { ReceiverBehaviour, ReceiverStage } from './receiver-behaviour.ts';
import { ReceivedBody } from './receiver-body.ts';

/** One message that a receiver took: who said what, from where, and when. All times are wall ms. */
export type Delivery = {
  /** The receiver's own address that was called. */
  readonly to: string;
  readonly remoteAddress: string;
  readonly ehlo: string;
  readonly mailFrom: string;
  readonly rcptTo: readonly string[];
  readonly messageId: string | null;
  /** When the connection was accepted. */
  readonly sessionAt: number;
  /** When the session that delivered it turned to this message: its connection for the first, its MAIL for a later one. */
  readonly startedAt: number;
  /** When the greeting left. */
  readonly greetedAt: number;
  /** When its MAIL came. */
  readonly mailAt: number;
  /** When the final dot came. */
  readonly at: number;
  readonly sizeBytes: number;
  /** SHA-256 of what follows the header's empty line. */
  readonly bodyDigest: string;
};

/** What a session asks of its receiver. */
export type ReceiverDesk = {
  readonly clock: Clock;
  readonly name: string;
  readonly maxSizeBytes: number;
  behaviour(): ReceiverBehaviour;
  /** A refusal of this EHLO name from this address, as a reply line, or null. */
  identity(ehlo: string, remoteAddress: string): string | null;
  /** True while this (network, reverse-path, forward-path) is still to be told to come again. */
  greylisted(remoteAddress: string, mailFrom: string, rcptTo: string): boolean;
  greeted(ehlo: string, remoteAddress: string): void;
  refusedIdentity(): void;
  /** A transaction that had its MAIL ended without a message. */
  abandoned(): void;
  delivered(delivery: Delivery): void;
  /** The connection is gone. */
  left(session: ReceiverSession): void;
};

type Transaction = {
  readonly mailFrom: string;
  readonly startedAt: number;
  readonly mailAt: number;
  readonly rcptTo: string[];
};

const maxCommandBytes = 512;
const maxRecipients = 1000;
const idleMs = 300_000;

/**
 * One session of the strict receiver (RFC 5321), written apart from Postern's own server session so that one
 * mistake cannot hide in both. Lines end in CRLF only; EHLO and DATA must be the last of what was sent
 * (RFC 2920 section 3.1); whoever talks before the greeting is refused.
 */
export class ReceiverSession {
  readonly #connection: Connection;
  readonly #desk: ReceiverDesk;
  readonly #sessionAt: number;
  #pending: Buffer = Buffer.alloc(0);
  #greetedAt: number | null = null;
  #muted = false;
  #ended = false;
  #gone = false;
  #ehlo: string | null = null;
  #transaction: Transaction | null = null;
  #transactions = 0;
  #body: ReceivedBody | null = null;
  /** Monotonic ms before which no further reply may leave, so that delayed replies keep their order. */
  #repliesDueAt = 0;
  #waiting = 0;
  #out: Buffer[] = [];
  #lastHeardAt: number;

  constructor(connection: Connection, desk: ReceiverDesk) {
    this.#connection = connection;
    this.#desk = desk;
    this.#sessionAt = desk.clock.now();
    this.#lastHeardAt = desk.clock.monotonic();
    connection.handle({
      data: chunk => this.#data(chunk),
      drained: () => {},
      closed: () => this.#closed(),
    });
    this.#watchIdle();
    if (this.#reached('connect')) return;
    const { greeting, greetingDelayMs } = desk.behaviour();
    this.#reply(greeting ?? `220 ${desk.name} ESMTP`, greetingDelayMs, () => {
      this.#greetedAt = desk.clock.now();
      if (greeting !== null) this.#hangUp();
    });
    this.#flush();
  }

  /** Ends the session at once. */
  destroy(): void {
    this.#connection.destroy();
  }

  #data(chunk: Buffer): void {
    if (this.#ended) return;
    this.#lastHeardAt = this.#desk.clock.monotonic();
    if (this.#greetedAt === null) {
      this.#connection.write([Buffer.from('554 5.5.0 You spoke before my greeting\r\n')]);
      this.#connection.end();
      this.#ended = true;
      this.#gone = true;
      return;
    }
    this.#pending = this.#pending.length > 0 ? Buffer.concat([this.#pending, chunk]) : chunk;
    this.#work();
    this.#flush();
  }

  #work(): void {
    while (!this.#ended && this.#pending.length > 0) {
      if (this.#body !== null) {
        const rest = this.#body.take(this.#pending);
        this.#pending = rest ?? Buffer.alloc(0);
        if (rest === null) return;
        this.#dot(this.#body);
        continue;
      }
      const newline = this.#pending.indexOf(10);
      if (newline < 0 || newline >= maxCommandBytes) {
        if (newline < 0 && this.#pending.length < maxCommandBytes) return;
        this.#reply('500 5.5.2 Line too long');
        this.#hangUp();
        return;
      }
      const line = this.#pending.toString('latin1', 0, newline + 1);
      this.#pending = this.#pending.subarray(newline + 1);
      if (!line.endsWith('\r\n') || line.indexOf('\r') !== line.length - 2) {
        this.#reply('500 5.5.2 A line ends in CRLF and in nothing else');
        this.#hangUp();
        return;
      }
      this.#command(line.slice(0, -2));
    }
  }

  #command(line: string): void {
    const verb = /^[A-Za-z]*/.exec(line)?.[0].toUpperCase() ?? '';
    const argument = line.slice(verb.length).trim();
    switch (verb) {
      case 'EHLO':
      case 'HELO':
        return this.#hello(verb, argument);
      case 'MAIL':
        return this.#mail(argument);
      case 'RCPT':
        return this.#rcpt(argument);
      case 'DATA':
        return this.#dataCommand();
      case 'RSET':
        this.#endTransaction();
        return this.#reply('250 2.0.0 Forgotten');
      case 'NOOP':
        return this.#reply('250 2.0.0 Here');
      case 'VRFY':
        return this.#reply('252 2.1.5 Send it and see');
      case 'QUIT':
        this.#reply(`221 2.0.0 ${this.#desk.name} closes`);
        return this.#hangUp();
      default:
        return this.#reply('500 5.5.1 No such command');
    }
  }

  #hello(verb: 'EHLO' | 'HELO', name: string): void {
    if (this.#reached('ehlo')) return;
    if (name === '' || /\s/.test(name)) return this.#reply(`501 5.5.4 ${verb} needs one name`);
    if (this.#pending.length > 0) return this.#outOfTurn(verb);
    this.#endTransaction();
    this.#ehlo = name;
    this.#desk.greeted(name, this.#connection.remoteAddress);
    if (verb === 'HELO') return this.#reply(`250 ${this.#desk.name}`);
    this.#reply(
      [
        `250-${this.#desk.name}`,
        '250-PIPELINING',
        `250-SIZE ${this.#desk.maxSizeBytes}`,
        '250-8BITMIME',
        '250 ENHANCEDSTATUSCODES',
      ].join('\r\n'),
    );
  }

  #mail(argument: string): void {
    if (this.#reached('mail')) return;
    if (this.#ehlo === null) return this.#reply('503 5.5.1 Say EHLO first');
    if (this.#transaction !== null) return this.#reply('503 5.5.1 One message at a time');
    const match = /^FROM:<([^<>\s]*)>((?: \S+)*)$/i.exec(argument);
    if (match === null) return this.#reply('501 5.5.4 Write MAIL FROM:<path>');
    for (const parameter of (match[2] ?? '').split(' ').filter(word => word !== '')) {
      const size = /^SIZE=(\d{1,20})$/i.exec(parameter);
      if (size === null && !/^BODY=(?:7BIT|8BITMIME)$/i.test(parameter)) {
        return this.#reply('555 5.5.4 No such parameter here');
      }
      if (size !== null && Number(size[1]) > this.#desk.maxSizeBytes) {
        return this.#reply('552 5.3.4 Too large');
      }
    }
    const refusal = this.#desk.identity(this.#ehlo, this.#connection.remoteAddress);
    if (refusal !== null) {
      this.#desk.refusedIdentity();
      return this.#reply(refusal);
    }
    const mailAt = this.#desk.clock.now();
    const startedAt = this.#transactions === 0 ? this.#sessionAt : mailAt;
    this.#transactions += 1;
    this.#transaction = { mailFrom: match[1] ?? '', startedAt, mailAt, rcptTo: [] };
    this.#reply('250 2.1.0 Go on');
  }

  #rcpt(argument: string): void {
    if (this.#reached('rcpt')) return;
    if (this.#transaction === null) return this.#reply('503 5.5.1 MAIL comes first');
    const path = /^TO:<([^<>\s]+)>$/i.exec(argument)?.[1];
    if (path === undefined) return this.#reply('501 5.5.4 Write RCPT TO:<path>');
    if (this.#transaction.rcptTo.length >= maxRecipients) return this.#reply('452 4.5.3 Too many');
    const { refuse } = this.#desk.behaviour();
    const refusal = refuse[path] ?? refuse[path.slice(path.lastIndexOf('@'))];
    if (refusal !== undefined) return this.#reply(refusal);
    if (this.#desk.greylisted(this.#connection.remoteAddress, this.#transaction.mailFrom, path)) {
      return this.#reply('450 4.7.1 Greylisted, come again');
    }
    this.#transaction.rcptTo.push(path);
    this.#reply('250 2.1.5 Known');
  }

  #dataCommand(): void {
    if (this.#reached('data')) return;
    if (this.#transaction === null) return this.#reply('503 5.5.1 MAIL comes first');
    if (this.#transaction.rcptTo.length === 0) return this.#reply('554 5.5.1 No valid recipients');
    if (this.#pending.length > 0) return this.#outOfTurn('DATA');
    this.#body = new ReceivedBody();
    this.#reply('354 End with a dot');
  }

  #dot(body: ReceivedBody): void {
    const transaction = this.#transaction;
    this.#body = null;
    if (transaction === null || this.#ehlo === null) return;
    if (this.#reached('dot', () => this.#take(transaction, body))) return;
    if (body.bareNewline || body.sizeBytes > this.#desk.maxSizeBytes) {
      this.#endTransaction();
      return this.#reply(body.bareNewline ? '550 5.6.0 A bare CR or LF is in it' : '552 5.3.4 Too large');
    }
    this.#take(transaction, body);
    const { dotDelayMs, messagesPerSession } = this.#desk.behaviour();
    this.#reply('250 2.0.0 Taken', dotDelayMs);
    if (messagesPerSession !== null && this.#transactions >= messagesPerSession) this.#hangUp();
  }

  #take(transaction: Transaction, body: ReceivedBody): void {
    this.#transaction = null;
    this.#desk.delivered({
      to: this.#connection.localAddress,
      remoteAddress: this.#connection.remoteAddress,
      ehlo: this.#ehlo ?? '',
      mailFrom: transaction.mailFrom,
      rcptTo: transaction.rcptTo,
      messageId: body.messageId,
      sessionAt: this.#sessionAt,
      startedAt: transaction.startedAt,
      greetedAt: this.#greetedAt ?? this.#sessionAt,
      mailAt: transaction.mailAt,
      at: this.#desk.clock.now(),
      sizeBytes: body.sizeBytes,
      bodyDigest: body.digest(),
    });
  }

  #endTransaction(): void {
    if (this.#transaction !== null) this.#desk.abandoned();
    this.#transaction = null;
    this.#body = null;
  }

  /** True where the behaviour ends or mutes the session at this stage; muted at the dot, the message is still `taken`. */
  #reached(stage: ReceiverStage, taken?: () => void): boolean {
    const { dropAt, muteAt } = this.#desk.behaviour();
    if (dropAt === stage) {
      this.#ended = true;
      this.#connection.destroy();
      return true;
    }
    if (muteAt === stage) {
      this.#muted = true;
      taken?.();
    }
    return this.#muted;
  }

  #outOfTurn(verb: string): void {
    this.#reply(`554 5.5.0 ${verb} must be the last that you send before my reply`);
    this.#hangUp();
  }

  #reply(line: string, extraMs = 0, sent?: () => void): void {
    if (this.#muted) return;
    const now = this.#desk.clock.monotonic();
    const slowMs = this.#greetedAt !== null ? this.#desk.behaviour().replyDelayMs : 0;
    this.#repliesDueAt = Math.max(this.#repliesDueAt, now) + slowMs + extraMs;
    const bytes = Buffer.from(`${line}\r\n`, 'latin1');
    if (this.#repliesDueAt <= now && this.#waiting === 0) {
      this.#out.push(bytes);
      sent?.();
      return;
    }
    this.#waiting += 1;
    this.#desk.clock.timer(this.#repliesDueAt - now, () => {
      this.#waiting -= 1;
      if (this.#gone) return;
      this.#out.push(bytes);
      this.#flush();
      sent?.();
      if (this.#waiting === 0 && this.#ended) this.#connection.end();
    });
  }

  #flush(): void {
    if (this.#out.length === 0 || this.#gone) return;
    const chunks = this.#out;
    this.#out = [];
    this.#connection.write(chunks);
  }

  /** No further command is taken; what was replied still leaves. */
  #hangUp(): void {
    this.#ended = true;
    this.#flush();
    if (this.#waiting === 0) this.#connection.end();
  }

  #closed(): void {
    this.#ended = true;
    this.#gone = true;
    this.#endTransaction();
    this.#desk.left(this);
  }

  #watchIdle(): void {
    this.#desk.clock.timer(idleMs, () => {
      if (this.#ended) return;
      if (this.#desk.clock.monotonic() - this.#lastHeardAt >= idleMs) this.#connection.destroy();
      else this.#watchIdle();
    });
  }
}
