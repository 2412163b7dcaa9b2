import { isIPv4, isIPv6 } from 'node:net';

/** RFC 7208 section 4.6: what a record says, term by term. */
export type SpfRecord = {
  readonly mechanisms: readonly SpfMechanism[];
  /** Null: none. */
  readonly redirect: string | null;
};

export type SpfQualifier = '+' | '-' | '~' | '?';

export type SpfMechanism = {
  readonly qualifier: SpfQualifier;
  readonly name: 'all' | 'include' | 'a' | 'mx' | 'ptr' | 'ip4' | 'ip6' | 'exists';
  /** The domain-spec before its macros are expanded, or the address of `ip4` and `ip6`; null: the domain in question. */
  readonly target: string | null;
  /** Prefix lengths; null: the whole address. */
  readonly prefix4: number | null;
  readonly prefix6: number | null;
  /** As it was written. */
  readonly text: string;
};

export type ParsedSpf =
  | { readonly ok: true; readonly value: SpfRecord }
  | { readonly ok: false; readonly error: string };

/** Is this TXT an SPF record at all (section 4.5)? */
export const isSpf = (text: string): boolean => /^v=spf1(?: |$)/i.test(text);

/** Reads a record that `isSpf`. The error says which term is wrong (section 4.6: a syntax error anywhere is a permerror). */
export function parseSpf(text: string): ParsedSpf {
  const mechanisms: SpfMechanism[] = [];
  const modifiers = new Map<string, string>();
  for (const term of text.split(' ').slice(1)) {
    if (term === '') continue;
    const modifier = /^(?<name>[A-Za-z][A-Za-z0-9._-]*)=(?<value>.*)$/.exec(term)?.groups;
    if (modifier) {
      const name = (modifier['name'] ?? '').toLowerCase();
      const value = modifier['value'] ?? '';
      if (name !== 'redirect' && name !== 'exp') continue;
      if (modifiers.has(name)) return wrong(`${name}= stands twice`);
      if (!isDomainSpec(value)) return wrong(`"${term}" names no domain`);
      modifiers.set(name, value);
      continue;
    }
    const mechanism = parseMechanism(term);
    if (typeof mechanism === 'string') return wrong(mechanism);
    mechanisms.push(mechanism);
  }
  return { ok: true, value: { mechanisms, redirect: modifiers.get('redirect') ?? null } };
}

const wrong = (error: string): ParsedSpf => ({ ok: false, error });

function parseMechanism(term: string): SpfMechanism | string {
  const match = /^([+?~-]?)([A-Za-z0-9]+)(?::([^/]*))?((?:\/\/?\d*)*)$/.exec(term) ?? splitMacro(term);
  const [, sign = '', word = '', target, lengths = ''] = match ?? [];
  const name = word.toLowerCase();
  const qualifier = isQualifier(sign) ? sign : '+';
  const bad = `"${term}" is no term of SPF`;
  const plain = { qualifier, target: target ?? null, prefix4: null, prefix6: null, text: term };
  switch (name) {
    case 'all':
      return target === undefined && lengths === '' ? { ...plain, name } : bad;
    case 'include':
    case 'exists':
      return target !== undefined && lengths === '' && isDomainSpec(target) ? { ...plain, name } : bad;
    case 'ptr':
      return lengths === '' && (target === undefined || isDomainSpec(target)) ? { ...plain, name } : bad;
    case 'a':
    case 'mx': {
      const prefixes = dualPrefix(lengths);
      return prefixes !== null && (target === undefined || isDomainSpec(target))
        ? { ...plain, ...prefixes, name }
        : bad;
    }
    case 'ip4': {
      const prefix4 = onePrefix(lengths, 32);
      return prefix4 !== undefined && isIPv4(target ?? '') ? { ...plain, prefix4, name } : bad;
    }
    case 'ip6': {
      const address = /^[+?~-]?ip6:([0-9A-Fa-f:.]+)((?:\/\d+)?)$/i.exec(term);
      const prefix6 = onePrefix(address?.[2] ?? '', 128);
      return address !== null && prefix6 !== undefined && isIPv6(address[1] ?? '')
        ? { ...plain, target: address[1] ?? null, prefix6, name }
        : bad;
    }
    default:
      return bad;
  }
}

/** A domain-spec may hold slashes within its macros, as in `exists:%{ir}.%{l1r/}.example`. */
function splitMacro(term: string): RegExpExecArray | null {
  return /^([+?~-]?)([A-Za-z0-9]+):((?:%\{[^}]*\}|[^/%]|%[%_-])+)((?:\/\/?\d*)*)$/.exec(term);
}

function isQualifier(sign: string): sign is SpfQualifier {
  return sign === '+' || sign === '-' || sign === '~' || sign === '?';
}

/** `/24`, `//64`, `/24//64`; null: no such lengths. */
function dualPrefix(lengths: string): Pick<SpfMechanism, 'prefix4' | 'prefix6'> | null {
  const match = /^(?:\/(\d{1,2}))?(?:\/\/(\d{1,3}))?$/.exec(lengths);
  if (match === null) return null;
  const [, four, six] = match;
  const prefix4 = four === undefined ? null : Number(four);
  const prefix6 = six === undefined ? null : Number(six);
  return (prefix4 ?? 0) <= 32 && (prefix6 ?? 0) <= 128 ? { prefix4, prefix6 } : null;
}

/** Null: none was written; undefined: it is none. */
function onePrefix(lengths: string, longest: number): number | null | undefined {
  if (lengths === '') return null;
  const length = /^\/(\d{1,3})$/.exec(lengths)?.[1];
  return length !== undefined && Number(length) <= longest ? Number(length) : undefined;
}

/** Section 7.1, as far as it can be told before macros are expanded. */
function isDomainSpec(text: string): boolean {
  if (text === '' || !/^[!-~]+$/.test(text)) return false;
  const bare = text.replace(/%\{[slodiphcrtvSLODIPHCRTV]\d{0,3}r?[-.+,/_=]*\}|%%|%_|%-/g, 'x');
  return !bare.includes('%') && !bare.includes('/') && /\.(?:[A-Za-z0-9-]*[A-Za-z0-9])\.?$|x$/.test(bare);
}
