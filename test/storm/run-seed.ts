import { faultsOf } from './judge.ts';
import type { Outcome } from './outcome.ts';
import { type Cut, cutDown, drawPlan } from './plan.ts';
import { runPlan } from './town.ts';

/** One seed, as the command and its workers pass it. */
export type SeedOrder = { readonly seed: number; readonly forMs: number; readonly cut: Cut };

/** What came of it. */
export type SeedReport = {
  readonly seed: number;
  /** Sentences about what did not hold. */
  readonly faults: readonly string[];
  readonly messages: number;
  readonly deliveries: number;
  readonly lives: number;
  readonly simulatedMs: number;
  readonly fingerprint: string;
};

/** Runs and judges it. What the code under test throws is a fault as any other. */
export async function runSeed({ seed, forMs, cut }: SeedOrder): Promise<SeedReport> {
  const thrown: string[] = [];
  const hear = (error: unknown): void => {
    thrown.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  };
  process.on('unhandledRejection', hear);
  process.on('uncaughtException', hear);
  let outcome: Outcome | null = null;
  try {
    outcome = await runPlan(cutDown(drawPlan(seed, forMs), cut));
  } catch (error) {
    hear(error);
  } finally {
    process.off('unhandledRejection', hear);
    process.off('uncaughtException', hear);
  }
  return {
    seed,
    faults: [
      ...thrown.map(error => `Postern threw: ${error}`),
      ...(outcome === null ? [] : faultsOf(outcome)),
    ],
    messages: outcome?.acknowledged.length ?? 0,
    deliveries: outcome?.deliveries.length ?? 0,
    lives: outcome?.lives ?? 0,
    simulatedMs: outcome?.simulatedMs ?? 0,
    fingerprint: outcome?.fingerprint ?? '',
  };
}
