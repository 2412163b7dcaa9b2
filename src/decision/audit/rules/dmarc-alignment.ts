import { dmarcOf } from '../dmarc-view.ts';
import { egressSubject, judgedEgresses } from '../egress-subject.ts';
import type { Judgement, Rule } from '../rule.ts';
import { spfFix } from '../spf-fix.ts';
import { spfOf } from '../spf-of.ts';

/** SPF or DKIM of what we send aligns with the domain. */
export const dmarcAlignment: Rule = {
  id: 'DMARC-ALIGNMENT',
  article: {
    title: 'Nothing of your mail proves that it is yours.',
    meaning:
      'DMARC wants SPF or DKIM to pass for the domain that people see. Here neither does, so your own policy refuses your own mail.',
    actedOn: 'Receivers that ask DMARC.',
    ground: 'RFC 9989 section 4.4',
    fix: 'Put the address into SPF, or sign with DKIM of the domain.',
    others: null,
  },
  judge(view) {
    const { domain, asked } = view.facts;
    const policy = dmarcOf(view);
    const strict =
      policy !== null &&
      policy !== 'unsure' &&
      ['quarantine', 'reject'].includes(policy.tags.get('p')?.toLowerCase() ?? '');
    const signed = asked.dkimSelectors.some(
      selector => view.records(`${selector}._domainkey.${domain}`, 'TXT').length > 0,
    );
    if (!strict || signed || asked.dkimSelectors.length === 0) return [];
    return judgedEgresses(view.facts.egresses).flatMap((egress): Judgement[] => {
      const { result } = spfOf(view.facts, domain, egress);
      if (result === 'pass' || result === 'temperror') return [];
      return [
        {
          level: 'error',
          subject: egressSubject(egress),
          message: `Neither SPF nor DKIM of ${domain} passes for mail by ${egress.uplink}, and its own DMARC policy refuses such mail.`,
          evidence: [{ asked: `SPF of ${domain} for ${egress.address}`, answer: result }],
          ...spfFix(view, egress),
        },
      ];
    });
  },
};
