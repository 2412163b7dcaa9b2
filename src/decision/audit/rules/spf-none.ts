import type { Judgement, Rule } from '../rule.ts';
import { spfRecords } from '../spf-of.ts';
import { evidenceOf } from '../view.ts';

/** The domain has an SPF record. */
export const spfNone: Rule = {
  id: 'SPF-NONE',
  article: {
    title: 'The domain does not say who may send its mail.',
    meaning:
      "Without SPF receivers cannot tell your mail from a forger's, and large ones refuse mail of domains that have neither SPF nor DKIM.",
    actedOn: 'Gmail, Yahoo and others, of all senders since 2024.',
    ground: 'RFC 7208 section 3; published rules of Gmail and Yahoo',
    fix: 'Set the record that "postern records" prints.',
    others: null,
  },
  judge(view) {
    const { domain } = view.facts;
    const subject = { kind: 'domain', name: domain } as const;
    const evidence = [evidenceOf(view, domain, 'TXT')];
    const fact = view.dns(domain, 'TXT');
    if (fact.kind === 'temperror')
      return [
        {
          level: 'skip',
          subject,
          message: `Nobody could say whether ${domain} has SPF.`,
          evidence,
          unanswered: true,
        },
      ];
    if (spfRecords(view, domain).length > 0)
      return [{ level: 'pass', subject, message: `${domain} has an SPF record.`, evidence }];
    const addresses = view.facts.egresses.map(({ address, family }) => `ip${family}:${address}`);
    const terms = addresses.length > 0 ? addresses.join(' ') : 'mx';
    const judgement: Judgement = {
      level: 'warning',
      subject,
      message: `${domain} has no SPF record, so anybody may send in its name, and large receivers refuse its mail without DKIM.`,
      evidence,
      fix: `${domain}. IN TXT "v=spf1 ${terms} -all"`,
    };
    return [judgement];
  },
};
