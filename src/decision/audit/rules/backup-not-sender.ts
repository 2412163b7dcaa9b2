import { isLocalAddress } from '../../next-hop/local-address.ts';
import type { AuditFacts } from '../facts.ts';
import type { Rule } from '../rule.ts';
import { spfOf } from '../spf-of.ts';
import { mxExtra } from './mx-extra.ts';

/** A backup that never sends needs neither PTR nor SPF: said, so that nobody worries. */
export const backupNotSender: Rule = {
  id: 'BACKUP-NOT-SENDER',
  article: {
    title: 'A server that only receives needs no PTR and no SPF.',
    meaning:
      "An MX says where mail is received. A backup hands it to the primary inside, or to the primary's own MX, and sends nothing to the world.",
    actedOn: 'Nobody.',
    ground: 'RFC 7208 section 2.1 judges who sends; RFC 5321 section 5.1 says where mail is received',
    fix: 'Nothing needs to be done, as long as it does not send.',
    others: 'Testing sites that look at the PTR of every MX address call this an error. It is none.',
  },
  judge(view) {
    const { domain, egresses, configuration } = view.facts;
    if (egresses.length === 0) return [];
    const senders = new Set(egresses.map(({ address }) => address));
    const doors = new Set((configuration?.listeners ?? []).map(({ address }) => address));
    return view.mx.flatMap(({ exchange }) => {
      const addresses = view.addresses(exchange);
      const onlyReceives =
        addresses.length > 0 &&
        addresses.every(address => !senders.has(address) && !doors.has(address) && !isLocalAddress(address));
      // A server that the gateway knows nothing of is told of as such.
      if (mxExtra.judge(view).some(({ level, subject }) => level === 'warning' && subject.name === exchange))
        return [];
      // SPF that names it says that it sends; then all that senders need holds for it.
      if (!onlyReceives || addresses.some(address => isNamedBySpf(view.facts, address))) return [];
      return [
        {
          level: 'info' as const,
          subject: { kind: 'mx' as const, name: exchange },
          message: `${exchange} receives mail for ${domain} and is not among its senders: it needs neither a PTR nor an entry in SPF.`,
        },
      ];
    });
  },
};

/** It is named by its address; a term as mx takes in whoever receives. */
function isNamedBySpf(facts: AuditFacts, address: string): boolean {
  const { result, matched } = spfOf(facts, facts.domain, { address, ehlo: facts.domain });
  return result === 'pass' && /^\+?ip[46]:/i.test(matched?.term ?? '');
}
