import { hostname } from 'node:os';
import { hostName } from '../../protocol/dns/names.ts';

/** This host's name where it is one that EHLO may say (RFC 5321 section 2.3.5); null: it is a bare word, or none. */
export const ownName = (): string | null => qualifiedName(hostname());

export function qualifiedName(text: string): string | null {
  const name = hostName(text.toLowerCase());
  return name?.includes('.') === true && !name.startsWith('localhost.') ? name : null;
}
