import { egressSubject, judgedEgresses, standsBy } from '../egress-subject.ts';
import type { EgressFact } from '../facts.ts';
import type { Judgement, Rule } from '../rule.ts';
import { spfFix } from '../spf-fix.ts';
import { isLeftOut, spfOf } from '../spf-of.ts';
import { type AuditView, evidenceOf } from '../view.ts';
import { spfIncludeBroken } from './spf-include-broken.ts';
import { spfLookups } from './spf-lookups.ts';
import { spfMany } from './spf-many.ts';
import { spfMxMany } from './spf-mx-many.ts';
import { spfSyntax } from './spf-syntax.ts';
import { spfVoid } from './spf-void.ts';

/** SPF passes for every sending address. */
export const egressSpf: Rule = {
  id: 'EGRESS-SPF',
  article: {
    title: 'Mail from this connection is not allowed by your own SPF.',
    meaning:
      'Receivers see mail of your domain from an address that SPF does not name: they take it for a forgery.',
    actedOn: 'Most receivers: it is refused or goes to the junk folder.',
    ground: 'RFC 7208 section 4',
    fix: 'Put the address into the SPF record.',
    others: null,
  },
  judge(view) {
    const { domain, configuration } = view.facts;
    const isBackup = configuration?.domains.find(({ name }) => name === domain)?.role === 'backup';
    return judgedEgresses(view.facts.egresses).flatMap((egress): Judgement[] => {
      const { result, matched, reason, lookUps } = spfOf(view.facts, domain, egress);
      const subject = egressSubject(egress);
      const why = matched === null ? (reason ?? 'no term matches') : `${matched.term} of ${matched.domain}`;
      const evidence = [
        {
          asked: `SPF of ${domain} for ${egress.address}`,
          answer: `${result} (${why}; ${lookUps} look-ups)`,
        },
        evidenceOf(view, domain, 'TXT'),
      ];
      if (result === 'pass')
        return [
          { level: 'pass', subject, message: `SPF of ${domain} passes for ${egress.address}.`, evidence },
        ];
      // Told by checks of their own.
      if (result === 'none' || (result === 'permerror' && isBrokenRecordTold(view, egress))) return [];
      if (isLeftOut(result) && (isBackup || standsBy(view, egress))) return [];
      if (result === 'temperror')
        return [
          {
            level: 'skip',
            subject,
            message: `SPF of ${domain} could not be judged for ${egress.address}: ${reason ?? 'no answer'}.`,
            evidence,
            unanswered: true,
          },
        ];
      return [
        {
          level: 'error',
          subject,
          message: `SPF of ${domain} gives ${result} for ${egress.address}: receivers take mail by ${egress.uplink} for a forgery.`,
          evidence,
          ...spfFix(view, egress),
        },
      ];
    });
  },
};

/** That nothing can be judged by the record is told, with what is wrong with it. */
function isBrokenRecordTold(view: AuditView, { id }: EgressFact): boolean {
  const said = [spfMany, spfSyntax, spfLookups, spfVoid, spfIncludeBroken, spfMxMany].flatMap(rule =>
    rule.judge(view),
  );
  return said.some(
    ({ level, subject }) =>
      (level === 'error' || level === 'warning') && (subject.kind !== 'egress' || subject.name === id),
  );
}
