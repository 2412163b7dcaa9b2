import { readFile, rename, writeFile } from 'node:fs/promises';
import type { AuditTime } from '../audit-times.ts';
import type { Growth } from '../growth/reckoning.ts';
import type { Latency } from '../paced/latency.ts';
import type { Comparison } from '../relay/comparison.ts';
import type { ContestantName } from '../relay/contestants.ts';
import type { Provenance } from './provenance.ts';

/** What each section of the page is written from. */
export type Results = {
  readonly relay: Comparison;
  /** Other sizes, and many recipients. */
  readonly sizes: readonly Comparison[];
  readonly paced: readonly (Latency & { readonly name: ContestantName; readonly perS: number })[];
  readonly check: readonly AuditTime[];
  readonly growth: Growth;
  readonly hostile: HostileResult;
};

export type SectionName = keyof Results;

export type HostileResult = {
  readonly seconds: number;
  readonly crowd: { readonly idle: number; readonly drips: number; readonly floods: number };
  readonly limits: { readonly servedMs: number; readonly memoryMiB: number };
  readonly rows: readonly {
    readonly connections: number;
    readonly honest: number;
    readonly unserved: number;
    readonly p50_ms: number;
    readonly p99_ms: number;
    readonly max_ms: number;
    readonly memory_peak_mib: number;
  }[];
};

/** A section as it is kept. */
export type Kept<Result> = { readonly ran: Provenance; readonly result: Result };

export type KeptResults = { readonly [Name in SectionName]?: Kept<Results[Name]> };

/** What the file holds; nothing yet where there is none. */
export async function readKept(file: string): Promise<KeptResults> {
  const text = await readFile(file, 'utf8').catch(() => '{}');
  const kept: KeptResults = JSON.parse(text);
  return kept;
}

/** Replaces the file at once: one section a line. */
export async function writeKept(file: string, kept: KeptResults): Promise<void> {
  const lines = Object.entries(kept).map(
    ([name, section]) => `${JSON.stringify(name)}: ${JSON.stringify(section)}`,
  );
  await writeFile(`${file}.new`, `{\n${lines.join(',\n')}\n}\n`);
  await rename(`${file}.new`, file);
}
