import { dmarcOf } from '../dmarc-view.ts';
import type { Judgement, Rule } from '../rule.ts';
import { evidenceOf } from '../view.ts';

/** A strict policy does not lean on SPF alone. */
export const dmarcSpfOnly: Rule = {
  id: 'DMARC-SPF-ONLY',
  article: {
    title: 'The policy refuses all that SPF does not pass, and there is no DKIM.',
    meaning:
      'Mail that somebody forwards fails SPF; without a DKIM signature a strict policy then refuses it.',
    actedOn: 'Receivers of forwarded mail.',
    ground: 'RFC 9989 section 7.4',
    fix: 'Sign your mail with DKIM, or use p=none until you do.',
    others: null,
  },
  judge(view) {
    const policy = dmarcOf(view);
    const { asked, domain } = view.facts;
    if (policy === null || policy === 'unsure' || policy.tags.get('p')?.toLowerCase() !== 'reject') return [];
    const keys = asked.dkimSelectors.filter(
      selector => view.records(`${selector}._domainkey.${domain}`, 'TXT').length > 0,
    );
    const subject = { kind: 'domain', name: domain } as const;
    if (keys.length > 0)
      return [
        { level: 'pass', subject, message: `A strict policy stands beside DKIM (${keys.join(', ')}).` },
      ];
    if (asked.dkimSelectors.length === 0)
      return [
        {
          level: 'skip',
          subject,
          message:
            'No DKIM selector was given, so nobody can say whether mail is signed; name it with --selector.',
        },
      ];
    const judgement: Judgement = {
      level: 'warning',
      subject,
      message: `The DMARC policy of ${domain} is p=reject, and no DKIM key was found: mail that is forwarded is lost.`,
      evidence: [evidenceOf(view, policy.name, 'TXT')],
      fix: 'Sign outgoing mail with DKIM, and publish the key.',
    };
    return [judgement];
  },
};
