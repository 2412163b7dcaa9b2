import type { Cut, Plan } from './plan.ts';

/**
 * The least of a plan that still fails: fewer faults first (halves, then quarters, down to one at a time), then an
 * earlier end, then fewer clients; again until nothing more can go. `fails` runs a cut and tells.
 */
export async function shrink(
  plan: Plan,
  fails: (cut: Cut) => Promise<boolean>,
  told: (cut: Cut) => void = () => undefined,
): Promise<Cut> {
  let cut: Cut = {
    keep: new Set(plan.faults.map(({ number }) => number)),
    clients: plan.clients.length,
    untilMs: plan.forMs,
  };
  const tryTo = async (smaller: Cut): Promise<boolean> => {
    if (!(await fails(smaller))) return false;
    cut = smaller;
    told(cut);
    return true;
  };
  for (let before = ''; before !== textOf(cut); ) {
    before = textOf(cut);
    await shrinkFaults(() => cut, tryTo);
    await shrinkTime(plan, () => cut, tryTo);
    while ((cut.clients ?? 0) > 1 && (await tryTo({ ...cut, clients: (cut.clients ?? 1) - 1 })));
  }
  return cut;
}

/** Zeller's delta debugging, by leaving out alone. */
async function shrinkFaults(current: () => Cut, tryTo: (cut: Cut) => Promise<boolean>): Promise<void> {
  for (let size = Math.ceil(kept(current()).length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let start = 0; start < kept(current()).length; ) {
      const numbers = kept(current());
      const keep = new Set([...numbers.slice(0, start), ...numbers.slice(start + size)]);
      if (!(await tryTo({ ...current(), keep }))) start += size;
    }
  }
}

async function shrinkTime(
  plan: Plan,
  current: () => Cut,
  tryTo: (cut: Cut) => Promise<boolean>,
): Promise<void> {
  const last = plan.faults.findLast(({ number }) => current().keep?.has(number) === true);
  const ends = last === undefined ? 60_000 : last.at + last.forMs + 1;
  for (const untilMs of [ends, (ends + (current().untilMs ?? plan.forMs)) / 2])
    if (untilMs < (current().untilMs ?? plan.forMs) && (await tryTo({ ...current(), untilMs }))) return;
}

const kept = ({ keep }: Cut): number[] => [...(keep ?? [])];
const textOf = (cut: Cut): string => JSON.stringify([kept(cut), cut.clients, cut.untilMs]);
