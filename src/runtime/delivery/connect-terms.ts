/** By what terms a host is spoken with. */
export type ConnectTerms = {
  /**
   * `may`: TLS where offered, whatever the certificate is worth, and clear text where it fails.
   * `verify`: TLS with a certificate that verifies for `serverName`, or no mail. `none`: clear text.
   */
  readonly tls: 'may' | 'verify' | 'none';
  /** The name or address that the certificate must show; null: the host's own name. */
  readonly serverName: string | null;
  /** Told only under `verify` (RFC 4954). Never shown to anybody. */
  readonly login: { readonly user: string; readonly password: string } | null;
  /** Tell each message's client by XCLIENT, where that is offered; only to a mail store of our own. */
  readonly xclient: boolean;
};

/** What holds for a host of which the operator said nothing. */
export const plainTerms: ConnectTerms = { tls: 'may', serverName: null, login: null, xclient: false };
