import assert from 'node:assert/strict';
import test from 'node:test';
import type { AuditFacts } from '../src/decision/audit/facts.ts';
import type { Rule } from '../src/decision/audit/rule.ts';
import { AuditView } from '../src/decision/audit/view.ts';

/** A sentence, the facts, and what the rule says of them, each as `level subject`. */
export type RuleRow = readonly [string, AuditFacts, readonly string[]];

/** One test for each row. */
export function ruleTable(rule: Rule, rows: readonly RuleRow[]): void {
  for (const [sentence, facts, expected] of rows)
    test(`${rule.id}: ${sentence}`, () => {
      const said = rule.judge(new AuditView(facts)).map(({ level, subject }) => {
        return `${level} ${subject.name ?? subject.uplink ?? subject.address ?? subject.kind}`;
      });
      assert.deepEqual(said, expected);
    });
}
