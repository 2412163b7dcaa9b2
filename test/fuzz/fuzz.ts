/**
 * `npm run fuzz -- --for 10m --seed N`: every reader of what comes from outside, fed with what is near to its corpus.
 *
 * First the targets of `targets.ts`, each for its share of the time, then all property tests of the house with fresh
 * seeds. What breaks a target is shrunk and kept in `test/corpus`. Exit 0: nothing broke; 1: something did; 2: a wrong
 * call.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { parseDuration } from '../../src/config/measures.ts';
import { corpusOf, keep } from './corpus.ts';
import { endHttp } from './http-peer.ts';
import { mutated } from './mutate.ts';
import { type Target, targets } from './targets.ts';

/** An input that takes longer has found a loop or a regular expression that backtracks. */
const slowMs = 2_000;
/** What a target may leave in memory after its share, in bytes. */
const growthAtMost = 32 * 2 ** 20;

const { values } = parseArgs({
  options: {
    for: { type: 'string', default: '10m' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    target: { type: 'string' },
  },
});

async function main(): Promise<number> {
  const forMs = parseDuration(values.for);
  const seed = Number(values.seed);
  const chosen = targets.filter(({ name }) => values.target === undefined || name === values.target);
  if (!forMs.ok || !Number.isSafeInteger(seed) || chosen.length === 0) {
    const names = targets.map(({ name }) => name).join(', ');
    console.error(`npm run fuzz -- [--for 10m] [--seed N] [--target NAME]; the targets are ${names}`);
    return 2;
  }
  const propertyMs = values.target === undefined ? forMs.value / 4 : 0;
  const shareMs = (forMs.value - propertyMs) / chosen.length;
  console.log(`seed ${seed}`);
  let broken = 0;
  for (const target of chosen) if (!(await fuzz(target, seed, shareMs))) broken += 1;
  await endHttp();
  if (propertyMs > 0 && !runProperties(seed, propertyMs)) broken += 1;
  console.log(broken === 0 ? 'Nothing broke.' : `${broken} broke.`);
  return broken === 0 ? 0 : 1;
}

async function fuzz(target: Target, seed: number, forMs: number): Promise<boolean> {
  const inputs = mutated(
    corpusOf(target).map(({ bytes }) => bytes),
    target.words,
  );
  const property = fc.asyncProperty(inputs, bytes => fedInTime(target, bytes));
  const before = heapBytes();
  const settings = {
    seed,
    numRuns: 1_000_000_000,
    interruptAfterTimeLimit: forMs,
    markInterruptAsFailure: false,
  };
  const details = await fc.check(property, settings);
  const grown = heapBytes() - before;
  const [input] = details.counterexample ?? [];
  if (input !== undefined) {
    console.log(`${target.name}: BROKE after ${details.numRuns} inputs; kept as ${keep(target, input)}`);
    console.log(String(details.errorInstance));
    return false;
  }
  const isFlat = grown < growthAtMost;
  const size = `memory ${(grown / 2 ** 20).toFixed(1)} MiB`;
  console.log(`${target.name}: ${details.numRuns} inputs, ${size}${isFlat ? '' : ': IT GROWS'}`);
  return isFlat;
}

async function fedInTime(target: Target, bytes: Buffer): Promise<void> {
  const time = async (): Promise<number> => {
    const start = performance.now();
    await target.feed(bytes);
    return performance.now() - start;
  };
  // A busy machine is slow once, a loop is slow always.
  if ((await time()) > slowMs && (await time()) > slowMs)
    throw new Error(`${bytes.length} bytes took more than ${slowMs} ms, twice`);
}

function heapBytes(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

/** The property tests that stand beside the code, again and again with other seeds and more runs. */
function runProperties(seed: number, forMs: number): boolean {
  const files = readdirSync('.', { recursive: true, encoding: 'utf8' })
    .filter(file => /^(?:src|test)\/.*\.test\.ts$/.test(file) && !file.startsWith('test/fuzz/'))
    .filter(file => readFileSync(file, 'utf8').includes("from 'fast-check'"));
  const end = performance.now() + forMs;
  let rounds = 0;
  do {
    const env = { ...process.env, FUZZ_SEED: String(seed + rounds), FUZZ_RUNS: '2000' };
    const longer = ['--import', './test/fuzz/longer.ts', '--test', '--test-isolation=none'];
    const { status, stdout } = spawnSync(process.execPath, [...longer, ...files], { env, encoding: 'utf8' });
    if (status !== 0) {
      console.log(`property tests: BROKE with seed ${seed + rounds}\n${stdout.slice(-5_000)}`);
      return false;
    }
    rounds += 1;
  } while (performance.now() < end);
  console.log(`property tests: ${files.length} files, ${rounds} times`);
  return true;
}

process.exitCode = await main();
