import type { Finding } from './finding.ts';

/** A finding that came or went while somebody watches. */
export type FindingChange = { readonly change: 'new' | 'gone'; readonly finding: Finding };

/** Runs that are looked back at, and in how many of them a change must be seen: DNS flickers. */
const runsLookedAt = 3;
const runsNeeded = 2;

/**
 * Tells what changes from one run to the next: a finding that was seen in two of the last three runs and was not told is
 * new, one that was told and was missing in two of them is gone. What could not be judged changes nothing.
 */
export class FindingChanges {
  #runs: ReadonlyMap<string, Finding>[] = [];
  readonly #told = new Map<string, Finding>();

  /** The first run is the state to begin with, and tells nothing. */
  next(findings: readonly Finding[]): readonly FindingChange[] {
    const run = new Map(findings.filter(isTold).map(finding => [keyOf(finding), finding]));
    if (this.#runs.length === 0) for (const [key, finding] of run) this.#told.set(key, finding);
    this.#runs = [...this.#runs, run].slice(-runsLookedAt);
    const unjudged = new Set(findings.filter(({ level }) => level === 'skip').map(({ id }) => id));
    return [...this.#come(run), ...this.#gone(unjudged)];
  }

  #come(run: ReadonlyMap<string, Finding>): FindingChange[] {
    return [...run].flatMap(([key, finding]) => {
      if (this.#told.has(key) || this.#count(key) < runsNeeded) return [];
      this.#told.set(key, finding);
      return [{ change: 'new' as const, finding }];
    });
  }

  #gone(unjudged: ReadonlySet<string>): FindingChange[] {
    return [...this.#told].flatMap(([key, finding]) => {
      const missing = this.#runs.length - this.#count(key);
      if (missing < runsNeeded || unjudged.has(finding.id)) return [];
      this.#told.delete(key);
      return [{ change: 'gone' as const, finding }];
    });
  }

  #count(key: string): number {
    return this.#runs.filter(run => run.has(key)).length;
  }
}

const isTold = ({ level }: Finding): boolean =>
  level === 'error' || level === 'warning' || level === 'notice';

const keyOf = ({ id, level, subject: { kind, name, address } }: Finding): string =>
  [id, level, kind, name, address].join(' ');
