import type { BodyType, MessageDsn, RecipientDsn } from './envelope.ts';
import { type Reply, reply } from './reply.ts';
import { decodeXtext } from './xtext.ts';

/** What the parameters of MAIL say. */
export type MailParameters = {
  readonly bodyType: BodyType;
  readonly declaredSizeBytes: number | null;
  readonly smtpUtf8: boolean;
  /** Null: nothing was said of delivery reports. */
  readonly dsn: MessageDsn | null;
};

type Parameters = ReadonlyMap<string, string | null>;

/** RFC 3461 sections 4.2 and 4.4. */
const orcptLimit = 500;
const envidLimit = 100;

const printable = /^[ -~]*$/;
const control = /\p{Cc}/u;
const occasions = ['success', 'failure', 'delay'] as const;

/** Reads what follows the path of MAIL (RFC 1870, 6152, 6531, 3461); an extension adds its own case. */
export function readMailParameters(rest: string): MailParameters | Reply {
  const parameters = splitParameters(rest);
  if ('code' in parameters) return parameters;
  let bodyType: BodyType = '7bit';
  let declaredSizeBytes: number | null = null;
  let smtpUtf8 = false;
  let ret: MessageDsn['ret'] = null;
  let envid: string | null = null;
  for (const [keyword, value] of parameters) {
    switch (keyword) {
      case 'SIZE':
        if (value === null || !/^\d{1,20}$/.test(value)) return wrong('Write SIZE=bytes.');
        declaredSizeBytes = Number(value);
        break;
      case 'BODY': {
        const body = value?.toLowerCase();
        if (body !== '7bit' && body !== '8bitmime') return wrong('Write BODY=7BIT or BODY=8BITMIME.');
        bodyType = body;
        break;
      }
      case 'SMTPUTF8':
        if (value !== null) return wrong('SMTPUTF8 takes no value.');
        smtpUtf8 = true;
        break;
      case 'RET': {
        const asked = value?.toLowerCase();
        if (asked !== 'full' && asked !== 'hdrs') return wrong('Write RET=FULL or RET=HDRS.');
        ret = asked;
        break;
      }
      case 'ENVID':
        envid = decoded(value, envidLimit);
        if (envid === null) return wrong('Write ENVID= and up to 100 characters of xtext.');
        break;
      default:
        return unknownParameter(keyword);
    }
  }
  const dsn = ret === null && envid === null ? null : { ret, envid };
  return { bodyType, declaredSizeBytes, smtpUtf8, dsn };
}

/** Reads what follows the path of RCPT (RFC 3461). Null: nothing was said of delivery reports. */
export function readRecipientParameters(rest: string): { readonly dsn: RecipientDsn | null } | Reply {
  if (rest === '') return withoutDsn;
  const parameters = splitParameters(rest);
  if ('code' in parameters) return parameters;
  let notify: RecipientDsn['notify'] = null;
  let orcpt: string | null = null;
  for (const [keyword, value] of parameters) {
    switch (keyword) {
      case 'NOTIFY':
        notify = readNotify(value ?? '');
        if (notify === null) return wrong('Write NOTIFY=NEVER, or SUCCESS, FAILURE and DELAY with commas.');
        break;
      case 'ORCPT':
        orcpt = readOriginalRecipient(value ?? '');
        if (orcpt === null) return wrong('Write ORCPT=, the type of the address, a semicolon and xtext.');
        break;
      default:
        return unknownParameter(keyword);
    }
  }
  return notify === null && orcpt === null ? withoutDsn : { dsn: { notify, orcpt } };
}

const withoutDsn = { dsn: null };

/** `esmtp-param`s (RFC 5321 section 4.1.2), keywords in upper case; each may be given once. */
function splitParameters(rest: string): Parameters | Reply {
  const parameters = new Map<string, string | null>();
  if (rest !== '' && !rest.startsWith(' ')) return wrong('Write a space after the address.');
  for (const word of rest.split(' ')) {
    if (word === '') continue;
    const match = /^([A-Za-z0-9][A-Za-z0-9-]*)(?:=([!-<>-~\u0080-\uffff]+))?$/.exec(word);
    const keyword = match?.[1]?.toUpperCase();
    if (!match || keyword === undefined) return wrong('A parameter is not valid.');
    if (parameters.has(keyword)) return wrong(`The parameter ${keyword} is given twice.`);
    parameters.set(keyword, match[2] ?? null);
  }
  return parameters;
}

function readNotify(value: string): RecipientDsn['notify'] {
  const words = value.toLowerCase().split(',');
  if (words.length === 1 && words[0] === 'never') return [];
  const asked = occasions.filter(occasion => words.includes(occasion));
  return asked.length === words.length ? asked : null;
}

/**
 * `rfc822;` and an address in xtext. Of other types only the characters are checked. `utf-8;` (RFC 6533 section 3) may
 * be followed by the address as it is. Postfix writes the bytes of UTF-8 in xtext, after `rfc822;`: that is read as
 * what it means.
 */
function readOriginalRecipient(value: string): string | null {
  const match = /^([\w!#$%&'*+/?^`{|}~-]+);(.+)$/.exec(value);
  const [, written, address] = match ?? [];
  if (written === undefined || address === undefined || value.length > orcptLimit) return null;
  const type = written.toLowerCase();
  if (/[\x80-\uffff]/.test(address)) return type === 'utf-8' ? `${type};${address}` : null;
  const text = decoded(address, orcptLimit);
  if (text !== null) return `${type};${text}`;
  const unicode = type === 'utf-8' || type === 'rfc822' ? utf8InXtext(address) : null;
  return unicode === null ? null : `utf-8;${unicode}`;
}

function utf8InXtext(value: string): string | null {
  const bytes = decodeXtext(value);
  if (bytes === null) return null;
  const text = Buffer.from(bytes, 'latin1').toString('utf8');
  return text.includes('\ufffd') || control.test(text) ? null : text;
}

function decoded(value: string | null, limit: number): string | null {
  if (value === null || value.length > limit) return null;
  const text = decodeXtext(value);
  return text !== null && printable.test(text) ? text : null;
}

const wrong = (why: string): Reply => reply(501, '5.5.4', why);

const unknownParameter = (keyword: string): Reply =>
  reply(555, '5.5.4', `The parameter ${keyword} is not known here.`);
