/** A resolver that we ask. */
export type DnsServerSetting = {
  readonly address: string;
  readonly port: number;
  /** Asked only through this uplink; null: any egress that is up, or unbound where it is loopback or private. */
  readonly uplink: string | null;
  /** The way to it is safe, so its AD bit may be believed. */
  readonly trustAd: boolean;
};
