import type { Judgement, Rule } from '../rule.ts';
import { evidenceOf } from '../view.ts';

/** The domain has an MTA-STS policy, or lives without. */
export const stsNone: Rule = {
  id: 'STS-NONE',
  article: {
    title: 'The domain has no policy that demands TLS.',
    meaning:
      'With an MTA-STS policy senders without DANE insist on TLS too. It needs a web page; a domain with DANE has little need of it.',
    actedOn: 'Nobody.',
    ground: 'RFC 8461 section 3.1',
    fix: '"postern records" prints the record and the policy.',
    others: null,
  },
  judge(view) {
    const { domain } = view.facts;
    const name = `_mta-sts.${domain}`;
    const fact = view.dns(name, 'TXT');
    if (fact.kind === 'temperror') return [];
    if (view.records(name, 'TXT').some(isStsRecord))
      return [
        {
          level: 'pass',
          subject: { kind: 'domain', name: domain },
          message: `${domain} has an MTA-STS record.`,
          evidence: [evidenceOf(view, name, 'TXT')],
        },
      ];
    const judgement: Judgement = {
      level: 'info',
      subject: { kind: 'domain', name: domain },
      message: `${domain} has no MTA-STS policy; without DANE nobody is then told to insist on TLS.`,
      evidence: [evidenceOf(view, name, 'TXT')],
    };
    return [judgement];
  },
};

/** RFC 8461 section 3.1. */
export const isStsRecord = (text: string): boolean => /^v=STSv1\s*;/.test(text);
