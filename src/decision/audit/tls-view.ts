import { isUsable, parseTlsa, type Tlsa } from '../../protocol/tls/tlsa.ts';
import type { CertificateFact, ConversationFact } from './facts.ts';
import type { AuditView } from './view.ts';

/** A conversation that went over to TLS, and the certificate that was shown first. */
export type Secured = {
  readonly conversation: ConversationFact;
  readonly certificate: CertificateFact;
  readonly chain: readonly CertificateFact[];
  readonly unverified: string | null;
};

export function securedConversations(view: AuditView): Secured[] {
  return view.facts.conversations.flatMap(conversation => {
    const { tls } = conversation;
    if (tls?.kind !== 'done') return [];
    const [certificate] = tls.chain;
    return certificate === undefined
      ? []
      : [{ conversation, certificate, chain: tls.chain, unverified: tls.unverified }];
  });
}

/** The chains that a host showed, one for each conversation that went over to TLS. */
export function chainsOf(view: AuditView, host: string): readonly (readonly CertificateFact[])[] {
  return view.conversationsWith(host).flatMap(({ tls }) => (tls?.kind === 'done' ? [tls.chain] : []));
}

/** The TLSA records of a host's port 25 that senders may use, and whether its zone is signed. */
export function tlsaOf(
  view: AuditView,
  host: string,
): { readonly records: readonly Tlsa[]; readonly signed: boolean } {
  const fact = view.dns(`_25._tcp.${host}`, 'TLSA');
  if (fact.kind !== 'records') return { records: [], signed: false };
  return { records: fact.values.flatMap(text => parseTlsa(text) ?? []), signed: fact.authenticated === true };
}

/** Senders that know DANE hold this host to its TLSA records (RFC 7672 section 2.2). */
export function isDaneEnforced(view: AuditView, host: string): boolean {
  const { records, signed } = tlsaOf(view, host);
  return signed && records.some(isUsable);
}

/** The domain's MTA-STS policy is to be enforced (RFC 8461 section 3.2). */
export function isPolicyEnforced({ facts: { policy } }: AuditView): boolean {
  return policy?.kind === 'fetched' && !policy.redirected && /^mode:\s*enforce\s*$/im.test(policy.text);
}
