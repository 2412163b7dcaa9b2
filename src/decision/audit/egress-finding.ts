import { isIP } from 'node:net';
import { isLoopback } from '../egress/host-advice.ts';
import { isLocalAddress } from '../next-hop/local-address.ts';
import { answerText, type DnsFact } from './dns-fact.ts';
import type { Evidence, Finding } from './finding.ts';
import { grounds } from './grounds.ts';
import type { AskedIdentity, IdentityFacts } from './identity-facts.ts';

export type IdentityRule = keyof typeof grounds;

export type IdentityFinding = Finding<IdentityRule>;

type Said = Pick<IdentityFinding, 'level' | 'message'> &
  Partial<Pick<IdentityFinding, 'evidence' | 'fix' | 'unanswered'>>;

/** A finding about one egress; its ground is that of the rule. */
export function egressFinding(id: IdentityRule, facts: IdentityFacts, said: Said): IdentityFinding {
  return {
    id,
    level: said.level,
    subject: {
      kind: 'egress',
      name: facts.egress,
      ...(facts.publicAddress === null ? {} : { address: facts.publicAddress }),
      uplink: facts.uplink,
      family: facts.family,
    },
    message: said.message,
    evidence: said.evidence ?? [],
    reference: grounds[id],
    fix: said.fix ?? null,
    ...(said.unanswered ? { unanswered: true } : {}),
  };
}

/** Facts of an egress that the world sees. */
export type Judgeable = {
  readonly address: string;
  readonly ehlo: string;
  readonly asked: AskedIdentity;
};

/** The facts of an egress whose name receivers hear, or the reason why nobody hears it. */
export function heard(facts: IdentityFacts): Judgeable | string {
  const { publicAddress: address, ehlo, asked } = facts;
  if (facts.smartHost !== null)
    return `Its mail goes through the smart host ${facts.smartHost}, which identifies itself.`;
  if (address !== null && isLoopback(address))
    return `${address} is a loopback address, which no receiver ever sees.`;
  if (address === null || asked === null) return 'It has no address now.';
  return { address, ehlo, asked };
}

/**
 * The facts of an egress whose address receivers see, or the reason why none does. The world never sees a private
 * address, so that nobody answers for it proves nothing.
 */
export function seen(facts: IdentityFacts): Judgeable | string {
  const egress = heard(facts);
  if (typeof egress === 'string' || !isPrivate(egress.address)) return egress;
  return `${egress.address} is a private address, which the world never sees; where a router rewrites it, write what the world sees as public in the source of uplink ${facts.uplink}.`;
}

/** Also what a provider shares among its customers (RFC 6598). */
function isPrivate(address: string): boolean {
  return isLocalAddress(address) || /^100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./.test(address);
}

/** The EHLO name is an address in brackets, which is legal and needs no record (RFC 5321 section 4.1.3). */
export const isLiteral = (ehlo: string): boolean => ehlo.startsWith('[') || isIP(ehlo) !== 0;

export function evidence(name: string, type: string, fact: DnsFact): Evidence {
  return { asked: `${name} ${type}`, answer: answerText(fact) };
}
