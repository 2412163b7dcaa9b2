/** What was found on the host and in DNS before a configuration is written. Names are canonical. */
export type Surroundings = {
  /** The host's own name, fully qualified; null: it has none. */
  readonly hostname: string | null;
  readonly addresses: readonly FoundAddress[];
  /** The domains whose mail the host is to take, best guess first. */
  readonly domains: readonly string[];
  /** The MX set of the first domain. */
  readonly mx: readonly {
    readonly preference: number;
    readonly exchange: string;
    readonly addresses: readonly string[];
  }[];
  /** Its SPF record; null: none, or not known. */
  readonly spf: string | null;
  /** What a Postfix on this host says of itself; null: there is none. */
  readonly postfix: {
    readonly hostname: string | null;
    readonly domains: readonly string[];
    readonly networks: readonly string[];
  } | null;
};

/** An address of the host that may be a way to the Internet. */
export type FoundAddress = {
  readonly address: string;
  readonly interface: string;
  readonly family: 4 | 6;
  /** Public, or private with a default route: behind NAT. */
  readonly scope: 'public' | 'private';
  /** The interface by which its packets leave; null: none. */
  readonly leavesBy: string | null;
  /** The names of its PTR. */
  readonly names: readonly string[];
};
