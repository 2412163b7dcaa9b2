import { nearWord } from '../../config/near-word.ts';
import { catalogue } from '../../decision/audit/catalogue.ts';
import type { Rule } from '../../decision/audit/rule.ts';
import type { Result } from '../../runtime/ports.ts';
import type { CheckOptions } from './check-options.ts';

/** The checks that the caller wants. */
export function rulesOf({ only, skip }: Pick<CheckOptions, 'only' | 'skip'>): readonly Rule[] {
  return catalogue.filter(
    ({ id }) => (only === undefined || only.includes(id)) && skip?.includes(id) !== true,
  );
}

/** A check by its ID, in whatever case; the error is a sentence. */
export function ruleOf(id: string): Result<Rule, string> {
  const value = catalogue.find(rule => rule.id === id.toUpperCase());
  return value === undefined ? { ok: false, error: unknownCheck(id) } : { ok: true, value };
}

/** A sentence about the first of these that is no check; null: all are. */
export function unknownAmong(ids: readonly string[]): string | null {
  const unknown = ids.find(id => !catalogue.some(rule => rule.id === id));
  return unknown === undefined ? null : unknownCheck(unknown);
}

function unknownCheck(id: string): string {
  const near = nearWord(
    id.toUpperCase(),
    catalogue.map(rule => rule.id),
  );
  return near === null
    ? `There is no check ${id}; "postern check --explain MX-NONE" explains one.`
    : `There is no check ${id}; did you mean ${near}?`;
}
