import type { DnsFact } from './dns-fact.ts';
import { questionKey } from './facts.ts';
import type { Judgement } from './rule.ts';
import type { AuditView } from './view.ts';

/** An MX that is to be, before its name is known. */
export type MxPlan = { readonly preference: number; readonly address: string };

/**
 * Records that lead an MX to each of the addresses, in place of the MX set `instead`: by a name of the domain that leads
 * there already, else by the next of mx1, mx2, … that is free. Null where there is no such address.
 */
export function mxFix(
  view: AuditView,
  plans: readonly MxPlan[],
  stays: readonly string[] = [],
): Pick<Judgement, 'fix' | 'change'> | null {
  if (plans.length === 0) return null;
  const { domain } = view.facts;
  const taken = new Set(stays.map(text => text.replace(/^\d+ /, '').replace(/\.$/, '')));
  const lines: string[] = [];
  const change: Record<string, DnsFact> = {};
  const set = [...stays];
  for (const { preference, address } of plans) {
    const type = address.includes(':') ? 'AAAA' : 'A';
    const names = Array.from({ length: 9 }, (_none, place) => `mx${place + 1}.${domain}`);
    const free = names.filter(name => !taken.has(name));
    const name =
      free.find(each => view.addresses(each).includes(address)) ??
      free.find(each => view.addresses(each).length === 0) ??
      `mx.${domain}`;
    taken.add(name);
    if (!view.addresses(name).includes(address)) {
      lines.push(`${name}. IN ${type} ${address}`);
      change[questionKey(name, type)] = { kind: 'records', values: [address] };
    }
    lines.push(`${domain}. IN MX ${preference} ${name}.`);
    set.push(`${preference} ${name}.`);
  }
  change[questionKey(domain, 'MX')] = { kind: 'records', values: set };
  return { fix: lines.join('\n'), change };
}

/** One address for each uplink, the preferred one first: where mail for the domain would best come in. */
export function mxPlans(view: AuditView): readonly MxPlan[] {
  const byUplink = Map.groupBy(
    view.facts.egresses.toSorted((one, other) => one.preference - other.preference),
    ({ uplink }) => uplink,
  );
  return [...byUplink.values()].flatMap(([first], place) =>
    first === undefined ? [] : [{ preference: 10 * (place + 1), address: first.address }],
  );
}
