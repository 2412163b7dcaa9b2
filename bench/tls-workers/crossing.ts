/** What passes between the thread of a socket and the one that speaks TLS for it. */
export type Crossing = {
  readonly id: number;
  readonly cipher?: Uint8Array;
  readonly plain?: Uint8Array;
  readonly closed?: true;
};
