import {
  AUTHENTIC_DATA,
  AUTHORITATIVE_ANSWER,
  CHECKING_DISABLED,
  DNSSEC_OK,
  decode,
  encode,
  type Packet,
  type PacketRecord,
  RECURSION_AVAILABLE,
  RECURSION_DESIRED,
  TRUNCATED_RESPONSE,
} from 'dns-packet';
import { canonicalAddress } from './address.ts';
import type { DnsRecord, RecordData, RecordType } from './record.ts';

/** What fits one datagram without fragments on any path (the DNS flag day of 2020). */
const udpPayloadBytes = 1232;

/** Records that are kept of one section; no mail domain has more, and what has is cut here. */
const maxRecords = 512;

export type DnsQuestion = { readonly name: string; readonly type: string };

/** The codes that we tell apart (RFC 1035 section 4.1.1); any other is `failure`, with its name in `rcodeText`. */
export type DnsRcode = 'noerror' | 'nxdomain' | 'servfail' | 'refused' | 'failure';

/** A response as far as a stub resolver needs it. */
export type DnsResponse = {
  readonly id: number;
  readonly rcode: DnsRcode;
  readonly rcodeText: string;
  readonly authoritative: boolean;
  readonly truncated: boolean;
  /** The AD bit (RFC 4035 section 3.2.3): worth what the way to the resolver is worth. */
  readonly authenticated: boolean;
  readonly question: DnsQuestion | null;
  readonly answers: readonly DnsRecord[];
  readonly authorities: readonly DnsRecord[];
};

/** A query as a name server reads it. */
export type DnsQuery = {
  readonly id: number;
  readonly question: DnsQuestion;
  /** What the client takes in one datagram. */
  readonly payloadBytes: number;
  /** It knows the AD bit (RFC 6840 section 5.7) or asked for DNSSEC. */
  readonly wantsAuthentic: boolean;
  /** It wants what does not validate too (the CD bit, RFC 4035 section 3.2.2). */
  readonly unchecked: boolean;
};

/**
 * A recursive query of class IN with the AD flag and EDNS (RFC 6891) with DO. `name` is canonical. `unchecked` asks for
 * what does not validate too (the CD bit, RFC 4035 section 3.2.2).
 */
export function encodeQuery(id: number, name: string, type: RecordType, unchecked = false): Buffer {
  return encode({
    id,
    type: 'query',
    flags: RECURSION_DESIRED | AUTHENTIC_DATA | (unchecked ? CHECKING_DISABLED : 0),
    questions: [{ name, type, class: 'IN' }],
    additionals: [{ type: 'OPT', name: '.', udpPayloadSize: udpPayloadBytes, flags: DNSSEC_OK }],
  });
}

/** Reads a response; null for anything that is none, however broken. */
export function decodeResponse(datagram: Buffer): DnsResponse | null {
  const packet = decodePacket(datagram);
  if (packet === null || packet.type !== 'response') return null;
  const extended = packet.additionals.find(record => record.type === 'OPT')?.extendedRcode ?? 0;
  const rcodeText = extended === 0 ? (packet.rcode ?? '') : `extended code ${extended}`;
  const [question] = packet.questions;
  return {
    id: packet.id,
    rcode: rcodes.get(rcodeText) ?? 'failure',
    rcodeText,
    authoritative: packet.flag_aa === true,
    truncated: packet.flag_tc === true,
    authenticated: packet.flag_ad === true,
    question:
      question === undefined || packet.questions.length > 1 || question.class !== 'IN'
        ? null
        : { name: wireName(question.name), type: question.type },
    answers: readRecords(packet.answers),
    authorities: readRecords(packet.authorities),
  };
}

const rcodes: ReadonlyMap<string, DnsRcode> = new Map([
  ['NOERROR', 'noerror'],
  ['NXDOMAIN', 'nxdomain'],
  ['SERVFAIL', 'servfail'],
  ['REFUSED', 'refused'],
]);

/** Reads a query with one question; null for anything else. */
export function decodeQuery(datagram: Buffer): DnsQuery | null {
  const packet = decodePacket(datagram);
  if (packet === null || packet.type !== 'query') return null;
  const [question] = packet.questions;
  if (question === undefined || packet.questions.length > 1 || question.class !== 'IN') return null;
  const options = packet.additionals.find(record => record.type === 'OPT');
  return {
    id: packet.id,
    question: { name: wireName(question.name), type: question.type },
    payloadBytes: Math.max(512, options?.udpPayloadSize ?? 512),
    wantsAuthentic: packet.flag_ad === true || ((options?.flags ?? 0) & DNSSEC_OK) !== 0,
    unchecked: packet.flag_cd === true,
  };
}

/** What a name server answers with. */
export type Answer = {
  readonly rcode: 'noerror' | 'formerr' | 'servfail' | 'nxdomain' | 'refused';
  readonly truncated: boolean;
  readonly authenticated: boolean;
  readonly answers: readonly DnsRecord[];
  readonly authorities: readonly DnsRecord[];
};

/** The answer to a query, as an authoritative server that also recurses. */
export function encodeAnswer(query: Pick<DnsQuery, 'id' | 'question'>, answer: Answer): Buffer {
  const flags = AUTHORITATIVE_ANSWER | RECURSION_AVAILABLE | RECURSION_DESIRED;
  return encode({
    id: query.id,
    type: 'response',
    flags:
      flags |
      (answer.truncated ? TRUNCATED_RESPONSE : 0) |
      (answer.authenticated ? AUTHENTIC_DATA : 0) |
      answerCodes[answer.rcode],
    questions: [{ name: query.question.name, type: query.question.type, class: 'IN' }],
    answers: answer.answers.map(writeRecord),
    authorities: answer.authorities.map(writeRecord),
    additionals: [{ type: 'OPT', name: '.', udpPayloadSize: udpPayloadBytes, flags: 0 }],
  });
}

const answerCodes = { noerror: 0, formerr: 1, servfail: 2, nxdomain: 3, refused: 5 } as const;

/** The decoder throws on much of what the network can send; here that becomes null. */
function decodePacket(datagram: Buffer): Packet | null {
  try {
    return decode(datagram);
  } catch {
    return null;
  }
}

/** A name as the decoder gives it: lower case, the root as ''. */
function wireName(name: string): string {
  const lower = name.toLowerCase();
  return lower === '.' ? '' : lower;
}

function readRecords(section: readonly PacketRecord[]): DnsRecord[] {
  const records: DnsRecord[] = [];
  for (const record of section) {
    if (records.length >= maxRecords) break;
    if (record.class !== 'IN') continue;
    const data = readData(record.type, record.data);
    if (data === null) continue;
    const ttl = record.ttl ?? 0;
    // A TTL with its highest bit set counts as 0 (RFC 2181 section 8).
    records.push({ name: wireName(record.name), ttlS: ttl > 0x7fffffff ? 0 : ttl, data });
  }
  return records;
}

/** Null: a type that we have no use for, or data that is not what its type says. */
function readData(type: string, data: unknown): RecordData | null {
  switch (type) {
    case 'A':
    case 'AAAA':
      return typeof data === 'string' ? { type, address: canonicalAddress(data) } : null;
    case 'CNAME':
    case 'NS':
    case 'PTR':
      return typeof data === 'string' ? { type, target: wireName(data) } : null;
    case 'MX':
      if (!isFields(data) || typeof data['exchange'] !== 'string') return null;
      return { type, preference: numberOf(data['preference']), exchange: wireName(data['exchange']) };
    case 'TXT':
      if (!Array.isArray(data) || !data.every(part => Buffer.isBuffer(part))) return null;
      return { type, text: Buffer.concat(data).toString('latin1') };
    case 'TLSA': {
      if (!isFields(data)) return null;
      const { usage, selector, matchingType, certificate } = data;
      if (!Buffer.isBuffer(certificate)) return null;
      return {
        type,
        usage: numberOf(usage),
        selector: numberOf(selector),
        matchingType: numberOf(matchingType),
        certificate: Buffer.from(certificate),
      };
    }
    case 'CAA':
      if (!isFields(data) || typeof data['tag'] !== 'string' || typeof data['value'] !== 'string')
        return null;
      return {
        type,
        critical: data['issuerCritical'] === true,
        tag: data['tag'].toLowerCase(),
        value: data['value'],
      };
    case 'DNSKEY':
      if (!isFields(data)) return null;
      return { type, flags: numberOf(data['flags']), algorithm: numberOf(data['algorithm']) };
    case 'RRSIG':
      if (!isFields(data) || typeof data['typeCovered'] !== 'string') return null;
      return {
        type,
        covered: data['typeCovered'],
        algorithm: numberOf(data['algorithm']),
        fromS: numberOf(data['inception']),
        untilS: numberOf(data['expiration']),
      };
    case 'SPF':
      return Buffer.isBuffer(data) ? { type, text: joinedStrings(data) } : null;
    case 'SOA':
      return isFields(data) ? { type, minimumS: numberOf(data['minimum']) } : null;
    default:
      return null;
  }
}

function isFields(data: unknown): data is Readonly<Record<string, unknown>> {
  return typeof data === 'object' && data !== null;
}

function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

function writeRecord(record: DnsRecord): PacketRecord {
  return {
    name: record.name === '' ? '.' : record.name,
    type: record.data.type,
    class: 'IN',
    ttl: record.ttlS,
    data: writeData(record.data),
  };
}

function writeData(data: RecordData): unknown {
  switch (data.type) {
    case 'A':
    case 'AAAA':
      return data.address;
    case 'CNAME':
    case 'NS':
    case 'PTR':
      return data.target === '' ? '.' : data.target;
    case 'MX':
      return { preference: data.preference, exchange: data.exchange === '' ? '.' : data.exchange };
    case 'TXT':
      return textParts(Buffer.from(data.text, 'latin1'));
    case 'TLSA':
      return data;
    case 'CAA':
      return { flags: data.critical ? 128 : 0, tag: data.tag, value: data.value };
    case 'DNSKEY':
      return { flags: data.flags, algorithm: data.algorithm, key: Buffer.alloc(0) };
    case 'RRSIG':
      return {
        typeCovered: data.covered,
        algorithm: data.algorithm,
        labels: 0,
        originalTTL: 0,
        inception: data.fromS,
        expiration: data.untilS,
        keyTag: 0,
        signersName: '.',
        signature: Buffer.alloc(0),
      };
    case 'SPF':
      return Buffer.concat(
        textParts(Buffer.from(data.text, 'latin1')).flatMap(part => [Buffer.from([part.length]), part]),
      );
    case 'SOA':
      return { mname: 'ns.invalid', rname: 'hostmaster.invalid', minimum: data.minimumS };
    default:
      data satisfies never;
      return null;
  }
}

/** Strings of at most 255 bytes (RFC 1035 section 3.3.14). */
function textParts(text: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  for (let start = 0; start === 0 || start < text.length; start += 255)
    parts.push(text.subarray(start, start + 255));
  return parts;
}

/** The strings of a TXT-like record in its wire form, as far as they are whole. */
function joinedStrings(wire: Buffer): string {
  const parts: Buffer[] = [];
  for (let at = 0; at < wire.length; at += 1 + (wire[at] ?? 0))
    parts.push(wire.subarray(at + 1, at + 1 + (wire[at] ?? 0)));
  return Buffer.concat(parts).toString('latin1');
}
