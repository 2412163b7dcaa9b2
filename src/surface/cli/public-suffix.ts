import { createRequire } from 'node:module';

const load = createRequire(import.meta.url);

/**
 * Others have their domains below this name, as below `co.uk`, by the part of the Public Suffix List that registries
 * answer for. What somebody lends out below a domain of his own (github.io) is his domain all the same, and a suffix
 * that the list does not know (RFC 2606: `.example`, `.test`) ends at its last label. The list is loaded when it is
 * asked for the first time, because the short commands need none of it.
 */
export function isPublicSuffix(name: string): boolean {
  const { getPublicSuffix }: typeof import('tldts') = load('tldts');
  return getPublicSuffix(name, { extractHostname: false, validateHostname: false }) === name;
}
