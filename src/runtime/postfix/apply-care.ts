import type { CarePlan } from '../../decision/postfix/care-plan.ts';
import { mergeWritten } from '../../decision/postfix/care-undo.ts';
import type { PostfixEdit } from '../../decision/postfix/postfix-edit.ts';
import type { Clock, Result } from '../ports.ts';
import {
  type CareFolder,
  type CareRecord,
  type ConfigFile,
  type ConfigTexts,
  configFiles,
} from './care-record.ts';
import type { MadePlan } from './make-plan.ts';
import type { PostfixHost } from './postfix-host.ts';
import { isAsWeLeft, sameFiles, sameLines } from './same-files.ts';
import { putBack } from './undo-care.ts';

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
  const wrote = await write(parts, made.plan, now.value);
  const wasRunning = await host.isRunning();
  const active = wrote.ok && wasRunning ? await takeIntoUse(parts) : null;
  const trouble = troubleOf(wrote, active);
  if (trouble !== null)
    return {
      ok: false,
      error: await takeBack(parts, trouble, recorded.value, record.value, active !== null),
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

type Trouble = {
  readonly why: string;
  /** The files as we last wrote them. */
  readonly known: ConfigTexts;
};

function troubleOf(wrote: Result<ConfigTexts, Trouble>, active: Result<void, string> | null): Trouble | null {
  if (!wrote.ok) return wrote.error;
  return active === null || active.ok ? null : { why: active.error, known: wrote.value };
}

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

async function begin(
  { folder, host }: ApplyParts,
  plan: CarePlan,
  record: CareRecord,
  isFirst: boolean,
): Promise<Result<void, string>> {
  const backup: Result<void, string> = isFirst ? await folder.keep('before') : { ok: true, value: undefined };
  if (!backup.ok) return backup;
  const foreseen = await folder.foresee(async directory => {
    for (const [, step] of stepsOf(host.at(directory), plan)) {
      const done = await step();
      if (!done.ok) return done;
    }
    return { ok: true, value: undefined };
  });
  if (!foreseen.ok) return foreseen;
  const ready = await folder.prepareRestore('now');
  return ready.ok ? folder.save(record) : ready;
}

type Step = readonly [ConfigFile, () => Promise<Result<void, string>>];

/** Services that come or change, parameters, services that go: sound after each. */
function stepsOf(host: PostfixHost, { edits }: CarePlan): readonly Step[] {
  const services = edits.filter(({ file }) => file === 'master.cf');
  return [
    ['master.cf', () => host.setServices(services.filter(({ value }) => value !== null))],
    ['main.cf', () => host.setParameters(edits.filter(({ file }) => file === 'main.cf'))],
    ['master.cf', () => host.setServices(services.filter(({ value }) => value === null))],
  ];
}

/** Gives the files as they are when all is written. */
async function write(
  { host, folder, plan }: ApplyParts,
  carePlan: CarePlan,
  before: ConfigTexts,
): Promise<Result<ConfigTexts, Trouble>> {
  let known = before;
  const failed = (why: string): Result<ConfigTexts, Trouble> => ({ ok: false, error: { why, known } });
  for (const [file, step] of stepsOf(host, carePlan)) {
    const now = await folder.texts();
    if (!now.ok) return failed(now.error);
    if (!sameFiles(now.value, known)) return failed(changedMeanwhile);
    const done = await step();
    const next = await folder.texts();
    if (next.ok) known = { ...known, [file]: next.value[file] };
    if (!done.ok) return failed(done.error);
    const checked = await host.check();
    if (!checked.ok) return failed(checked.error);
  }
  const again = await plan();
  if (!again.ok) return failed(again.error);
  const [after, foreseen] = [await folder.texts(), await folder.copies('after')];
  const isOurs =
    after.ok && foreseen !== null && configFiles.every(file => sameLines(after.value[file], foreseen[file]));
  return isOurs && again.value.plan.edits.length === 0
    ? { ok: true, value: known }
    : failed(changedMeanwhile);
}

async function takeIntoUse({ host, clock }: ApplyParts): Promise<Result<void, string>> {
  const reloaded = await host.reload();
  if (!reloaded.ok) return reloaded;
  await clock.sleep(settleMs);
  return (await host.isRunning())
    ? { ok: true, value: undefined }
    : { ok: false, error: 'Postfix ended after the reload; its log says why.' };
}

/** Puts all back, and says how that went. */
async function takeBack(
  { host, folder }: ApplyParts,
  { why, known }: Trouble,
  before: CareRecord | null,
  record: CareRecord,
  wasTaken: boolean,
): Promise<string> {
  const now = await folder.texts();
  const ours = now.ok ? configFiles.filter(file => now.value[file] === known[file]) : [];
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
