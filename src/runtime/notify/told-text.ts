import type { Condition, ConditionKind } from '../../decision/notice/condition.ts';
import { jsonOf } from '../json-of.ts';

/** Troubles told by each way, whose end was not. */
export type ToldByWay = ReadonlyMap<string, readonly Condition[]>;

const kinds: Readonly<Record<ConditionKind, true>> = {
  uplink: true,
  all_uplinks: true,
  identity: true,
  queue: true,
  certificate: true,
  recipients: true,
  primary: true,
  disk: true,
  trace: true,
  drill: true,
  test: true,
};

/** As it is kept in the store. */
export function toldText(told: ToldByWay): string {
  return JSON.stringify(Object.fromEntries(told));
}

/** What another version wrote, and is not understood, is left out: at worst a notice comes twice. */
export function readTold(text: string | null): ToldByWay {
  const kept: unknown = jsonOf(text ?? '{}');
  const told = new Map<string, readonly Condition[]>();
  if (typeof kept !== 'object' || kept === null) return told;
  for (const [way, conditions] of Object.entries(kept))
    if (Array.isArray(conditions)) told.set(way, conditions.filter(isCondition));
  return told;
}

function isCondition(value: unknown): value is Condition {
  if (typeof value !== 'object' || value === null) return false;
  const { kind, subject, uplink, state, previous, since, reason }: Partial<Record<keyof Condition, unknown>> =
    value;
  return (
    typeof kind === 'string' &&
    kind in kinds &&
    typeof since === 'number' &&
    (uplink === null || typeof uplink === 'string') &&
    [subject, state, previous, reason].every(part => typeof part === 'string')
  );
}
