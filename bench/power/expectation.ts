import type { Arrival, Letter } from '../../lab/loopback/letters.ts';
import type { Step } from './disk-act.ts';

/** What must be true of a message once the power is gone and back. */
export type Owed = {
  readonly letter: Letter;
  /** Recipients that had not had it, and must still get it. */
  readonly forwardPaths: readonly string[];
};

/** Where in the recording each letter was acknowledged, and when each of its recipients had it. */
export class Ledger {
  readonly #steps: readonly Step[];
  /** In the order of their acknowledgement. */
  readonly #acknowledged: readonly { readonly letter: Letter; readonly place: number }[];
  /** By digest and recipient: when it first arrived, ms since 1970. */
  readonly #arrivedAt = new Map<string, number>();

  /** Throws where a client saw a 250 that the trace does not hold. */
  constructor(steps: readonly Step[], letters: readonly Letter[], arrivals: readonly Arrival[]) {
    this.#steps = steps;
    const places = acknowledgements(steps);
    this.#acknowledged = letters
      .map(letter => {
        const place = places.get(letter.id);
        if (place === undefined) throw new Error(`The trace does not hold the 250 for ${letter.id}.`);
        return { letter, place };
      })
      .sort((one, other) => one.place - other.place);
    for (const { at, digest, forwardPaths } of arrivals) {
      for (const path of forwardPaths) {
        const key = `${digest} ${path}`;
        this.#arrivedAt.set(key, Math.min(at, this.#arrivedAt.get(key) ?? at));
      }
    }
  }

  /** Of all that was acknowledged in the first `cut` steps: who had not had it by then. */
  owedAfter(cut: number): { readonly acknowledged: number; readonly owed: readonly Owed[] } {
    const at = this.#steps[cut - 1]?.at ?? 0;
    const before = this.#acknowledged.filter(({ place }) => place < cut);
    const owed = before.map(({ letter }) => ({
      letter,
      forwardPaths: letter.forwardPaths.filter(path => !this.#hadIt(letter, path, at)),
    }));
    return { acknowledged: before.length, owed: owed.filter(({ forwardPaths }) => forwardPaths.length > 0) };
  }

  #hadIt({ digest }: Letter, forwardPath: string, at: number): boolean {
    return (this.#arrivedAt.get(`${digest} ${forwardPath}`) ?? Number.POSITIVE_INFINITY) <= at;
  }
}

/** By ID: the step with which the 250 went out; from then on a client may have seen it. */
function acknowledgements(steps: readonly Step[]): Map<string, number> {
  const places = new Map<string, number>();
  for (const [place, { edge, act }] of steps.entries()) {
    if (act.kind !== 'say' || edge !== 'begin') continue;
    for (const [, id] of act.text.matchAll(/250 2\.0\.0 Queued as (\w+)\./g))
      if (id !== undefined && !places.has(id)) places.set(id, place);
  }
  return places;
}
