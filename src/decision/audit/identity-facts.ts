import type { Family } from '../egress/egress.ts';
import type { DnsFact } from './dns-fact.ts';

/** How one egress identifies itself to the world, and what DNS says of that. Serialisable; addresses are canonical. */
export type IdentityFacts = {
  readonly egress: string;
  readonly uplink: string;
  readonly family: Family;
  /** What the world sees, behind NAT the public one; null: it has no address now. */
  readonly publicAddress: string | null;
  readonly ehlo: string;
  /** The server that its mail goes through, which identifies itself; null: straight to the receivers. */
  readonly smartHost: string | null;
  /** What was asked; null: nothing, for the reason that the facts above give. */
  readonly asked: AskedIdentity | null;
};

export type AskedIdentity = {
  /** The name in the reverse tree. */
  readonly reverseName: string;
  readonly ptr: DnsFact;
  /** For each name that the PTR gives, its addresses of the egress's family. */
  readonly forward: readonly { readonly name: string; readonly addresses: DnsFact }[];
  /** The addresses of the EHLO name in both families. */
  readonly ehlo: { readonly A: DnsFact; readonly AAAA: DnsFact };
};

/** The type of address records of a family. */
export const addressType = (family: Family): 'A' | 'AAAA' => (family === 4 ? 'A' : 'AAAA');
