import type { NextHop } from '../../decision/next-hop/next-hop.ts';
import type { LeasedRecipient } from '../../decision/queue/queued.ts';
import { backupsOf } from './route-choice.ts';

/** Recipients of one message that go the same way. */
export type Group = readonly [LeasedRecipient, ...LeasedRecipient[]];

/** A group, and where its mail goes. */
export type Found = { readonly group: Group; readonly hop: NextHop };

/** Parts with the same key, in the order in which the keys first come. */
export function grouped<Each>(
  all: readonly Each[],
  keyOf: (each: Each) => string,
): (readonly [Each, ...Each[]])[] {
  const groups = new Map<string, Each[]>();
  for (const each of all) {
    const key = keyOf(each);
    const group = groups.get(key);
    if (group) group.push(each);
    else groups.set(key, [each]);
  }
  return [...groups.values()].flatMap(([first, ...rest]) =>
    first === undefined ? [] : [[first, ...rest] as const],
  );
}

/** The parts of one message whose domains have one site, and the same hosts behind it, become one. */
export function bySite(found: readonly Found[]): Found[] {
  const sites = new Map<string, Found>();
  const others: Found[] = [];
  for (const one of found) {
    const { group, hop } = one;
    if (hop.kind !== 'hosts') {
      others.push(one);
      continue;
    }
    const key = `${hop.site} ${backupsOf(hop.site, hop.hosts)}`;
    const same = sites.get(key);
    sites.set(key, same ? { hop: same.hop, group: [...same.group, ...group] } : one);
  }
  return [...others, ...sites.values()];
}
