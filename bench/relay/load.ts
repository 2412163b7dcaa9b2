/** What is relayed: so many messages of one size, from so many senders at once, each on a kept session. */
export type Load = {
  readonly messages: number;
  readonly senders: number;
  readonly sizeBytes: number;
  /** On both sides of the gateway, where the generator and the sink are ours. */
  readonly tls: boolean;
};

/** A part of a load, for a gateway that takes longer. */
export function partOf(load: Load, share: number): Load {
  return { ...load, messages: Math.ceil(load.messages * share) };
}
