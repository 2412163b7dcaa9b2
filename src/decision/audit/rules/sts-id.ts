import type { Judgement, Rule } from '../rule.ts';
import { evidenceOf } from '../view.ts';

/** The id of the MTA-STS record changes with the policy. */
export const stsId: Rule = {
  id: 'STS-ID',
  article: {
    title: 'The policy changed, and nobody was told.',
    meaning:
      'Senders fetch the policy again only when the id in DNS has changed. Until then they go by the old one.',
    actedOn: 'Senders that honour MTA-STS.',
    ground: 'RFC 8461 section 3.1',
    fix: 'Change the id; any new text will do, the time of the change for example.',
    others: null,
  },
  judge(view) {
    const { domain, policy, before } = view.facts;
    if (
      before === undefined ||
      before.policy === null ||
      policy?.kind !== 'fetched' ||
      before.policy === policy.text
    )
      return [];
    const record = view.records(`_mta-sts.${domain}`, 'TXT').join();
    if (record !== before.policyRecord) return [];
    const judgement: Judgement = {
      level: 'notice',
      subject: { kind: 'domain', name: domain },
      message: `The MTA-STS policy of ${domain} has changed since it was last seen, and the id of its record has not.`,
      evidence: [evidenceOf(view, `_mta-sts.${domain}`, 'TXT')],
      fix: `_mta-sts.${domain}. IN TXT "v=STSv1; id=(a new one)"`,
    };
    return [judgement];
  },
};
