/** What DNS said to one question, in a form that can be written down and read again. */
export type DnsFact<Data = string> =
  | {
      readonly kind: 'records';
      /** At least one. */
      readonly records: readonly Data[];
      /** The name that aliases led to, where it is not the asked one. */
      readonly alias?: string;
      /** Validated by a resolver that may be believed. */
      readonly authenticated?: boolean;
    }
  | { readonly kind: 'nodata' | 'nxdomain'; readonly alias?: string; readonly authenticated?: boolean }
  /** Nobody could say; proves nothing. */
  | { readonly kind: 'temperror'; readonly reason: string };

/** What DNS says of the identity of one egress. Names are canonical, addresses in canonical text. */
export type IdentityFacts = {
  readonly egress: {
    readonly id: string;
    readonly uplink: string;
    readonly family: 4 | 6;
    /** What the world sees. */
    readonly address: string;
    readonly ehlo: string;
  };
  readonly ptr: DnsFact;
  /** The addresses, of the egress's family, of each name that the PTR gave. */
  readonly ptrAddresses: Readonly<Record<string, DnsFact>>;
  /** The addresses, of the egress's family, of the EHLO name. */
  readonly ehloAddresses: DnsFact;
  /** Those of the other family: a name that has only these resolves, but not to this address. */
  readonly ehloOtherAddresses: DnsFact;
};
