import { circleRefusal } from '../../decision/admission/circle.ts';
import { endpointText, type ListenerSetting } from '../../decision/admission/listener.ts';
import type { MessageId } from '../../decision/queue/queued.ts';
import { receivedField } from '../../protocol/message/received.ts';
import { type Reply, replyText } from '../../protocol/smtp/reply.ts';
import type { ServerQuestion } from '../../protocol/smtp/server-session-types.ts';
import type { Rejected } from '../events.ts';
import type { Clock, QueueStore, TlsFacts } from '../ports.ts';
import { IncomingBody } from './incoming-body.ts';
import type { Intake, Submission } from './intake.ts';

export type IncomingParts = {
  readonly listener: ListenerSetting;
  /** The uplink by whose address the client came; null for a private listener. */
  readonly uplink: string | null;
  /** The names of all our listeners, lower case. */
  readonly ourNames: () => ReadonlySet<string>;
  readonly intake: Intake;
  readonly store: QueueStore;
  readonly clock: Clock;
  /** Something of this client was refused. */
  readonly rejected: (what: Rejected, reason: string) => void;
};

/** The client and what it asked for, when it began to send the body. */
export type Sent = {
  readonly question: Extract<ServerQuestion, { kind: 'data' }>;
  /** As admission wrote them, in the order of the envelope's. */
  readonly forwardPaths: readonly string[];
  readonly clientAddress: string;
  readonly tls: TlsFacts | null;
};

/** A message between its DATA or first BDAT and the reply to its end. */
export class IncomingMessage {
  readonly #parts: IncomingParts;
  readonly #sent: Sent;
  readonly #id: MessageId;
  readonly #body: IncomingBody;
  #circle: Reply | null = null;

  /** `onRelief`: it is no longer congested. */
  constructor(parts: IncomingParts, sent: Sent, onRelief: () => void) {
    this.#parts = parts;
    this.#sent = sent;
    const { listener, intake, clock, store } = parts;
    const { question, forwardPaths, clientAddress, tls } = sent;
    const now = clock.now();
    this.#id = intake.ids.next(now);
    const head = receivedField({
      helo: question.ehlo,
      clientAddress,
      by: listener.name,
      protocol: question.protocol,
      smtpUtf8: question.envelope.smtpUtf8,
      tls,
      id: this.#id,
      forwardPath: forwardPaths.length === 1 ? (forwardPaths[0] ?? null) : null,
      at: now,
    });
    this.#body = new IncomingBody(store, head, onRelief, start => {
      this.#circle = circleRefusal(start, parts.ourNames());
    });
  }

  get reversePath(): string {
    return this.#sent.question.envelope.reversePath;
  }

  /** More of the body waits in memory than should: read nothing from the client. */
  get congested(): boolean {
    return this.#body.congested;
  }

  add(span: Buffer): void {
    this.#body.add(span);
  }

  /** Takes responsibility for it, or not: the reply to its end. */
  async commit(): Promise<Reply> {
    const { intake, rejected } = this.#parts;
    const body = await this.#body.finish();
    if (!body.ok) {
      await this.#body.abandon();
      return intake.refuse(body.error);
    }
    if (this.#circle !== null) {
      rejected('message', `a message from <${this.reversePath}>: ${replyText(this.#circle)}`);
      await this.#body.abandon();
      return this.#circle;
    }
    const verdict = await intake.accept({ ...this.#submission(), body: body.value });
    // After another failure a row may name the file; where none does, the next start removes it.
    if (verdict.code === 452) await this.#body.abandon();
    return verdict;
  }

  /** Drops what has arrived; safe at any moment. */
  abandon(): Promise<void> {
    return this.#body.abandon();
  }

  #submission(): Omit<Submission, 'body'> {
    const { listener, uplink } = this.#parts;
    const { question, forwardPaths, clientAddress, tls } = this.#sent;
    const { reversePath, bodyType, smtpUtf8, dsn, recipientDsn } = question.envelope;
    const client = {
      address: clientAddress,
      helo: question.ehlo,
      listener: endpointText(listener),
      uplink,
      ...(tls === null ? {} : { tls: `${tls.protocol} ${tls.cipher}` }),
    };
    return {
      id: this.#id,
      reversePath,
      forwardPaths,
      bodyType,
      smtpUtf8,
      dsn,
      recipientDsn: recipientDsn.some(asked => asked !== null) ? recipientDsn : null,
      client,
    };
  }
}
