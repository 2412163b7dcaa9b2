/** Does a certificate's DNS name stand for this host: itself, or `*.` in the place of its first label (RFC 6125 section 6.4.3)? */
export function namesHost(name: string, host: string): boolean {
  const pattern = name.toLowerCase();
  const wanted = host.toLowerCase();
  if (pattern === wanted) return true;
  if (!pattern.startsWith('*.')) return false;
  const dot = wanted.indexOf('.');
  return dot > 0 && wanted.slice(dot) === pattern.slice(1) && pattern.slice(2).includes('.');
}
