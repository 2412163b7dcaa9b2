import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readResults } from './failover/results.ts';
import { drawGrowth } from './growth/chart.ts';
import { pageOf } from './page/page-text.ts';
import type { Provenance } from './page/provenance.ts';
import { type KeptResults, type Results, readKept, type SectionName, writeKept } from './page/results.ts';

export const docs = join(import.meta.dirname, '..', 'docs');

/**
 * Keeps a section's result in `benchmarks.json` of the folder, in place of the one before, and writes the page anew. `ran`:
 * taken when the measurement began (`provenanceOf`).
 */
export async function recordSection<Name extends SectionName>(
  name: Name,
  result: Results[Name],
  ran: Provenance,
  folder: string = docs,
): Promise<void> {
  const file = join(folder, 'benchmarks.json');
  const kept: KeptResults = { ...(await readKept(file)), [name]: { ran, result } };
  await writeKept(file, kept);
  await renderPage(folder);
}

/** Writes `benchmarks.md` and `growth.svg` from the results that are there. */
export async function renderPage(folder: string = docs): Promise<void> {
  const kept = await readKept(join(folder, 'benchmarks.json'));
  const trials = await readResults(join(docs, 'failover.jsonl'));
  if (kept.growth) await writeFile(join(folder, 'growth.svg'), drawGrowth(kept.growth.result));
  await writeFile(join(folder, 'benchmarks.md'), pageOf(kept, trials));
}
