/** A mail gateway under measurement: takes mail on a port of loopback and passes it to the sink. */
export type RelayGateway = {
  readonly name: string;
  /** The root of its process tree. */
  readonly pid: number;
  stop(): Promise<void>;
};
