import type { Judgement, Rule } from '../rule.ts';
import { evidenceOf } from '../view.ts';

/** The domain asks for reports about TLS. */
export const tlsrptNone: Rule = {
  id: 'TLSRPT-NONE',
  article: {
    title: 'Nobody tells you when TLS to your servers fails.',
    meaning: 'With a TLS-RPT record large senders report each day where TLS failed.',
    actedOn: 'Nobody.',
    ground: 'RFC 8460 section 3',
    fix: 'Set the record that "postern records" prints.',
    others: null,
  },
  judge(view) {
    const { domain } = view.facts;
    const name = `_smtp._tls.${domain}`;
    const fact = view.dns(name, 'TXT');
    if (fact.kind === 'temperror' || view.mailHosts.length === 0) return [];
    const subject = { kind: 'domain', name: domain } as const;
    const evidence = [evidenceOf(view, name, 'TXT')];
    if (view.records(name, 'TXT').some(isReportRecord))
      return [{ level: 'pass', subject, message: `${domain} asks for reports about TLS.`, evidence }];
    const judgement: Judgement = {
      level: 'notice',
      subject,
      message: `${domain} asks for no reports about TLS, so failures stay unseen.`,
      evidence,
      fix: `${name}. IN TXT "v=TLSRPTv1; rua=mailto:postmaster@${domain}"`,
    };
    return [judgement];
  },
};

/** RFC 8460 section 3. */
export const isReportRecord = (text: string): boolean => /^v=TLSRPTv1\s*;/.test(text);
