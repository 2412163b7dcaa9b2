/** The body type of RFC 6152. */
export type BodyType = '7bit' | '8bitmime';

/** What MAIL said of delivery reports (RFC 3461 section 4.3, 4.4). */
export type MessageDsn = {
  readonly ret: 'full' | 'hdrs' | null;
  /** Decoded from xtext; up to 100 characters. */
  readonly envid: string | null;
};

/** What RCPT said of delivery reports (RFC 3461 section 4.1, 4.2). */
export type RecipientDsn = {
  /** Null: not said, which means failure, and delay as we see fit. Empty: never. */
  readonly notify: readonly ('success' | 'failure' | 'delay')[] | null;
  /** `rfc822;user@example.com`, decoded from xtext; null where not said. */
  readonly orcpt: string | null;
};

/** The envelope of a message (RFC 5321 section 2.3.1). Paths are without angle brackets; '' is the null reverse-path. */
export type Envelope = {
  readonly reversePath: string;
  readonly forwardPaths: readonly string[];
  readonly bodyType: BodyType;
  /** The SIZE that the client declared, in bytes; null where it did not (RFC 1870). */
  readonly declaredSizeBytes: number | null;
};
