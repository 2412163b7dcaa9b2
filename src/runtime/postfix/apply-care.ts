import type { CarePlan } from '../../decision/postfix/care-plan.ts';
import { mergeWritten } from '../../decision/postfix/care-undo.ts';
import type { PostfixEdit } from '../../decision/postfix/postfix-edit.ts';
import type { Clock, Result } from '../ports.ts';
import type { CareFolder, CareRecord, ConfigTexts } from './care-record.ts';
import type { MadePlan } from './make-plan.ts';
import type { PostfixHost } from './postfix-host.ts';
import { sameButForChoice, sameFiles } from './same-files.ts';
import { ownSettingsBack } from './undo-care.ts';

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
  const begun = await begin(folder, record.value, recorded.value === null);
  if (!begun.ok) return begun;
  const wrote = await write(parts, made.plan, now.value);
  const wasRunning = await host.isRunning();
  const active = wrote.ok && wasRunning ? await takeIntoUse(parts) : null;
  const trouble = !wrote.ok
    ? wrote.error
    : active !== null && !active.ok
      ? { why: active.error, known: wrote.ok ? wrote.value : null }
      : null;
  if (trouble !== null)
    return {
      ok: false,
      error: await takeBack(parts, trouble, recorded.value, record.value, active !== null),
    };
  const kept = await folder.keepCopies('after');
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
  /** The files as we last knew them; null: they are not known. */
  readonly known: ConfigTexts | null;
};

/** Of the settings, those of now are added; of the files, those of the first time are kept. */
async function recordFor(
  folder: CareFolder,
  before: CareRecord | null,
  edits: readonly PostfixEdit[],
  now: ConfigTexts,
): Promise<Result<CareRecord, string>> {
  const after = before === null ? null : await folder.copies('after');
  const mixed = before !== null && (before.mixed || after === null || !sameButForChoice(after, now));
  const written = mergeWritten(before?.written ?? [], edits);
  return { ok: true, value: { format: 1, state: 'applying', mixed, written } };
}

async function begin(
  folder: CareFolder,
  record: CareRecord,
  isFirst: boolean,
): Promise<Result<void, string>> {
  const backup = isFirst ? await folder.keepCopies('before') : ({ ok: true, value: undefined } as const);
  if (!backup.ok) return backup;
  const ready = await folder.prepareRestore('now');
  return ready.ok ? folder.save(record) : ready;
}

/** Gives the files as they are when all is written. */
async function write(
  { host, folder, plan }: ApplyParts,
  { edits }: CarePlan,
  before: ConfigTexts,
): Promise<Result<ConfigTexts, Trouble>> {
  const services = edits.filter(({ file }) => file === 'master.cf');
  const steps = [
    () => host.setServices(services.filter(({ value }) => value !== null)),
    () => host.setParameters(edits.filter(({ file }) => file === 'main.cf')),
    () => host.setServices(services.filter(({ value }) => value === null)),
  ];
  let known = before;
  for (const step of steps) {
    const now = await folder.texts();
    if (!now.ok) return { ok: false, error: { why: now.error, known: null } };
    if (!sameFiles(now.value, known)) return { ok: false, error: { why: changedMeanwhile, known: null } };
    const done = await step();
    const next = await folder.texts();
    known = next.ok ? next.value : known;
    if (!done.ok) return { ok: false, error: { why: done.error, known } };
    const checked = await host.check();
    if (!checked.ok) return { ok: false, error: { why: checked.error, known } };
  }
  const again = await plan();
  if (!again.ok) return { ok: false, error: { why: again.error, known } };
  if (again.value.plan.edits.length > 0) return { ok: false, error: { why: changedMeanwhile, known: null } };
  return { ok: true, value: known };
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
  const isOurs = known !== null && now.ok && sameFiles(now.value, known);
  const back = isOurs ? await folder.restore() : await ownSettingsBack(host, record.written);
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
