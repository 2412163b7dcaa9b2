/** A DNS record that the configuration needs, in the words of a master file (RFC 1035 section 5.1). */
export type WantedRecord = {
  /** Canonical, without the final dot. */
  readonly name: string;
  readonly type: 'A' | 'AAAA' | 'PTR' | 'MX' | 'TXT' | 'TLSA';
  /** As in a master file, names absolute, but a TXT as the one text that its strings make (RFC 7208 section 3.3). */
  readonly data: string;
  readonly ttlS: number;
  /** The zone that it belongs in, as far as the configuration tells. */
  readonly zone: string;
  /** Who can set it: `you`, or the provider of an uplink. */
  readonly setBy: string;
  /** The MX of a host that backs a domain up: any number does that is larger than the primary's. */
  readonly isBackupMx?: true;
  /** `needed`: mail suffers without it. `advised`: worth doing. */
  readonly weight: 'needed' | 'advised';
  /** A whole sentence. */
  readonly why: string;
};

/** The records, and what cannot be said as one. */
export type WantedRecords = {
  readonly records: readonly WantedRecord[];
  /** Whole sentences. */
  readonly notes: readonly string[];
  /** For an MTA-STS policy its text, by the name of the host that serves it (RFC 8461 section 3.2). */
  readonly policies: ReadonlyMap<string, string>;
};
