/** What DNS says of one domain's mail, gathered by the resolver; aliases are already followed (RFC 5321 section 5.1). */
export type MxFacts = {
  /** Canonical. */
  readonly domain: string;
  readonly mx: MxAnswer;
  /** By canonical host name; hosts that were not asked for are missing. With no MX, the domain's own under its name. */
  readonly addresses: ReadonlyMap<string, AddressFacts>;
};

export type MxAnswer =
  | { readonly kind: 'records'; readonly records: readonly MxRecord[] }
  | { readonly kind: 'nodata' }
  | { readonly kind: 'nxdomain' }
  | { readonly kind: 'temperror'; readonly reason: string };

/** `exchange` as DNS gave it, lower case; '' is the root (RFC 7505). */
export type MxRecord = { readonly preference: number; readonly exchange: string };

/** The addresses of one host. `failed` says why one of its look-ups had no answer; null: all that were made had one. */
export type AddressFacts = { readonly addresses: readonly string[]; readonly failed: string | null };

/** MX hosts beyond these, worst first, are left out. */
export const maxHosts = 20;

/** Addresses of one family of one host beyond these are left out. */
export const maxAddressesPerFamily = 4;
