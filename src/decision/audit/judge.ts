import type { AuditFacts } from './facts.ts';
import type { Finding, FindingLevel } from './finding.ts';
import { changeOf } from './record-change.ts';
import type { Judgement, Rule } from './rule.ts';
import { AuditView } from './view.ts';
import { type WhatIf, whatIf } from './what-if.ts';

export type Verdict = 'pass' | 'warning' | 'error' | 'unknown';

/** What `check` reports of one domain. */
export type Report = {
  readonly verdict: Verdict;
  readonly findings: readonly Finding[];
  readonly whatIf: readonly WhatIf[];
};

/** Worst first. */
export const levels: readonly FindingLevel[] = ['error', 'warning', 'notice', 'info', 'skip', 'pass'];

/**
 * Judges the facts by all rules. A fix that is made of records, or whose effect on the host is known, is tried on the
 * facts first: it is printed only where its finding goes and no other comes; only a notice may come where an error or a
 * warning goes.
 */
export function judge(facts: AuditFacts, rules: readonly Rule[]): Report {
  const view = new AuditView(facts);
  const judged = rules.flatMap(rule => rule.judge(view).map(judgement => ({ rule, judgement })));
  const before = new Set(
    judged.filter(({ judgement }) => isFault(judgement)).map(({ rule, judgement }) => keyOf(rule, judgement)),
  );
  const findings = judged.map(({ rule, judgement }) => {
    const { change, hostAfter, reference, evidence = [], fix = null, ...told } = judgement;
    const finding: Finding = {
      id: rule.id,
      ...told,
      evidence,
      reference: reference ?? rule.article.ground,
      fix,
    };
    if (fix === null) return finding;
    const effect = hostAfter === undefined ? (change ?? changeOf(fix, facts)) : {};
    const stands =
      effect === null ||
      mends({ ...facts, host: hostAfter ?? facts.host }, rules, effect, { rule, judgement }, before);
    return stands ? finding : { ...finding, fix: null };
  });
  return { verdict: verdictOf(findings), findings: inOrder(findings), whatIf: whatIf(view, findings) };
}

function mends(
  facts: AuditFacts,
  rules: readonly Rule[],
  change: NonNullable<Judgement['change']>,
  mended: { readonly rule: Rule; readonly judgement: Judgement },
  before: ReadonlySet<string>,
): boolean {
  const key = keyOf(mended.rule, mended.judgement);
  const view = new AuditView({ ...facts, dns: { ...facts.dns, ...change } });
  const after = rules.flatMap(rule =>
    rule
      .judge(view)
      .filter(isFault)
      .map(judgement => ({ level: judgement.level, key: keyOf(rule, judgement) })),
  );
  // A first step that leaves something worth doing is one all the same.
  const allowsNotices = mended.judgement.level !== 'notice';
  return after.every(
    fault => fault.key !== key && (before.has(fault.key) || (allowsNotices && fault.level === 'notice')),
  );
}

const isFault = ({ level }: Judgement): boolean =>
  level === 'error' || level === 'warning' || level === 'notice';

const keyOf = ({ id }: Rule, { subject }: Judgement): string =>
  [id, subject.kind, subject.name, subject.address, subject.uplink, subject.family].join(' ');

/** Error outranks unknown, unknown warning. */
function verdictOf(findings: readonly Finding[]): Verdict {
  const has = (level: FindingLevel): boolean => findings.some(finding => finding.level === level);
  if (has('error')) return 'error';
  if (findings.some(isUnknown)) return 'unknown';
  return has('warning') ? 'warning' : 'pass';
}

/** Something that the verdict needs was asked and not answered. */
const isUnknown = ({ level, unanswered }: Finding): boolean => level === 'skip' && unanswered === true;

function inOrder(findings: readonly Finding[]): readonly Finding[] {
  return findings.toSorted((one, other) => levels.indexOf(one.level) - levels.indexOf(other.level));
}
