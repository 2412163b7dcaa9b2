import type { CarePlan } from '../../decision/postfix/care-plan.ts';
import { mergeWritten } from '../../decision/postfix/care-undo.ts';
import type { PostfixEdit } from '../../decision/postfix/postfix-edit.ts';
import type { Clock, Result } from '../ports.ts';
import {
  CareFolder,
  type CareRecord,
  type ConfigFile,
  type ConfigTexts,
  configFiles,
} from './care-record.ts';
import type { MadePlan } from './make-plan.ts';
import type { PostfixHost } from './postfix-host.ts';
import { isAsWeLeft, sameFiles, sameLines } from './same-files.ts';
import { type OurFiles, putBack } from './undo-care.ts';

/** A master that cannot go on with its new configuration ends within this time. */
const settleMs = 1_000;

export type Applied = {
  readonly changed: boolean;
  readonly reloaded: boolean;
  /** Where the files of before are. */
  readonly backup: string;
};

export type ApplyParts = {
  readonly host: PostfixHost;
  readonly folder: CareFolder;
  readonly clock: Clock;
  /** Plans again, from what is there now. */
  readonly plan: () => Promise<Result<MadePlan, string>>;
};

/**
 * Carries a plan out: a backup first, then master.cf, main.cf, and what goes from master.cf, each a single replacement of
 * the file, with `postfix check` after each; then a reload, where Postfix runs. Whatever fails, all is put back; where
 * somebody else wrote meanwhile, only what is ours. `seen` are the files that the plan was made from. Killed at any
 * moment it leaves a sound Postfix, and another run goes on.
 */
export async function applyCare(
  parts: ApplyParts,
  made: MadePlan,
  seen: ConfigTexts,
): Promise<Result<Applied, string>> {
  const { folder, host } = parts;
  const recorded = await folder.record();
  if (!recorded.ok) return recorded;
  const unfinished = recorded.value?.state === 'applying';
  const backup = folder.path;
  if (made.plan.edits.length === 0 && !unfinished)
    return { ok: true, value: { changed: false, reloaded: false, backup } };
  const now = await folder.texts();
  if (!now.ok) return now;
  if (!sameFiles(now.value, seen)) return { ok: false, error: changedMeanwhile };
  const record = await recordFor(folder, recorded.value, made.plan.edits, now.value);
  if (!record.ok) return record;
  const begun = await begin(parts, made.plan, record.value, recorded.value === null);
  if (!begun.ok) {
    if (recorded.value === null) await folder.clear();
    return { ok: false, error: `${begun.error} Nothing is changed.` };
  }
  const states = [now.value, ...begun.value];
  const wrote = await write(parts, made.plan, states);
  const active = wrote.ok && (await host.isRunning()) ? await takeIntoUse(parts) : null;
  const trouble = [wrote, active].find(each => each?.ok === false);
  if (trouble?.ok === false)
    return {
      ok: false,
      error: await takeBack(parts, trouble.error, states, recorded.value, record.value, active !== null),
    };
  const kept = await folder.keep('after');
  const saved = kept.ok ? await folder.save({ ...record.value, state: 'applied' }) : kept;
  await folder.forgetRestore();
  if (!saved.ok)
    return {
      ok: false,
      error: `All is applied, but ${saved.error} "apply --undo" will go setting by setting.`,
    };
  return { ok: true, value: { changed: true, reloaded: active !== null, backup } };
}

const changedMeanwhile =
  'The configuration of Postfix was changed by somebody else meanwhile; look at "postern postfix plan" again.';

/** Of the settings, those of now are added; of the files, those of the first time are kept. */
async function recordFor(
  folder: CareFolder,
  before: CareRecord | null,
  edits: readonly PostfixEdit[],
  now: ConfigTexts,
): Promise<Result<CareRecord, string>> {
  const copies = {
    before: await folder.copies('before'),
    after: await folder.copies('after'),
    foreseen: before?.state === 'applying',
  };
  const mixed =
    before !== null && (before.mixed || !configFiles.every(file => isAsWeLeft(file, now, copies)));
  const written = mergeWritten(before?.written ?? [], edits);
  return { ok: true, value: { format: 1, state: 'applying', mixed, written } };
}

/** Makes ready all that an undo needs, and gives the files as each step will leave them. */
async function begin(
  { folder, host }: ApplyParts,
  plan: CarePlan,
  record: CareRecord,
  isFirst: boolean,
): Promise<Result<readonly ConfigTexts[], string>> {
  const backup: Result<void, string> = isFirst ? await folder.keep('before') : { ok: true, value: undefined };
  if (!backup.ok) return backup;
  const states: ConfigTexts[] = [];
  const foreseen = await folder.foresee(async directory => {
    for (const step of stepsOf(host.at(directory), plan)) {
      const done = await step();
      if (!done.ok) return done;
      const texts = await new CareFolder(directory).texts();
      if (!texts.ok) return texts;
      states.push(texts.value);
    }
    return { ok: true, value: undefined };
  });
  if (!foreseen.ok) return foreseen;
  const ready = await folder.prepareRestore('now');
  const saved = ready.ok ? await folder.save(record) : ready;
  return saved.ok ? { ok: true, value: states } : saved;
}

type Step = () => Promise<Result<void, string>>;

/** Services that come or change, parameters, services that go: sound after each. */
function stepsOf(host: PostfixHost, { edits }: CarePlan): readonly Step[] {
  const services = edits.filter(({ file }) => file === 'master.cf');
  return [
    () => host.setServices(services.filter(({ value }) => value !== null)),
    () => host.setParameters(edits.filter(({ file }) => file === 'main.cf')),
    () => host.setServices(services.filter(({ value }) => value === null)),
  ];
}

/** `states`: the files as they are at first, and as each step will leave them. */
async function write(
  { host, folder, plan }: ApplyParts,
  carePlan: CarePlan,
  [before, ...states]: readonly ConfigTexts[],
): Promise<Result<void, string>> {
  let known = before;
  const isAs = async (state: ConfigTexts | undefined, same: typeof sameFiles): Promise<boolean> => {
    const now = await folder.texts();
    if (!now.ok || state === undefined || !same(now.value, state)) return false;
    known = now.value;
    return true;
  };
  for (const [place, step] of stepsOf(host, carePlan).entries()) {
    if (!(await isAs(known, sameFiles))) return { ok: false, error: changedMeanwhile };
    const done = await step();
    if (!done.ok) return done;
    if (!(await isAs(states[place], isForeseen))) return { ok: false, error: changedMeanwhile };
    const checked = await host.check();
    if (!checked.ok) return checked;
  }
  const again = await plan();
  if (!again.ok) return again;
  return (await isAs(known, sameFiles)) && again.value.plan.edits.length === 0
    ? { ok: true, value: undefined }
    : { ok: false, error: changedMeanwhile };
}

const isForeseen = (now: ConfigTexts, state: ConfigTexts): boolean =>
  configFiles.every(file => sameLines(now[file], state[file]));

async function takeIntoUse({ host, clock }: ApplyParts): Promise<Result<void, string>> {
  const reloaded = await host.reload();
  if (!reloaded.ok) return reloaded;
  await clock.sleep(settleMs);
  return (await host.isRunning())
    ? { ok: true, value: undefined }
    : { ok: false, error: 'Postfix ended after the reload; its log says why.' };
}

/** Puts all back, and says how that went. A file that is in none of our `states` has somebody else's writing in it. */
async function takeBack(
  { host, folder }: ApplyParts,
  why: string,
  states: readonly ConfigTexts[],
  before: CareRecord | null,
  record: CareRecord,
  wasTaken: boolean,
): Promise<string> {
  const now = await folder.texts();
  const isOurs = (file: ConfigFile, text: string): boolean =>
    states.some(state => sameLines(state[file], text));
  const ours: OurFiles = now.ok
    ? { files: configFiles.filter(file => isOurs(file, now.value[file])), known: now.value }
    : { files: [], known: { 'main.cf': '', 'master.cf': '' } };
  const back = await putBack(host, folder, record.written, ours);
  if (!back.ok)
    return `${why} And it could not be undone: ${back.error} The files of before are in ${folder.path}.`;
  if (before === null) await folder.clear();
  else await folder.save(before);
  await folder.forgetRestore();
  if (!wasTaken) return `${why} Nothing is changed: what was written is taken back.`;
  const again = (await host.isRunning()) ? await host.reload() : await host.start();
  return again.ok
    ? `${why} All is as it was before, and Postfix has it in use again.`
    : `${why} The files are as they were before, but Postfix does not take them: ${again.error}`;
}
