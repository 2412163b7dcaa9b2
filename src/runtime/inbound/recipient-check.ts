import type { Reply } from '../../protocol/smtp/reply.ts';

/** A recipient of a domain that we take mail for, admitted but for the question whether it exists. */
export type RecipientQuestion = {
  readonly forwardPath: string;
  /** As in `DomainSetting.name`. */
  readonly domain: string;
  readonly reversePath: string;
  /** The client's address. */
  readonly client: string;
};

/**
 * Does this recipient exist? Null: take it; a 4xx or 5xx reply is the answer to its RCPT. What is known is answered at
 * once, without a promise. A promise must end within a bounded time and never reject; the client's input waits for it.
 */
export type RecipientCheck = (question: RecipientQuestion) => Reply | null | Promise<Reply | null>;
