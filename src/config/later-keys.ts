/**
 * Keys and words that belong to later versions: known, and refused until they do something, so that nobody believes
 * in a protection that is not there. Paths are the keys from the top, list places left out.
 */
export const laterKeys: ReadonlySet<string> = new Set([
  'tls',
  'auth',
  'dkim',
  'policy',
  'acme',
  'cluster',
  'listeners.auth',
]);

/** What to say of a value that a later version will know; null where the value is none of these. */
export function laterValue(path: string, value: unknown): string | null {
  if (typeof value !== 'string') return null;
  if (path === 'listeners.role' && value === 'submission') {
    return '"submission" comes with a later version; write mx or relay';
  }
  if (path === 'queue.store' && /^postgres(ql)?:/.test(value)) {
    return 'a PostgreSQL store comes with a later version; write sqlite';
  }
  return null;
}
