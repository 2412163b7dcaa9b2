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
  'routes',
  'notify',
  'http',
  'drill',
  'uplinks.smart_host',
  'uplinks.max_rate',
  'uplinks.max_connections',
  'uplinks.warm_share',
  'uplinks.when_unfit',
  'uplinks.drill',
  'listeners.tls',
  'listeners.auth',
  'domains.recipients',
  'domains.when_unknown',
  'domains.expire',
  'domains.deliver_to.address',
  'domains.deliver_to.xclient',
  'queue.delay_notice',
]);

/** What to say of a value that a later version will know; null where the value is none of these. */
export function laterValue(path: string, value: unknown): string | null {
  if (typeof value === 'object' && value !== null && path === 'domains.deliver_to') {
    return 'the form with keys comes with a later version; write address:port, as in "10.20.0.10:25"';
  }
  if (typeof value !== 'string') return null;
  if (path === 'listeners.role' && value === 'submission') {
    return '"submission" comes with a later version; write mx or relay';
  }
  if (path === 'domains.role' && value === 'backup') {
    return '"backup" comes with a later version; write primary, and have the mail store in deliver_to';
  }
  if (path === 'queue.store' && /^postgres(ql)?:/.test(value)) {
    return 'a PostgreSQL store comes with a later version; write sqlite';
  }
  return null;
}
