/** A domain that we take mail for. */
export type DomainSetting = {
  /** Lower case A-labels. */
  readonly name: string;
  /** `primary`: we are its mail host. `backup`: we keep its mail for the better MX hosts, or for `deliverTo`. */
  readonly role: 'primary' | 'backup';
  /** The mail store behind us, tried in order; empty only for a backup, whose primary is then found by MX. */
  readonly deliverTo: readonly StoreHost[];
  readonly recipients: RecipientSource;
  /** When nobody can be asked whether a recipient exists. */
  readonly whenUnknown: 'defer' | 'accept';
  /** How long its mail is kept, in ms; null: as long as the queue keeps mail. */
  readonly expireMs: number | null;
};

/** One address of a mail store. */
export type StoreHost = {
  readonly address: string;
  readonly port: number;
  /** Tell it who the client was, by XCLIENT where it offers that. */
  readonly xclient: boolean;
};

/** How it is known which recipients of a domain exist. */
export type RecipientSource =
  | { readonly kind: 'any' }
  /** Asked of the store, or of the primary, by RCPT, and remembered. */
  | { readonly kind: 'callout' }
  /** One a line, watched for changes. */
  | { readonly kind: 'file'; readonly path: string };

/** Who may relay: CIDR networks. */
export type RelaySetting = { readonly fromNetworks: readonly string[] };
