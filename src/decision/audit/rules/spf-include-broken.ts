import { isSpf, parseSpf } from '../../../protocol/spf/record.ts';
import type { Judgement, Rule } from '../rule.ts';
import { spfRecords } from '../spf-of.ts';
import type { AuditView } from '../view.ts';
import { evidenceOf } from '../view.ts';

/** Every include and redirect leads to a record. */
export const spfIncludeBroken: Rule = {
  id: 'SPF-INCLUDE-BROKEN',
  article: {
    title: 'SPF leans on a record that does not exist.',
    meaning:
      'An include or redirect without a record makes the whole SPF broken, as soon as a receiver comes to it.',
    actedOn: 'Every receiver that asks SPF.',
    ground: 'RFC 7208 sections 5.2 and 6.1',
    fix: 'Take the include out, or correct its name.',
    others: null,
  },
  judge(view) {
    const { domain } = view.facts;
    return brokenTargets(view, domain).map(
      (target): Judgement => ({
        level: 'error',
        subject: { kind: 'domain', name: domain },
        message: `SPF of ${domain} leans on ${target}, which has no SPF record.`,
        evidence: [evidenceOf(view, target, 'TXT')],
        fix: `Take include:${target} out of the record, or correct the name.`,
      }),
    );
  },
};

/** What the record names, and the records that it names name, without a record of their own. */
function brokenTargets(view: AuditView, domain: string): readonly string[] {
  const seen = new Set([domain]);
  const broken: string[] = [];
  for (const name of seen) {
    for (const record of spfRecords(view, name)) {
      const parsed = parseSpf(record);
      if (!parsed.ok) continue;
      const { mechanisms, redirect } = parsed.value;
      const targets = mechanisms.flatMap(({ name: kind, target }) =>
        kind === 'include' && target !== null ? [target] : [],
      );
      for (const target of redirect === null ? targets : [...targets, redirect]) {
        if (target.includes('%') || seen.has(target) || seen.size > 50) continue;
        seen.add(target);
        const fact = view.dns(target, 'TXT');
        const isThere = fact.kind === 'temperror' || (fact.kind === 'records' && fact.values.some(isSpf));
        if (!isThere) broken.push(target);
      }
    }
  }
  return broken;
}
