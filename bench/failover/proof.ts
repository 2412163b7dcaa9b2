import { setTimeout as sleep } from 'node:timers/promises';
import { cuts } from '../../lab/cuts.ts';
import { describeMachine } from './machine.ts';
import { readResults, stillToRun, type TrialKey, withResult, writeResults } from './results.ts';
import type { SystemName } from './system.ts';
import { runTrial } from './trial.ts';

export type ProofPlan = {
  readonly cuts: readonly string[];
  readonly systems: readonly SystemName[];
  readonly loads: readonly number[];
  readonly cutS: number;
  readonly atOnce: number;
  readonly file: string;
  /** Trials that have a result are run too. */
  readonly again: boolean;
  readonly say: (line: string) => void;
};

/** Those whose queue drains longest come first, so that nothing waits for them at the end. */
const longestFirst: readonly SystemName[] = ['usual', 'opensmtpd', 'watched', 'postern'];

/** Runs all trials of the plan that have no result yet, `atOnce` side by side. How many failed. */
export async function runProof(plan: ProofPlan): Promise<number> {
  let results = await readResults(plan.file);
  const wanted = wantedTrials(plan);
  const queue = plan.again ? wanted : stillToRun(wanted, results);
  plan.say(`${queue.length} of ${wanted.length} trials are to be run, ${plan.atOnce} at once.`);
  const alone = oneAtATime();
  const on = describeMachine();
  let failed = 0;
  const work = async (): Promise<void> => {
    for (let trial = queue.shift(); trial !== undefined; trial = queue.shift()) {
      const name = `${trial.cut} ${trial.system} ${trial.perS}/s`;
      try {
        const cut = cuts.find(each => each.name === trial.cut);
        if (cut === undefined) throw new Error('no such cut');
        const result = await runTrial({ ...trial, cut, on }, alone);
        results = withResult(results, result);
        await alone(() => writeResults(plan.file, results));
        const { seconds: _, ...figures } = result;
        plan.say(JSON.stringify(figures));
      } catch (error) {
        failed += 1;
        plan.say(`${name} failed: ${String(error)}`);
      }
    }
  };
  await Promise.all(Array.from({ length: plan.atOnce }, work));
  return failed;
}

function wantedTrials({ cuts: names, systems, loads, cutS }: ProofPlan): TrialKey[] {
  const inOrder = longestFirst.filter(system => systems.includes(system));
  return inOrder.flatMap(system => loads.flatMap(perS => names.map(cut => ({ cut, system, perS, cutS }))));
}

/** Setting up is work for the machine; two at a time would disturb those that measure. */
function oneAtATime(): <Value>(act: () => Promise<Value>) => Promise<Value> {
  let last: Promise<unknown> = Promise.resolve();
  return act => {
    const mine = last.then(act);
    last = mine.catch(() => {}).then(() => sleep(500));
    return mine;
  };
}
