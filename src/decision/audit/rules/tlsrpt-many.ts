import type { Judgement, Rule } from '../rule.ts';
import { evidenceOf } from '../view.ts';
import { isReportRecord } from './tlsrpt-none.ts';

/** There is one TLS-RPT record. */
export const tlsrptMany: Rule = {
  id: 'TLSRPT-MANY',
  article: {
    title: 'There is more than one record for reports about TLS.',
    meaning: 'Senders then behave as if there were none.',
    actedOn: 'Senders that report.',
    ground: 'RFC 8460 section 3',
    fix: 'Keep one of the records.',
    others: null,
  },
  judge(view) {
    const { domain } = view.facts;
    const name = `_smtp._tls.${domain}`;
    const records = view.records(name, 'TXT').filter(isReportRecord);
    if (records.length < 2) return [];
    const judgement: Judgement = {
      level: 'error',
      subject: { kind: 'domain', name: domain },
      message: `${domain} has ${records.length} TLS-RPT records, so nobody reports.`,
      evidence: [evidenceOf(view, name, 'TXT')],
      fix: 'Keep one of the records, and take the others away.',
    };
    return [judgement];
  },
};
