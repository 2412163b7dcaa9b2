import type { Clock, Connection } from '../../runtime/ports.ts';
import type { ReceiverBehaviour, ReceiverStage, WhimStage } from './receiver-behaviour.ts';
import { ReceivedBody } from './receiver-body.ts';
import { offersOf, refusedOfMail, refusedOfRecipient } from './receiver-offers.ts';
import { ReceiverReplies } from './receiver-replies.ts';
import { ReceiverSecurity } from './receiver-security.ts';

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
  /** What stood behind the paths of MAIL and of each RCPT, '' where nothing did. */
  readonly mailParameters: string;
  readonly rcptParameters: readonly string[];
  /** By how many chunks of BDAT it came; 0: by DATA. */
  readonly chunks: number;
  /** The protocol and cipher of the session; null: clear text. */
  readonly tls: string | null;
  readonly resumed: boolean;
  /** The name that was shown in AUTH. */
  readonly login: string | null;
  /** The attributes of the last XCLIENT. */
  readonly xclient: string | null;
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
  /** A MAIL was taken. */
  begun(): void;
  /** A reply line by which it refuses what it would have taken, or null. */
  whim(stage: WhimStage, mailFrom: string | null, remoteAddress: string): string | null;
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
  readonly mailParameters: string;
  readonly rcptParameters: string[];
};

/** A chunk of BDAT that is on its way; one that is refused is read all the same. */
type Chunk = { left: number; readonly last: boolean; readonly refusal: string | null };

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
  readonly #replies: ReceiverReplies;
  #ended = false;
  #ehlo: string | null = null;
  #transaction: Transaction | null = null;
  #transactions = 0;
  #body: ReceivedBody | null = null;
  #chunk: Chunk | null = null;
  #chunks = 0;
  readonly #security: ReceiverSecurity;
  #xclient: string | null = null;
  #lastHeardAt: number;

  constructor(connection: Connection, desk: ReceiverDesk) {
    this.#connection = connection;
    this.#desk = desk;
    this.#replies = new ReceiverReplies(connection, desk.clock);
    this.#security = new ReceiverSecurity(connection, this.#replies, {
      behaviour: () => desk.behaviour(),
      reply: (line, sent) => this.#reply(line, 0, sent),
      forget: () => this.#forget(),
    });
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
    this.#replies.flush();
  }

  /** Ends the session at once. */
  destroy(): void {
    this.#connection.destroy();
  }

  #data(chunk: Buffer): void {
    if (this.#ended) return;
    this.#lastHeardAt = this.#desk.clock.monotonic();
    if (this.#security.answersJunk) {
      this.#connection.write([Buffer.from('This is no handshake\r\n')]);
      return;
    }
    if (this.#greetedAt === null) {
      this.#connection.write([Buffer.from('554 5.5.0 You spoke before my greeting\r\n')]);
      this.#connection.end();
      this.#ended = true;
      this.#replies.gone();
      return;
    }
    this.#pending = this.#pending.length > 0 ? Buffer.concat([this.#pending, chunk]) : chunk;
    this.#work();
    this.#replies.flush();
  }

  #work(): void {
    while (!this.#ended && !this.#security.goesOver && this.#pending.length > 0) {
      if (this.#chunk !== null) {
        this.#readChunk(this.#chunk);
        continue;
      }
      if (this.#body !== null && this.#chunks === 0) {
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
      if (!this.#security.hears(line.slice(0, -2))) this.#command(line.slice(0, -2));
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
      case 'BDAT':
        return this.#bdat(argument);
      case 'STARTTLS':
        if (this.#pending.length > 0) return this.#outOfTurn('STARTTLS');
        return this.#security.startTls();
      case 'AUTH':
        return this.#security.auth(argument);
      case 'XCLIENT':
        return this.#hearClient(argument);
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
    if (this.#reached('ehlo') || this.#refuses('ehlo')) return;
    if (name === '' || /\s/.test(name)) return this.#reply(`501 5.5.4 ${verb} needs one name`);
    if (this.#pending.length > 0) return this.#outOfTurn(verb);
    this.#endTransaction();
    this.#ehlo = name;
    this.#desk.greeted(name, this.#connection.remoteAddress);
    if (verb === 'HELO') return this.#reply(`250 ${this.#desk.name}`);
    const offers = offersOf(this.#desk.behaviour(), this.#desk.maxSizeBytes, this.#security.tls !== null);
    const lines = [this.#desk.name, ...offers];
    this.#reply(lines.map((line, i) => `250${i === lines.length - 1 ? ' ' : '-'}${line}`).join('\r\n'));
  }

  #mail(argument: string): void {
    if (this.#reached('mail') || this.#refuses('mail')) return;
    if (this.#ehlo === null) return this.#reply('503 5.5.1 Say EHLO first');
    if (this.#transaction !== null) return this.#reply('503 5.5.1 One message at a time');
    const match = /^FROM:<([^<>\s]*)>((?: \S+)*)$/i.exec(argument);
    if (match === null) return this.#reply('501 5.5.4 Write MAIL FROM:<path>');
    const behaviour = this.#desk.behaviour();
    if (behaviour.login !== null && this.#security.login === null)
      return this.#reply('530 5.7.0 Log in first');
    const mailParameters = (match[2] ?? '').trim();
    const refused = refusedOfMail(wordsOf(mailParameters), behaviour, this.#desk.maxSizeBytes);
    if (refused !== null) return this.#reply(refused);
    const refusal = this.#desk.identity(this.#ehlo, this.#connection.remoteAddress);
    if (refusal !== null) {
      this.#desk.refusedIdentity();
      return this.#reply(refusal);
    }
    const mailAt = this.#desk.clock.now();
    const startedAt = this.#transactions === 0 ? this.#sessionAt : mailAt;
    this.#transactions += 1;
    const mailFrom = utf8(match[1] ?? '');
    this.#transaction = { mailFrom, startedAt, mailAt, rcptTo: [], mailParameters, rcptParameters: [] };
    this.#desk.begun();
    this.#reply('250 2.1.0 Go on', behaviour.mailDelayMs);
  }

  #rcpt(argument: string): void {
    if (this.#reached('rcpt')) return;
    if (this.#transaction === null) return this.#reply('503 5.5.1 MAIL comes first');
    if (this.#refuses('rcpt')) return;
    const match = /^TO:<([^<>\s]+)>((?: \S+)*)$/i.exec(argument);
    if (match?.[1] === undefined) return this.#reply('501 5.5.4 Write RCPT TO:<path>');
    if (this.#transaction.rcptTo.length >= maxRecipients) return this.#reply('452 4.5.3 Too many');
    const path = utf8(match[1]);
    const parameters = (match[2] ?? '').trim();
    const unknown = refusedOfRecipient(wordsOf(parameters), this.#desk.behaviour());
    if (unknown !== null) return this.#reply(unknown);
    const { refuse } = this.#desk.behaviour();
    const refusal = refuse[path] ?? refuse[path.slice(path.lastIndexOf('@'))];
    if (refusal !== undefined) return this.#reply(refusal);
    if (this.#desk.greylisted(this.#connection.remoteAddress, this.#transaction.mailFrom, path)) {
      return this.#reply('450 4.7.1 Greylisted, come again');
    }
    this.#transaction.rcptTo.push(path);
    this.#transaction.rcptParameters.push(parameters);
    this.#reply('250 2.1.5 Known', this.#desk.behaviour().rcptDelayMs);
  }

  #dataCommand(): void {
    if (this.#reached('data')) return;
    if (this.#transaction === null) return this.#reply('503 5.5.1 MAIL comes first');
    if (this.#transaction.rcptTo.length === 0) return this.#reply('554 5.5.1 No valid recipients');
    if (this.#refuses('data')) return;
    if (this.#pending.length > 0) return this.#outOfTurn('DATA');
    if (this.#chunks > 0) return this.#reply('503 5.5.1 BDAT has begun');
    this.#body = new ReceivedBody();
    this.#reply('354 End with a dot');
  }

  #bdat(argument: string): void {
    if (!this.#desk.behaviour().chunking) return this.#reply('500 5.5.1 No such command');
    if (this.#chunks === 0 && this.#reached('data')) return;
    const match = /^(\d{1,12})( LAST)?$/i.exec(argument);
    if (match === null) {
      this.#reply('501 5.5.4 Write BDAT size');
      return this.#hangUp();
    }
    let refusal: string | null = null;
    if (this.#transaction === null) refusal = '503 5.5.1 MAIL comes first';
    else if (this.#transaction.rcptTo.length === 0) refusal = '554 5.5.1 No valid recipients';
    this.#chunk = { left: Number(match[1]), last: match[2] !== undefined, refusal };
    if (refusal === null) {
      this.#chunks += 1;
      this.#body ??= new ReceivedBody();
    }
    if (this.#chunk.left === 0) this.#readChunk(this.#chunk);
  }

  #readChunk(chunk: Chunk): void {
    const bytes = this.#pending.subarray(0, chunk.left);
    this.#pending = this.#pending.subarray(bytes.length);
    chunk.left -= bytes.length;
    if (chunk.refusal === null) this.#body?.takeRaw(bytes);
    if (chunk.left > 0) return;
    this.#chunk = null;
    if (chunk.refusal !== null) return this.#reply(chunk.refusal);
    if (!chunk.last) return this.#reply('250 2.0.0 More');
    if (this.#body !== null) this.#dot(this.#body);
  }

  /** All that was said before is forgotten (RFC 3207 section 4.2). */
  #forget(): void {
    this.#endTransaction();
    this.#ehlo = null;
  }

  /** After it the session is as new (Postfix, XCLIENT_README). */
  #hearClient(argument: string): void {
    if (!this.#desk.behaviour().xclient) return this.#reply('500 5.5.1 No such command');
    if (this.#transaction !== null) return this.#reply('503 5.5.1 Not in the middle of a message');
    if (!/^(?:(?:NAME|ADDR|PROTO|HELO)=\S+ ?)+$/.test(argument))
      return this.#reply('501 5.5.4 Bad attribute');
    this.#xclient = argument;
    this.#ehlo = null;
    this.#reply(`220 ${this.#desk.name} ESMTP`);
  }

  #dot(body: ReceivedBody): void {
    const transaction = this.#transaction;
    const chunks = this.#chunks;
    this.#body = null;
    this.#chunks = 0;
    if (transaction === null || this.#ehlo === null) return;
    if (this.#reached('dot', () => this.#take(transaction, body, chunks))) return;
    if (this.#refuses('dot')) return this.#endTransaction();
    if (body.bareNewline || body.sizeBytes > this.#desk.maxSizeBytes) {
      this.#endTransaction();
      return this.#reply(body.bareNewline ? '550 5.6.0 A bare CR or LF is in it' : '552 5.3.4 Too large');
    }
    this.#take(transaction, body, chunks);
    const { dotDelayMs, messagesPerSession } = this.#desk.behaviour();
    this.#reply('250 2.0.0 Taken', dotDelayMs);
    if (messagesPerSession !== null && this.#transactions >= messagesPerSession) this.#hangUp();
  }

  #take(transaction: Transaction, body: ReceivedBody, chunks: number): void {
    const { tls, login } = this.#security;
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
      mailParameters: transaction.mailParameters,
      rcptParameters: transaction.rcptParameters,
      chunks,
      tls: tls === null ? null : `${tls.protocol} ${tls.cipher}`,
      resumed: tls?.resumed ?? false,
      login,
      xclient: this.#xclient,
    });
  }

  #endTransaction(): void {
    if (this.#transaction !== null) this.#desk.abandoned();
    this.#transaction = null;
    this.#body = null;
    this.#chunks = 0;
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
      this.#replies.mute();
      taken?.();
    }
    return this.#replies.muted;
  }

  /** True where the receiver has a whim; 421 ends the session (RFC 5321 section 3.8). */
  #refuses(stage: WhimStage): boolean {
    const whim = this.#desk.whim(stage, this.#transaction?.mailFrom ?? null, this.#connection.remoteAddress);
    if (whim === null) return false;
    this.#reply(whim);
    if (whim.startsWith('421')) this.#hangUp();
    return true;
  }

  #outOfTurn(verb: string): void {
    this.#reply(`554 5.5.0 ${verb} must be the last that you send before my reply`);
    this.#hangUp();
  }

  #reply(line: string, extraMs = 0, sent?: () => void): void {
    const slowMs = this.#greetedAt !== null ? this.#desk.behaviour().replyDelayMs : 0;
    this.#replies.say(line, slowMs + extraMs, sent);
  }

  /** No further command is taken; what was replied still leaves. */
  #hangUp(): void {
    this.#ended = true;
    this.#replies.end();
  }

  #closed(): void {
    this.#ended = true;
    this.#replies.gone();
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

const wordsOf = (text: string): string[] => text.split(' ').filter(word => word !== '');

const utf8 = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('utf8');
