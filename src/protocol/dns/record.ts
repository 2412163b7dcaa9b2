/** What a resource record says, by its type. Names are canonical; TTLs are in seconds (RFC 1035 section 3.2). */
export type RecordData =
  | { readonly type: 'A'; readonly address: string }
  | { readonly type: 'AAAA'; readonly address: string }
  /** `exchange` '' is the root: the null MX of RFC 7505. Not necessarily a host name: the far side may have written anything. */
  | { readonly type: 'MX'; readonly preference: number; readonly exchange: string }
  | { readonly type: 'CNAME'; readonly target: string }
  | { readonly type: 'NS'; readonly target: string }
  | { readonly type: 'PTR'; readonly target: string }
  /** The strings of one record joined, byte for byte (RFC 7208 section 3.3), as Latin-1. */
  | { readonly type: 'TXT'; readonly text: string }
  | {
      readonly type: 'TLSA';
      readonly usage: number;
      readonly selector: number;
      readonly matchingType: number;
      readonly certificate: Buffer;
    }
  /** Who may issue certificates (RFC 8659 section 4). */
  | { readonly type: 'CAA'; readonly critical: boolean; readonly tag: string; readonly value: string }
  /** Of a key of the zone only what its algorithm is (RFC 4034 section 2). */
  | { readonly type: 'DNSKEY'; readonly flags: number; readonly algorithm: number }
  /** Of a signature what it covers, and from when until when it holds, in seconds since the epoch (RFC 4034 section 3). */
  | {
      readonly type: 'RRSIG';
      readonly covered: string;
      readonly algorithm: number;
      readonly fromS: number;
      readonly untilS: number;
    }
  /** The old type of SPF records, as `TXT` (RFC 7208 section 3.1). */
  | { readonly type: 'SPF'; readonly text: string }
  /** Of the start of authority only what negative caching needs (RFC 2308 section 5). */
  | { readonly type: 'SOA'; readonly minimumS: number };

export type RecordType = RecordData['type'];

/** The data of one type. */
export type DataOf<Type extends RecordType> = Extract<RecordData, { readonly type: Type }>;

/** One resource record of class IN. `name` is lower case without the final dot, '' the root. */
export type DnsRecord = { readonly name: string; readonly ttlS: number; readonly data: RecordData };

/** Is this data of that type? */
export function isOfType<Type extends RecordType>(data: RecordData, type: Type): data is DataOf<Type> {
  return data.type === type;
}
