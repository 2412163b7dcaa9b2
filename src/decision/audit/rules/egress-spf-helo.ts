import { egressSubject, judgedEgresses } from '../egress-subject.ts';
import type { Judgement, Rule } from '../rule.ts';
import { spfOf, spfRecords } from '../spf-of.ts';
import { type AuditView, evidenceOf } from '../view.ts';

/** The EHLO name has SPF. */
export const egressSpfHelo: Rule = {
  id: 'EGRESS-SPF-HELO',
  article: {
    title: 'Bounces have no SPF to be judged by.',
    meaning: 'Bounces and reports have no sender; receivers judge them by SPF of the EHLO name.',
    actedOn: 'A few receivers.',
    ground: 'RFC 7208 sections 2.3 and 2.4',
    fix: 'Set a record for the EHLO name; "postern records" prints it.',
    others: null,
  },
  judge(view) {
    return judgedEgresses(view.facts.egresses).flatMap((egress): Judgement[] => {
      const { ehlo } = egress;
      const fact = view.dns(ehlo, 'TXT');
      if (fact.kind === 'temperror' || ehlo === view.facts.domain) return [];
      // A name that does not resolve is told, and needs an address first.
      if (view.addresses(ehlo).length === 0 && !view.isUnsure(ehlo)) return [];
      const subject = egressSubject(egress);
      const evidence = [evidenceOf(view, ehlo, 'TXT')];
      const fix = `${ehlo}. IN TXT "v=spf1 ${sendersAs(view, ehlo)} -all"`;
      if (spfRecords(view, ehlo).length === 0)
        return [
          {
            level: 'notice',
            subject,
            message: `The EHLO name ${ehlo} has no SPF record, by which bounces are judged.`,
            evidence,
            fix,
          },
        ];
      const { result } = spfOf(view.facts, ehlo, egress);
      if (result === 'pass')
        return [
          {
            level: 'pass',
            subject,
            message: `SPF of the EHLO name ${ehlo} passes for ${egress.address}.`,
            evidence,
          },
        ];
      if (result === 'temperror')
        return [{ level: 'skip', subject, message: `SPF of ${ehlo} could not be judged.`, evidence }];
      return [
        {
          level: 'notice',
          subject,
          message: `SPF of the EHLO name ${ehlo} gives ${result} for ${egress.address}: bounces by ${egress.uplink} look forged.`,
          evidence,
          fix,
        },
      ];
    });
  },
};

/** Every address that says this name. */
const sendersAs = (view: AuditView, ehlo: string): string =>
  judgedEgresses(view.facts.egresses)
    .filter(egress => egress.ehlo === ehlo)
    .map(({ address, family }) => `ip${family}:${address}`)
    .join(' ');
