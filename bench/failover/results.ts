import { readFile, rename, writeFile } from 'node:fs/promises';
import type { Busy } from './busy-meter.ts';
import type { Effect, Second } from './reckoning.ts';
import type { SystemName } from './system.ts';

/** One trial as it is kept: a line of JSON. */
export type TrialResult = Effect & {
  readonly cut: string;
  readonly system: SystemName;
  readonly perS: number;
  readonly cutS: number;
  readonly startedAt: string;
  readonly accepted: number;
  readonly lost: number;
  /** Accepted, not arrived, and still in the system's queue when the trial ended. */
  readonly stillQueued: number;
  readonly duplicates: number;
  /** Null: the system does not tell. */
  readonly doubted: number | null;
  /** Sessions under a name that is not the one of their address. */
  readonly wrongNames: number;
  readonly machine: Busy;
  /** The machine and the versions, in words. */
  readonly on: string;
  readonly seconds: readonly Second[];
};

export type TrialKey = Pick<TrialResult, 'cut' | 'system' | 'perS' | 'cutS'>;

export function isSameTrial(a: TrialKey, b: TrialKey): boolean {
  return a.cut === b.cut && a.system === b.system && a.perS === b.perS && a.cutS === b.cutS;
}

/** A run of the same trial takes the place of the earlier one. */
export function withResult(results: readonly TrialResult[], result: TrialResult): TrialResult[] {
  return [...results.filter(other => !isSameTrial(other, result)), result];
}

/** What of the wanted trials has no result yet. */
export function stillToRun<Wanted extends TrialKey>(
  wanted: readonly Wanted[],
  results: readonly TrialKey[],
): Wanted[] {
  return wanted.filter(trial => !results.some(result => isSameTrial(trial, result)));
}

/** The results of a file that may not be there yet. */
export async function readResults(file: string): Promise<TrialResult[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter(line => line !== '')
    .map(line => {
      const result: TrialResult = JSON.parse(line);
      return result;
    });
}

/** Replaces the file at once, so that a run which is killed leaves whole lines. */
export async function writeResults(file: string, results: readonly TrialResult[]): Promise<void> {
  const draft = `${file}.new`;
  await writeFile(draft, results.map(result => `${JSON.stringify(result)}\n`).join(''));
  await rename(draft, file);
}
