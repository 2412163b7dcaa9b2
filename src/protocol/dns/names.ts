/** A label of letters, digits, hyphens and underscores: host names, and the `_25._tcp` of service names. */
const label = /^[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?$/;
const ownerLabel = /^[a-z0-9_](?:[a-z0-9_/-]*[a-z0-9_])?$/;
const digits = /^[0-9]+$/;

/**
 * The one form in which names are compared and asked: lower case, without the final dot (RFC 1035 section 2.3.1, 3.1).
 * Null where the text is no such name: an empty or over-long label (63), more than 253 bytes, any other character.
 */
export function canonicalName(text: string): string | null {
  return ofLabels(text, label);
}

/**
 * The canonical name of any record's owner: also the `0/25.2.0.192.in-addr.arpa` to which the reverse tree of a small
 * network is delegated (RFC 2317 section 4).
 */
export function ownerName(text: string): string | null {
  return ofLabels(text, ownerLabel);
}

function ofLabels(text: string, pattern: RegExp): string | null {
  if (text.length > 254) return null;
  const name = (text.endsWith('.') ? text.slice(0, -1) : text).toLowerCase();
  if (name.length === 0 || name.length > 253) return null;
  return name.split('.').every(part => part.length <= 63 && pattern.test(part)) ? name : null;
}

/**
 * The canonical name of a host, as an MX may point at (RFC 5321 section 2.3.5).
 * Null where it is none; a name with a last label of digits is an address written as text, never a host.
 */
export function hostName(text: string): string | null {
  const name = canonicalName(text);
  if (name === null || digits.test(name.slice(name.lastIndexOf('.') + 1))) return null;
  return name;
}
