/** A domain that we take mail for. */
export type DomainSetting = {
  /** Lower case A-labels. */
  readonly name: string;
  readonly role: 'primary';
  /** The mail store behind us, tried in order. */
  readonly deliverTo: readonly { readonly address: string; readonly port: number }[];
};

/** Who may relay: CIDR networks. */
export type RelaySetting = { readonly fromNetworks: readonly string[] };
