import type { Reply } from '../smtp/reply.ts';

/**
 * What became of the recipients of one report (RFC 3464 section 2.3.3). `relayed`: handed to a server that sends no
 * reports itself.
 */
export type ReportAction = 'failed' | 'delayed' | 'delivered' | 'relayed';

/** One recipient that is reported on. Times are wall ms. */
export type ReportedRecipient = {
  readonly forwardPath: string;
  /** As the sender's server wrote it (RFC 3461 section 4.2): `rfc822;user@example.com`; null where it did not. */
  readonly originalRecipient: string | null;
  /** RFC 3463: `5.1.1`. */
  readonly status: string;
  /** The last word of the far side; null where it never spoke, or we decided ourselves. */
  readonly reply: Reply | null;
  /** The host that said so; null where it is not known. */
  readonly host: string | null;
  /** Whole sentences for people: what happened, and why. */
  readonly reason: string;
  /** Null: no attempt was made. */
  readonly lastAttemptAt: number | null;
  /** Of a delay: until when it is tried. */
  readonly retryUntil: number | null;
};

/** All that a report is made of. */
export type ReportFacts = {
  /** Our name, in From, Message-ID and Reporting-MTA. */
  readonly hostname: string;
  /** The ID of the report itself. */
  readonly id: string;
  /** Wall ms. */
  readonly at: number;
  /** To whom: the reverse-path of the message, never the null one. */
  readonly reversePath: string;
  readonly action: ReportAction;
  readonly recipients: readonly ReportedRecipient[];
  readonly original: {
    readonly id: string;
    /** Wall ms. */
    readonly receivedAt: number;
    /** ENVID, decoded; null where the sender gave none. */
    readonly envelopeId: string | null;
    /** It came by SMTPUTF8, so that its header may be UTF-8 (RFC 6532). */
    readonly smtpUtf8: boolean;
    /** The beginning of the message, with its header section if that is not over 16 KiB. */
    readonly start: Buffer;
    /** `start` is all of it, and all of it is to go back. */
    readonly whole: boolean;
  };
};
