import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SimRandom } from '../../test/simulation/sim-random.ts';
import { Ledger } from './expectation.ts';
import { PowerDisk } from './power-disk.ts';
import { missingTool, type Recording, readRecording, record } from './recording.ts';
import { findByServing, findInStore, layOut } from './restart.ts';

export type PowerTrial = {
  readonly seed: number;
  readonly cuts: number;
  /** Only this one of the cuts; null: all. */
  readonly onlyCut: number | null;
  readonly loadMs: number;
  /** A folder that an earlier trial has kept, whose recording is used again. */
  readonly recording: string | null;
  /** The gateway is recorded with `synchronous=OFF`, and the trial is to find what that loses. */
  readonly unsafe: boolean;
  readonly keep: boolean;
};

/** Every so manyth cut is tried by `postern serve` itself, the others by the store's own recovery. */
const servedEvery = 50;
/** Of the control, in which no sync counts. */
const controlCuts = 20;
/** Such a share of the cuts is put into the first steps of a life, where the queue is made or recovered. */
const earlyShare = 0.1;
const earlySteps = 300;
/** Memory, where there is any: a cut is a few files of some megabytes, written once and thrown away. */
const scratch = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

type Cut = { readonly number: number; readonly place: number; readonly random: SimRandom };

/**
 * `npm run crash -- --power`: is what was acknowledged kept when the power goes?
 *
 * A gateway under load is recorded once: each change of its disk and each sync. Then the power goes at random places of
 * the recording; the disk is put together as it could stand, a gateway starts on it, and all that was acknowledged before
 * and had not reached its receivers must be there, whole. Some cuts on a disk that keeps no sync's promise are the
 * control: there mail must be lost, or the trial sees nothing. Gives the exit code.
 */
export async function powerTrial(trial: PowerTrial): Promise<number> {
  const missing = await missingTool();
  if (missing !== null) {
    console.error(missing);
    return 2;
  }
  const directory = trial.recording ?? (await mkdtemp(join(tmpdir(), 'postern-power-')));
  if (trial.recording === null) await record({ ...trial, directory });
  const recording = await readRecording(directory);
  await checkModel(recording);
  const { steps, letters } = recording;
  console.log(`recorded: ${steps.length} steps, ${letters.length} messages acknowledged`);
  const passed = await (trial.unsafe ? tryUnsafe : tryAll)(recording, trial, directory);
  if (passed && !trial.keep && trial.recording === null)
    await rm(directory, { recursive: true, force: true });
  else console.log(`the recording is kept in ${directory}`);
  return passed ? 0 : 1;
}

/** Nothing may be lost, and in the control much must be. */
async function tryAll(recording: Recording, trial: PowerTrial, directory: string): Promise<boolean> {
  const cuts = cutsOf(trial, recording);
  const { failed } = await tryCuts(recording, new PowerDisk(), cuts);
  for (const number of failed.slice(0, 5))
    console.log(
      `again: npm run crash -- --power --recording ${directory} --seed ${trial.seed} --cuts ${trial.cuts} --cut ${number}`,
    );
  if (trial.onlyCut !== null) return failed.length === 0;
  console.log('control: the same disk, but no sync counts');
  const few = cutsOf({ ...trial, cuts: controlCuts }, recording);
  const control = await tryCuts(recording, new PowerDisk({ syncsCount: false }), few, false);
  if (control.failed.length === 0) console.log('the control lost nothing: this trial would not see a loss');
  return failed.length === 0 && control.failed.length > 0;
}

async function tryUnsafe(recording: Recording, trial: PowerTrial): Promise<boolean> {
  const cuts = cutsOf(trial, recording);
  const { failed } = await tryCuts(recording, new PowerDisk(), cuts);
  if (failed.length === 0) console.log('synchronous=OFF lost nothing: this trial would not see a loss');
  return failed.length > 0;
}

/** The model with everything kept must be the folder that the gateway left. */
async function checkModel({ steps, stateDirectory }: Recording): Promise<void> {
  const disk = new PowerDisk();
  for (const step of steps) disk.take(step);
  const modelled = disk.now();
  const found = await readdir(stateDirectory, { recursive: true, withFileTypes: true });
  const files = found.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name));
  for (const file of files) {
    const path = file.slice(stateDirectory.length + 1);
    const bytes = modelled.get(path);
    assert.ok(bytes, `The trace does not tell of ${path}.`);
    assert.ok(bytes.equals(await readFile(file)), `The trace tells of another ${path} than there is.`);
    modelled.delete(path);
  }
  const more = [...modelled].filter(([, bytes]) => bytes !== null).map(([path]) => path);
  assert.deepEqual(more, [], 'The trace tells of files that are not there.');
}

/** In the order of their places, so that one walk over the recording serves all. */
function cutsOf({ seed, cuts, onlyCut }: PowerTrial, { steps, lives }: Recording): Cut[] {
  const all = Array.from({ length: cuts }, (_, number) => {
    const random = new SimRandom(seed * 1_000_003 + number);
    const early = random.chance(earlyShare) ? random.pick(lives) : null;
    const place =
      early === null ? random.between(1, steps.length + 1) : random.between(early + 1, early + earlySteps);
    return { number, place: Math.min(place, steps.length), random };
  });
  const wanted = onlyCut === null ? all : all.filter(({ number }) => number === onlyCut);
  return wanted.sort((one, other) => one.place - other.place || one.number - other.number);
}

async function tryCuts(
  { steps, letters, arrivals }: Recording,
  disk: PowerDisk,
  cuts: readonly Cut[],
  mayServe = true,
): Promise<{ readonly failed: readonly number[] }> {
  const place = await mkdtemp(join(scratch, 'postern-restart-'));
  const ledger = new Ledger(steps, letters, arrivals);
  const began = performance.now();
  const failed: number[] = [];
  const sum = { acknowledged: 0, owed: 0, inDoubt: 0, served: 0, lost: 0 };
  let taken = 0;
  for (const [done, { number, place: cut, random }] of cuts.entries()) {
    for (const step of steps.slice(taken, cut)) disk.take(step);
    taken = cut;
    const { acknowledged, owed } = ledger.owedAfter(cut);
    const serve = mayServe && number % servedEvery === 0;
    await layOut(disk.afterPowerLoss(random), join(place, 'state'));
    const found = await (serve ? findByServing(place, owed) : findInStore(join(place, 'state'), owed));
    const recipients = owed.reduce((count, { forwardPaths }) => count + forwardPaths.length, 0);
    sum.acknowledged += acknowledged;
    sum.owed += recipients;
    sum.inDoubt += Math.max(0, found.recipients - recipients);
    sum.served += serve ? 1 : 0;
    sum.lost += found.losses.length;
    if (found.losses.length > 0) failed.push(number);
    for (const loss of found.losses.slice(0, failed.length > 3 ? 0 : 3))
      console.log(`cut ${number}: ${loss}`);
    if ((done + 1) % 100 === 0) console.log(`${done + 1} cuts, ${failed.length} lost mail`);
  }
  await rm(place, { recursive: true, force: true });
  const seconds = Math.round((performance.now() - began) / 1_000);
  console.log(
    `${cuts.length} cuts in ${seconds} s (${sum.served} of them by "postern serve"): ${failed.length} lost mail; ` +
      `${sum.acknowledged} times a message was acknowledged before its cut, ${sum.owed} times a recipient had not had it, ` +
      `${sum.inDoubt} times one more would get it again or without its 250`,
  );
  return { failed };
}
