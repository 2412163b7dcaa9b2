import { type FindingChange, FindingChanges } from '../../decision/audit/changes.ts';
import { type AuditFacts, questionKey } from '../../decision/audit/facts.ts';
import { judge, type Report } from '../../decision/audit/judge.ts';
import { printable } from '../printable.ts';
import { conclusion, subjectText } from '../report/text.ts';
import { type LookTerms, lookAtEach } from './check-look.ts';
import { type CheckOptions, formOf } from './check-options.ts';
import { rulesOf } from './check-rules.ts';
import type { CliParts } from './cli-parts.ts';
import { jsonLine } from './output.ts';

const watchEveryMs = 300_000;

/** Tells how mail stands, and then what changes, until it is ended. */
export async function watchDomains(
  domains: readonly string[],
  terms: LookTerms,
  options: CheckOptions,
  parts: CliParts,
): Promise<number> {
  const watched = new Map(domains.map(domain => [domain, new FindingChanges()]));
  const before = new Map<string, Before>();
  for (;;) {
    for await (const { facts: seen } of lookAtEach([...watched.keys()], terms, parts)) {
      const { domain } = seen;
      const last = before.get(domain);
      const facts = last === undefined ? seen : { ...seen, before: last };
      before.set(domain, beforeOf(seen));
      const report = judge(facts, rulesOf(options));
      const changes = watched.get(domain)?.next(report.findings) ?? [];
      await parts.output.write(
        (last === undefined
          ? [standingLine(facts, report, options)]
          : changes.map(change => changeLine(domain, change, options))
        ).join(''),
      );
    }
    await parts.clock.sleep(options.every ?? watchEveryMs);
  }
}

function standingLine(facts: AuditFacts, report: Report, options: CheckOptions): string {
  const message = conclusion(facts, report);
  return formOf(options) === 'json'
    ? jsonLine({ domain: facts.domain, verdict: report.verdict, message })
    : `${message}\n`;
}

function changeLine(domain: string, changed: FindingChange, options: CheckOptions): string {
  if (formOf(options) === 'json') return jsonLine({ domain, ...changed });
  const { change, finding } = changed;
  const { id, level, subject, message } = finding;
  return `${domain}: ${change === 'new' ? level : 'over'} ${id}, ${subjectText(subject)}: ${printable(message)}\n`;
}

type Before = NonNullable<AuditFacts['before']>;

function beforeOf({ policy, dns, domain }: AuditFacts): Before {
  const record = dns[questionKey(`_mta-sts.${domain}`, 'TXT')];
  return {
    policy: policy?.kind === 'fetched' ? policy.text : null,
    policyRecord: record?.kind === 'records' ? record.values.join() : '',
  };
}
