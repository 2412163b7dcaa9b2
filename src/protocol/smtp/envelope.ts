/** The body type of RFC 6152. */
export type BodyType = '7bit' | '8bitmime';

/** The envelope of a message (RFC 5321 section 2.3.1). Paths are without angle brackets; '' is the null reverse-path. */
export type Envelope = {
  readonly reversePath: string;
  readonly forwardPaths: readonly string[];
  readonly bodyType: BodyType;
  /** The SIZE that the client declared, in bytes; null where it did not (RFC 1870). */
  readonly declaredSizeBytes: number | null;
};
