/** A server of somebody else that takes our mail for the whole world, for its customers (RFC 5598 section 5.2). */
export type SmartHost = {
  /** A name, or an address. */
  readonly host: string;
  readonly port: number;
  /** `verify`: TLS with a certificate of its name, or no mail. `may`: TLS where offered. `none`: clear text. */
  readonly tls: 'verify' | 'may' | 'none';
  /** Told only under verified TLS (RFC 4954). */
  readonly login: { readonly user: string; readonly passwordFile: string } | null;
};

/** An operator's rule for some of the mail; the first that fits holds. At least one of `to` and `from` is set. */
export type RouteSetting = {
  /** Recipients: `partner.example`, `*.partner.example` (its subdomains), `user@partner.example`; lower case. */
  readonly to: string | null;
  /** Reverse-paths: `@bulk.example.com`, `user@example.com`; lower case. */
  readonly from: string | null;
  /** The only uplinks that this mail uses, in the order of their preferences; null: all. */
  readonly uplinks: readonly string[] | null;
  readonly smartHost: SmartHost | null;
};
