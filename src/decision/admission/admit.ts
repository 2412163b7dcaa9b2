import { type Reply, reply } from '../../protocol/smtp/reply.ts';
import type { ListenerSetting } from './listener.ts';

/** What admission goes by, prepared once for each configuration. */
export type AdmissionRules = {
  /** Domains that we take mail for, lower-case A-labels, in the order of the configuration. */
  readonly domains: ReadonlySet<string>;
};

/** The session's part: the listener, and whether the client is in `relay.from_networks`. */
export type AdmissionClient = { readonly listener: Pick<ListenerSetting, 'role'>; readonly ours: boolean };

/** The verdict on one RCPT: the path that is queued, or the refusal. */
export type Admission =
  | { readonly kind: 'taken'; readonly forwardPath: string }
  | { readonly kind: 'refused'; readonly reply: Reply };

/**
 * May this client talk to this listener at all? A relay listener serves our networks only.
 * Null: yes; else the reply in place of the greeting (RFC 5321 section 3.1: 554).
 */
export function admitClient(client: AdmissionClient): Reply | null {
  if (client.listener.role === 'mx' || client.ours) return null;
  return reply(
    554,
    '5.7.1',
    'This listener relays for its own networks only, and your address is in none of them.',
  );
}

/** A local part that names a way on: `user%host`, `host!user`, `"user@host"`. */
const sourceRouted = /[@%!]/;

/**
 * Decides on one recipient (RFC 5321 section 3.6.1, 7.9): our domains from anyone, the world only from our networks
 * by a relay listener. An `mx` listener never relays, whoever calls; nor does it hand the mail store, which trusts us,
 * a recipient that the store itself might relay.
 * A domain of ours that came in U-labels is queued in A-labels: the queue, a list and a store know one name of it.
 * `postmaster` without a domain (section 4.5.1) is the postmaster of our first domain.
 * `domain` is the lower-case domain of `forwardPath`, '' where it has none.
 */
export function admitRecipient(
  forwardPath: string,
  domain: string,
  client: AdmissionClient,
  rules: AdmissionRules,
): Admission {
  if (domain === '') {
    const [first] = rules.domains;
    if (first !== undefined) return { kind: 'taken', forwardPath: `${forwardPath}@${first}` };
    return {
      kind: 'refused',
      reply: reply(550, '5.1.1', 'No domain is served here; write the recipient with its domain.'),
    };
  }
  if (client.listener.role === 'mx' && sourceRouted.test(forwardPath.slice(0, forwardPath.lastIndexOf('@'))))
    return {
      kind: 'refused',
      reply: reply(550, '5.7.1', 'Relaying denied: an address with %, ! or a second @ is not taken here.'),
    };
  if (rules.domains.has(domain)) return { kind: 'taken', forwardPath: inALabels(forwardPath, domain) };
  if (client.listener.role === 'relay' && client.ours) return { kind: 'taken', forwardPath };
  return {
    kind: 'refused',
    reply: reply(550, '5.7.1', `Relaying denied: mail for ${domain} is not taken here.`),
  };
}

function inALabels(forwardPath: string, domain: string): string {
  const at = forwardPath.lastIndexOf('@');
  return /[^ -~]/.test(forwardPath.slice(at)) ? `${forwardPath.slice(0, at)}@${domain}` : forwardPath;
}
