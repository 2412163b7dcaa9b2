/** What macros stand for (RFC 7208 section 7.2). */
export type MacroFacts = {
  /** The sender's address, local part and domain. */
  readonly sender: string;
  readonly domain: string;
  readonly address: string;
  readonly helo: string;
};

/** Expands a domain-spec; the result is cut from the left to 253 characters (section 7.3). */
export function expandMacros(spec: string, facts: MacroFacts): string {
  const expanded = spec.replace(
    /%\{([a-zA-Z])(\d{0,3})(r?)([-.+,/_=]*)\}|%([%_-])/g,
    (
      _all,
      letter: string | undefined,
      digits: string,
      reversed: string,
      delimiters: string,
      literal: string,
    ) => {
      if (letter === undefined) return literal === '%' ? '%' : literal === '_' ? ' ' : '%20';
      const value = transform(
        valueOf(letter.toLowerCase(), facts),
        digits,
        reversed !== '',
        delimiters || '.',
      );
      return letter === letter.toUpperCase() ? encodeURIComponent(value) : value;
    },
  );
  return shortened(expanded.replace(/\.$/, '').toLowerCase());
}

function valueOf(letter: string, { sender, domain, address, helo }: MacroFacts): string {
  const at = sender.lastIndexOf('@');
  switch (letter) {
    case 's':
      return sender;
    case 'l':
      return at < 0 ? 'postmaster' : sender.slice(0, at);
    case 'o':
      return sender.slice(at + 1);
    case 'd':
      return domain;
    case 'i':
      return address.includes(':') ? nibbles(address) : address;
    case 'h':
      return helo;
    case 'v':
      return address.includes(':') ? 'ip6' : 'in-addr';
    // `p` is asked of nobody (section 7.2 advises against it), and c, r, t are for explanations only.
    default:
      return 'unknown';
  }
}

function transform(value: string, digits: string, reversed: boolean, delimiters: string): string {
  const parts = value.split(new RegExp(`[${delimiters.replace(/[-\]\\^]/g, '\\$&')}]`));
  if (reversed) parts.reverse();
  const kept = digits === '' || Number(digits) === 0 ? parts : parts.slice(-Number(digits));
  return kept.join('.');
}

/** `2001:db8::1` as its 32 digits with dots between. */
function nibbles(address: string): string {
  const [head = '', tail] = address.split('::');
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - front.length - back.length }, () => '0');
  return [...front, ...zeros, ...back]
    .map(group => group.padStart(4, '0'))
    .join('')
    .split('')
    .join('.');
}

function shortened(name: string): string {
  let rest = name;
  while (rest.length > 253 && rest.includes('.')) rest = rest.slice(rest.indexOf('.') + 1);
  return rest;
}
