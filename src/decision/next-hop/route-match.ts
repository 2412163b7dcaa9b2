import { domainToASCII } from 'node:url';
import { domainOf } from '../../protocol/smtp/address.ts';
import type { RouteSetting } from './route-setting.ts';

/**
 * The operator's route for one recipient of one message: the first that fits holds; null where none does. Addresses
 * without brackets, reverse-path '' for the null one.
 *
 * The null reverse-path fits by `to` only, for a bounce of ours has no sender. Mail of our own domains (`isOurs`, of a
 * lower-case domain) goes to `deliver_to` or the better MX hosts whatever `from`, `*` and `*.domain` say: a smart host
 * would send it back to us. A route that names the domain, or an address in it, is meant, and holds.
 */
export function routeFor(
  routes: readonly RouteSetting[],
  reversePath: string,
  forwardPath: string,
  isOurs: (domain: string) => boolean,
): RouteSetting | null {
  if (routes.length === 0) return null;
  const recipient = addressOf(forwardPath);
  const sender = reversePath === '' ? null : addressOf(reversePath);
  const ours = isOurs(domainOf(forwardPath));
  const route = routes.find(({ to, from }) => {
    if (ours && (to === null || to.startsWith('*'))) return false;
    return (to === null || fitsTo(to, recipient)) && (from === null || fitsFrom(from, sender));
  });
  return route ?? null;
}

type Address = { readonly whole: string; readonly domain: string };

/** In lower case, the domain in A-labels, as patterns are written. */
function addressOf(path: string): Address {
  const spoken = domainOf(path);
  const domain = /[^\x20-\x7e]/.test(spoken) ? domainToASCII(spoken) : spoken;
  const localPart = path.slice(0, Math.max(0, path.length - spoken.length - 1)).toLowerCase();
  return { whole: `${localPart}@${domain}`, domain };
}

function fitsTo(pattern: string, { whole, domain }: Address): boolean {
  if (pattern === '*') return true;
  if (pattern.startsWith('*.')) return domain.endsWith(pattern.slice(1));
  return pattern.includes('@') ? pattern === whole : pattern === domain;
}

function fitsFrom(pattern: string, sender: Address | null): boolean {
  if (sender === null) return false;
  return pattern.startsWith('@') ? pattern.slice(1) === sender.domain : pattern === sender.whole;
}
