import type { Connection, TlsFacts } from '../../runtime/ports.ts';
import type { ReceiverBehaviour } from './receiver-behaviour.ts';
import type { ReceiverReplies } from './receiver-replies.ts';

/** The session that is to be secured. */
type SecurityOwner = {
  behaviour(): ReceiverBehaviour;
  reply(line: string, sent?: () => void): void;
  /** What was said in clear is forgotten. */
  forget(): void;
};

const handshakeMs = 300_000;
const goAhead = '220 2.0.0 Go ahead';

/** STARTTLS and AUTH of one receiving session (RFC 3207, RFC 4954), with the whims that it was told to have. */
export class ReceiverSecurity {
  tls: TlsFacts | null = null;
  /** The name that was shown in AUTH. */
  login: string | null = null;
  /** A handshake is under way: nothing is read meanwhile. */
  goesOver = false;
  /** Whatever is heard is answered by what is no TLS. */
  answersJunk = false;
  readonly #connection: Connection;
  readonly #replies: ReceiverReplies;
  readonly #owner: SecurityOwner;
  #dialogue: ReceiverLogin | null = null;

  constructor(connection: Connection, replies: ReceiverReplies, owner: SecurityOwner) {
    this.#connection = connection;
    this.#replies = replies;
    this.#owner = owner;
  }

  startTls(): void {
    const { startTls } = this.#owner.behaviour();
    if (startTls === null || this.tls !== null) return this.#owner.reply('500 5.5.1 No such command');
    switch (startTls.whim) {
      case 'refused':
        return this.#owner.reply('454 4.7.0 Not now');
      case 'injected':
        return this.#owner.reply(`${goAhead}\r\n250 forged.example`);
      case 'junk':
        return this.#owner.reply(goAhead, () => {
          this.answersJunk = true;
        });
      case 'hang':
        return this.#owner.reply(goAhead, () => {
          this.goesOver = true;
        });
      case 'none':
      case 'left':
        return this.#owner.reply(goAhead, () => {
          this.goesOver = true;
          this.#replies.flush();
          void this.#goOver({ choose: () => startTls });
        });
      default:
        startTls.whim satisfies never;
    }
  }

  auth(argument: string): void {
    if (this.#owner.behaviour().login === null || this.tls === null)
      return this.#owner.reply('503 5.5.1 No login here');
    const [mechanism = '', initial] = argument.split(' ');
    if (!/^(?:PLAIN|LOGIN)$/i.test(mechanism)) return this.#owner.reply('504 5.5.4 PLAIN or LOGIN');
    this.#ask(new ReceiverLogin(mechanism, initial));
  }

  /** Takes a line that is part of a login. */
  hears(line: string): boolean {
    const dialogue = this.#dialogue;
    if (dialogue === null) return false;
    dialogue.answer(line);
    this.#ask(dialogue);
    return true;
  }

  async #goOver(certificates: { choose(): { chain: string; key: string } }): Promise<void> {
    this.#owner.forget();
    const secured = await this.#connection.startTls({ side: 'server', certificates, timeoutMs: handshakeMs });
    this.goesOver = false;
    if (secured.ok) this.tls = secured.value;
    if (this.#owner.behaviour().startTls?.whim === 'left') this.#connection.end();
  }

  #ask(dialogue: ReceiverLogin): void {
    const { login } = this.#owner.behaviour();
    const { question } = dialogue;
    this.#dialogue = question === null ? null : dialogue;
    if (question !== null) return this.#owner.reply(question);
    if (login === null || !dialogue.isOf(login)) return this.#owner.reply('535 5.7.8 Not you');
    this.login = login.user;
    this.#owner.reply('235 2.7.0 Welcome');
  }
}

/** What a client shows in AUTH, read line by line (RFC 4954, RFC 4616). */
class ReceiverLogin {
  readonly #mechanism: string;
  readonly #words: string[] = [];

  constructor(mechanism: string, initial: string | undefined) {
    this.#mechanism = mechanism.toUpperCase();
    if (initial !== undefined) this.#words.push(initial);
  }

  /** The next question as a reply line; null: all is said. */
  get question(): string | null {
    if (this.#mechanism === 'PLAIN') return this.#words.length === 0 ? '334 ' : null;
    return ['334 VXNlcm5hbWU6', '334 UGFzc3dvcmQ6'][this.#words.length] ?? null;
  }

  answer(line: string): void {
    this.#words.push(line);
  }

  isOf({ user, password }: { readonly user: string; readonly password: string }): boolean {
    const said = this.#words.map(word => Buffer.from(word, 'base64').toString('utf8')).join('\0');
    return said === (this.#mechanism === 'PLAIN' ? `\0${user}\0${password}` : `${user}\0${password}`);
  }
}
