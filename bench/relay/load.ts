/** What is relayed: so many messages of one size, from so many senders at once, each on a kept session. */
export type Load = {
  readonly messages: number;
  readonly senders: number;
  readonly sizeBytes: number;
  /** Of each message. */
  readonly recipients: number;
  /** So many remote domains are written to in turn, each with a mail host in DNS; 0: example.net alone, without DNS. */
  readonly domains: number;
  readonly tls: boolean;
};

/** 4 KiB from 20 senders to one recipient each. */
export const standardLoad: Load = {
  messages: 10_000,
  senders: 20,
  sizeBytes: 4_096,
  recipients: 1,
  domains: 0,
  tls: false,
};

/** A part of a load, for a gateway that takes longer. */
export function partOf(load: Load, share: number): Load {
  return { ...load, messages: Math.ceil(load.messages * share) };
}

/**
 * Whether generator and sink have to be ours: Postfix's have no TLS and one domain, and its sink counts messages, of which
 * gateways make more or fewer out of one for many recipients.
 */
export function needsOwnTools({ tls, recipients, domains }: Load): boolean {
  return tls || recipients > 1 || domains > 0;
}
