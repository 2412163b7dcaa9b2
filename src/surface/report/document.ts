import type { AuditFacts } from '../../decision/audit/facts.ts';
import type { Finding } from '../../decision/audit/finding.ts';
import type { Report } from '../../decision/audit/judge.ts';
import { rfc3339 } from '../../protocol/message/rfc3339.ts';

/** `check --json`: one domain. */
export function reportDocument(facts: AuditFacts, report: Report, elapsedMs: number): object {
  return {
    domain: facts.domain,
    started: rfc3339(facts.startedAt),
    elapsed_ms: Math.round(elapsedMs),
    verdict: report.verdict,
    findings: report.findings.map(findingDocument),
    what_if: report.whatIf,
  };
}

function findingDocument({ unanswered: _unanswered, ...finding }: Finding): object {
  return finding;
}
