import { ownerName } from '../../protocol/dns/names.ts';
import type { DnsRecord, RecordData, RecordType } from '../../protocol/dns/record.ts';

/**
 * A zone as a readable table: `'example.com MX': ['10 mx1.example.com', '20 mx2.example.com']`.
 * MX `0 .` is the null MX; TLSA is `3 1 1 HEX`; TXT is the text as it is.
 */
export type ZoneTable = Readonly<Record<string, readonly string[]>>;

/** What the zone says to one question. */
export type ZoneAnswer =
  | { readonly kind: 'records'; readonly records: readonly DnsRecord[] }
  /** `records` holds the aliases that led to the name without data. */
  | { readonly kind: 'nodata' | 'nxdomain'; readonly records: readonly DnsRecord[] };

const maxAliases = 8;

/** The table, looked up by name. Throws on an entry that is none: the table is the programmer's. */
export class Zone {
  readonly #names = new Map<string, Map<string, readonly RecordData[]>>();

  constructor(table: ZoneTable) {
    for (const [key, values] of Object.entries(table)) this.set(key, values);
  }

  /** Replaces all values under `NAME TYPE`; null takes them away. */
  set(key: string, values: readonly string[] | null): void {
    const [name = '', type = ''] = key.split(' ');
    const owner = ownerName(name);
    if (owner === null) throw new Error(`"${key}" is no "NAME TYPE" of a zone.`);
    const types = this.#names.get(owner) ?? new Map<string, readonly RecordData[]>();
    if (values === null) types.delete(type);
    else
      types.set(
        type,
        values.map(value => parseValue(key, type, value)),
      );
    if (types.size > 0) this.#names.set(owner, types);
    else this.#names.delete(owner);
  }

  /** The answer, with aliases followed inside the zone (RFC 1034 section 4.3.2). */
  lookUp(name: string, type: string, ttlS: number): ZoneAnswer {
    const records: DnsRecord[] = [];
    let owner = name;
    for (let step = 0; step <= maxAliases; step++) {
      const types = this.#names.get(owner);
      const found = types?.get(type);
      if (found !== undefined) {
        records.push(...found.map(data => ({ name: owner, ttlS, data })));
        return { kind: 'records', records };
      }
      const [alias] = types?.get('CNAME') ?? [];
      if (alias?.type !== 'CNAME') return { kind: this.#exists(owner) ? 'nodata' : 'nxdomain', records };
      records.push({ name: owner, ttlS, data: alias });
      owner = alias.target;
    }
    return { kind: 'records', records };
  }

  /** A name exists if it or a name below it has records (RFC 8020). */
  #exists(name: string): boolean {
    if (this.#names.has(name)) return true;
    for (const other of this.#names.keys()) if (other.endsWith(`.${name}`)) return true;
    return false;
  }
}

const parsers: Record<
  Exclude<RecordType, 'SOA' | 'DNSKEY' | 'RRSIG'>,
  (value: string) => RecordData | null
> = {
  A: value => ({ type: 'A', address: value }),
  AAAA: value => ({ type: 'AAAA', address: value }),
  CNAME: value => ({ type: 'CNAME', target: plain(value) }),
  NS: value => ({ type: 'NS', target: plain(value) }),
  PTR: value => ({ type: 'PTR', target: plain(value) }),
  TXT: value => ({ type: 'TXT', text: value }),
  SPF: value => ({ type: 'SPF', text: value }),
  CAA: value => {
    const [flags, tag, issuer] = value.split(' ');
    if (tag === undefined || issuer === undefined) return null;
    return { type: 'CAA', critical: flags === '128', tag, value: issuer };
  },
  MX: value => {
    const [preference, exchange] = value.split(' ');
    if (exchange === undefined) return null;
    return { type: 'MX', preference: Number(preference), exchange: plain(exchange) };
  },
  TLSA: value => {
    const [usage, selector, matchingType, certificate] = value.split(' ');
    if (certificate === undefined) return null;
    return {
      type: 'TLSA',
      usage: Number(usage),
      selector: Number(selector),
      matchingType: Number(matchingType),
      certificate: Buffer.from(certificate, 'hex'),
    };
  },
};

function isParsed(type: string): type is keyof typeof parsers {
  return Object.hasOwn(parsers, type);
}

function parseValue(key: string, type: string, value: string): RecordData {
  const data = isParsed(type) ? parsers[type](value) : null;
  if (data === null) throw new Error(`"${key}": "${value}" is no value of that type.`);
  return data;
}

/** Lower case without the final dot. */
function plain(name: string): string {
  return (name.endsWith('.') ? name.slice(0, -1) : name).toLowerCase();
}
