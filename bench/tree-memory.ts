import { readOfProcess, treeOf } from './process-tree.ts';

/** Memory of a process tree, in bytes. */
export type TreeMemory = {
  /** As `memoryOf` counts it: as if the tree were alone on its host. */
  readonly aloneBytes: number;
  /** The sum of its PSS: what others map as well is booked to them in part. */
  readonly pssBytes: number;
};

/** What a process tree has now. */
export function memoryOfTree(root: number): TreeMemory {
  const pids = treeOf(root);
  // What is quickly told comes first, for processes end while the long lists are read.
  const rollups = pids.map(pid => readOfProcess(pid, 'smaps_rollup'));
  const smaps = pids.map(pid => readOfProcess(pid, 'smaps'));
  return {
    aloneBytes: memoryOf(rollups, smaps),
    pssBytes: 1_024 * rollups.reduce((sum, text) => sum + kilobytes('Pss', text), 0),
  };
}

/**
 * Memory of processes in bytes, what they share counted once, as if they were alone on their host; of each `smaps_rollup`
 * and `smaps` in /proc. Anonymous memory is its PSS, for only forks share that, and all of them are in the tree. Of each
 * part of a file counts what the process has of it that has most: the PSS of a file falls with every program outside that
 * maps it too, as the bench itself maps Node. Exact for one process; for the hundred of a Postfix within 3 % of a count of
 * its pages one by one.
 */
export function memoryOf(rollups: readonly string[], smaps: readonly string[]): number {
  const most = new Map<string, number>();
  for (const text of smaps)
    for (const { part, size } of filePartsOf(text)) most.set(part, Math.max(size, most.get(part) ?? 0));
  const anonymous = rollups.map(text => kilobytes('Pss_Anon', text));
  return 1_024 * [...anonymous, ...most.values()].reduce((sum, each) => sum + each, 0);
}

/**
 * Parts of files that a process maps, shared memory among them, by device, inode and place; kilobytes that are in memory,
 * less the pages that it has changed for itself, which are anonymous.
 */
function filePartsOf(smaps: string): { readonly part: string; readonly size: number }[] {
  return smaps.split(/^(?=[\da-f]+-[\da-f]+ )/m).flatMap(mapping => {
    const [, , place, device, inode] = mapping.slice(0, mapping.indexOf('\n')).split(' ');
    if (inode === undefined || inode === '0') return [];
    const size = kilobytes('Rss', mapping) - kilobytes('Anonymous', mapping);
    return [{ part: `${device} ${inode} ${place}`, size }];
  });
}

function kilobytes(name: string, text: string): number {
  return Number(new RegExp(`^${name}: +(\\d+) kB`, 'm').exec(text)?.[1] ?? 0);
}
