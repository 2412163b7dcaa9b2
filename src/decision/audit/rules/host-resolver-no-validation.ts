import { hostSilence } from '../host-silence.ts';
import type { Judgement, Rule } from '../rule.ts';

/** A resolver validates DNSSEC. */
export const hostResolverNoValidation: Rule = {
  id: 'HOST-RESOLVER-NO-VALIDATION',
  article: {
    title: 'Nobody checks the signatures of DNS.',
    meaning: 'Without a validating resolver that may be believed DANE cannot be used.',
    actedOn: 'Nobody.',
    ground: 'RFC 7672 section 2.1',
    fix: 'Run unbound on the host and write dns: { servers: ["127.0.0.1:53"], trust_ad: true }.',
    others: null,
  },
  judge(view) {
    const { host } = view.facts;
    if (host === null) return hostSilence(view);
    const { resolvers } = host;
    if (resolvers.length === 0 || resolvers.some(({ validates }) => validates !== false)) return [];
    const judgement: Judgement = {
      level: 'notice',
      subject: { kind: 'host', name: resolvers.map(({ address }) => address).join(', ') },
      message: 'No resolver validates DNSSEC, so DANE cannot protect the mail that you send.',
      fix: 'dns: { servers: ["127.0.0.1:53"], trust_ad: true }   # with a validating resolver on this host',
    };
    return [judgement];
  },
};
