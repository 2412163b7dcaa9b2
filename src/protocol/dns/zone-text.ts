import type { RecordData } from './record.ts';

/** One record as a line of a master file (RFC 1035 section 5.1), its name absolute; the text of a TXT in strings. */
export function zoneLine(record: {
  readonly name: string;
  readonly ttlS: number;
  readonly type: string;
  readonly data: string;
}): string {
  const data = record.type === 'TXT' ? quotedStrings(record.data) : record.data;
  return `${record.name}. ${record.ttlS} IN ${record.type} ${data}`;
}

/** A string of a TXT record holds at most 255 bytes (RFC 1035 section 3.3); readers join them without a space. */
const stringBytes = 255;

/** The strings that a text takes in a TXT record. */
export function textStrings(text: string): string[] {
  const bytes = Buffer.from(text, 'latin1');
  const strings: string[] = [];
  for (let start = 0; start === 0 || start < bytes.length; start += stringBytes)
    strings.push(bytes.subarray(start, start + stringBytes).toString('latin1'));
  return strings;
}

/** `"…" "…"`, with quotes, backslashes and what is no printable ASCII escaped. */
export function quotedStrings(text: string): string {
  return textStrings(text)
    .map(string => `"${string.replace(/["\\]|[^ -~]/g, escaped)}"`)
    .join(' ');
}

function escaped(character: string): string {
  if (character === '"' || character === '\\') return `\\${character}`;
  return `\\${String(character.charCodeAt(0)).padStart(3, '0')}`;
}

/** The data of a record as in a master file, names absolute; the text of a TXT as it is. */
export function dataText(data: RecordData): string {
  switch (data.type) {
    case 'A':
    case 'AAAA':
      return data.address;
    case 'MX':
      return `${data.preference} ${data.exchange}.`;
    case 'CNAME':
    case 'NS':
    case 'PTR':
      return `${data.target}.`;
    case 'TXT':
      return data.text;
    case 'TLSA':
      return `${data.usage} ${data.selector} ${data.matchingType} ${data.certificate.toString('hex')}`;
    case 'CAA':
      return `${data.critical ? 128 : 0} ${data.tag} "${data.value}"`;
    case 'DNSKEY':
      return `${data.flags} 3 ${data.algorithm}`;
    case 'RRSIG':
      return `${data.covered} ${data.algorithm} ${data.fromS} ${data.untilS}`;
    case 'SPF':
      return data.text;
    case 'SOA':
      return '';
    default:
      return data satisfies never;
  }
}
