/**
 * `npm run simulate -- --seed N --for 1h`: the whole gateway among faults drawn from a seed; see CONTRIBUTING.md.
 *
 * Exit 0: all that must hold has held; 1: a seed has failed, and the line that replays it is printed; 2: a wrong call.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { parseDuration } from '../../src/config/measures.ts';
import { faultText } from './fault.ts';
import { type Cut, cutDown, drawPlan } from './plan.ts';
import { runSeed, type SeedOrder, type SeedReport } from './run-seed.ts';
import { shrink } from './shrink.ts';

const usage = `npm run simulate -- [--seed N] [--for 1h]        one seed, replayed exactly, its faults listed
npm run simulate -- --seeds 1000 [--from N]      that many seeds, on all cores (--jobs N)
npm run simulate -- --seed N --shrink            the least of it that still fails
npm run simulate -- --seed N --keep 3,9 --until 20m --clients 1    a part of it`;

const second = 1_000;
/** A seed that takes longer than this for each of its simulated hours hangs. */
const hangsAfterMs = 300 * second;

type Call = {
  readonly seeds: readonly number[];
  readonly forMs: number;
  readonly cut: Cut;
  readonly shrinks: boolean;
  readonly jobs: number;
};

function readCall(): Call | string {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string' },
      seeds: { type: 'string' },
      from: { type: 'string', default: '1' },
      for: { type: 'string', default: '1h' },
      jobs: { type: 'string', default: String(availableParallelism()) },
      keep: { type: 'string' },
      until: { type: 'string' },
      clients: { type: 'string' },
      shrink: { type: 'boolean', default: false },
    },
  });
  const forMs = durationOf(values.for);
  const untilMs = values.until === undefined ? null : durationOf(values.until);
  const numbers = [values.seed, values.seeds, values.from, values.jobs, values.clients].map(Number);
  const isWrong = numbers.some(each => !Number.isNaN(each) && !(Number.isSafeInteger(each) && each >= 0));
  if (forMs === null || (values.until !== undefined && untilMs === null) || isWrong) return usage;
  const first = Number(values.seed ?? values.from);
  const count = values.seed === undefined ? Number(values.seeds ?? 1) : 1;
  const keep = values.keep
    ?.split(',')
    .filter(each => each !== '')
    .map(Number);
  return {
    seeds: Array.from({ length: count }, (_, n) => first + n),
    forMs,
    cut: {
      keep: keep === undefined ? null : new Set(keep),
      clients: values.clients === undefined ? null : Number(values.clients),
      untilMs,
    },
    shrinks: values.shrink,
    jobs: Math.max(1, Math.min(Number(values.jobs), count)),
  };
}

function durationOf(text: string): number | null {
  const parsed = parseDuration(text);
  return parsed.ok ? parsed.value : null;
}

/** The call that gives the same run again. */
function replayOf(seed: number, forMs: number, { keep, clients, untilMs }: Cut): string {
  const minutes = (ms: number): string => `${Math.round(ms / second)}s`;
  return [
    `npm run simulate -- --seed ${seed} --for ${minutes(forMs)}`,
    ...(keep === null ? [] : [`--keep ${[...keep].join(',') || "''"}`]),
    ...(untilMs === null ? [] : [`--until ${minutes(untilMs)}`]),
    ...(clients === null ? [] : [`--clients ${clients}`]),
  ].join(' ');
}

function tell({ seed, faults, messages, deliveries, lives, simulatedMs }: SeedReport, replay: string): void {
  const hours = (simulatedMs / 3_600_000).toFixed(1);
  const what = `${messages} messages, ${deliveries} deliveries, ${lives} lives, ${hours} h`;
  console.log(`seed ${seed}: ${faults.length === 0 ? 'all held' : `${faults.length} FAULTS`} (${what})`);
  for (const fault of faults.slice(0, 8)) console.log(`  ${fault}`);
  if (faults.length > 8) console.log(`  and ${faults.length - 8} more`);
  if (faults.length > 0) console.log(`  again: ${replay}`);
}

/** Every core takes the next seed when it is done with one. */
async function runMany(call: Call): Promise<SeedReport[]> {
  const waiting = [...call.seeds];
  const reports: SeedReport[] = [];
  const work = async (): Promise<void> => {
    let worker = new Worker(new URL('./seed-worker.ts', import.meta.url));
    for (let seed = waiting.shift(); seed !== undefined; seed = waiting.shift()) {
      const order = { seed, forMs: call.forMs, cut: call.cut };
      const report = await runOn(worker, order);
      if (report === null) {
        await worker.terminate();
        worker = new Worker(new URL('./seed-worker.ts', import.meta.url));
      }
      const known = report ?? hung(seed);
      reports.push(known);
      tell(known, replayOf(seed, call.forMs, call.cut));
    }
    await worker.terminate();
  };
  await Promise.all(Array.from({ length: call.jobs }, work));
  return reports;
}

/** Null: it hangs, or has died. */
function runOn(worker: Worker, order: SeedOrder): Promise<SeedReport | null> {
  return new Promise(resolve => {
    const hours = Math.max(1, order.forMs / 3_600_000);
    const done = (report: SeedReport | null): void => {
      clearTimeout(late);
      worker.off('message', done);
      worker.off('error', die);
      resolve(report);
    };
    const die = (): void => done(null);
    const late = setTimeout(die, hangsAfterMs * hours);
    worker.on('message', done);
    worker.on('error', die);
    worker.postMessage(order);
  });
}

const hung = (seed: number): SeedReport => ({
  seed,
  faults: ['It does not end: something turns in a circle, or the worker has died.'],
  messages: 0,
  deliveries: 0,
  lives: 0,
  simulatedMs: 0,
  fingerprint: '',
});

async function shrinkSeed(call: Call, seed: number): Promise<number> {
  const plan = cutDown(drawPlan(seed, call.forMs), call.cut);
  const run = (cut: Cut): Promise<SeedReport> => runSeed({ seed, forMs: call.forMs, cut });
  const first = (await run(call.cut)).faults[0];
  if (first === undefined) {
    console.log(`seed ${seed}: all held, so there is nothing to shrink.`);
    return 0;
  }
  console.log(`seed ${seed}: ${first}`);
  const kind = kindOf(first);
  const least = await shrink(
    plan,
    async cut => (await run(cut)).faults.some(fault => kindOf(fault) === kind),
    cut => console.log(`  still: ${replayOf(seed, call.forMs, cut)}`),
  );
  tell(await run(least), replayOf(seed, call.forMs, least));
  for (const fault of cutDown(plan, least).faults) console.log(`  ${faultText(fault)}`);
  return 1;
}

/** The same fault in another run has other numbers and names. */
function kindOf(fault: string): string {
  return fault.replace(/[<(]?\S*\d\S*/g, '#').slice(0, 60);
}

async function main(): Promise<number> {
  const call = readCall();
  if (typeof call === 'string') {
    console.error(call);
    return 2;
  }
  const [seed = 1] = call.seeds;
  if (call.shrinks) return shrinkSeed(call, seed);
  if (call.seeds.length === 1) {
    const plan = cutDown(drawPlan(seed, call.forMs), call.cut);
    console.log(JSON.stringify({ climate: plan.climate, uncommon: plan.uncommon, clients: plan.clients }));
    for (const fault of plan.faults) console.log(faultText(fault));
    const report = await runSeed({ seed, forMs: call.forMs, cut: call.cut });
    tell(report, replayOf(seed, call.forMs, call.cut));
    console.log(`fingerprint ${report.fingerprint}`);
    return report.faults.length === 0 ? 0 : 1;
  }
  const reports = await runMany(call);
  const failed = reports.filter(({ faults }) => faults.length > 0).map(each => each.seed);
  const messages = reports.reduce((sum, each) => sum + each.messages, 0);
  const hours = reports.reduce((sum, each) => sum + each.simulatedMs, 0) / 3_600_000;
  const what = `${reports.length} seeds, ${messages} messages, ${hours.toFixed(0)} simulated hours`;
  console.log(`${what}: ${failed.length === 0 ? 'all held' : `failed: ${failed.join(', ')}`}`);
  return failed.length === 0 ? 0 : 1;
}

process.exitCode = await main();
