import { parseSpf, type SpfRecord } from '../../protocol/spf/record.ts';
import type { Judgement } from './rule.ts';
import { spfRecords } from './spf-of.ts';
import { type AuditView, evidenceOf } from './view.ts';

/**
 * What a check says of each well-formed SPF record of the domain by its terms; null: nothing. The subject is the
 * domain, and the evidence its TXT records, unless the judgement brings its own.
 */
export function judgeSpfTerms(
  view: AuditView,
  judge: (record: SpfRecord) => Omit<Judgement, 'subject'> | null,
): readonly Judgement[] {
  const { domain } = view.facts;
  return spfRecords(view, domain).flatMap((text): Judgement[] => {
    const parsed = parseSpf(text);
    const judgement = parsed.ok ? judge(parsed.value) : null;
    if (judgement === null) return [];
    const { level, message, evidence = [evidenceOf(view, domain, 'TXT')], ...fix } = judgement;
    return [{ level, subject: { kind: 'domain', name: domain }, message, evidence, ...fix }];
  });
}

/** What the record says of all others: the qualifier of its term `all`; null where it has none. */
export function allQualifier({ mechanisms }: SpfRecord): string | null {
  return mechanisms.find(({ name }) => name === 'all')?.qualifier ?? null;
}
