import { type PutBack, planUndo, type WrittenSetting } from '../../decision/postfix/care-undo.ts';
import { lineDiff } from '../../decision/postfix/line-diff.ts';
import type { Result } from '../ports.ts';
import { type CareFolder, type ConfigFile, type ConfigTexts, configFiles } from './care-record.ts';
import type { PostfixHost } from './postfix-host.ts';
import { isAsWeLeft } from './same-files.ts';

const nothingToPrepare: Result<void, string> = { ok: true, value: undefined };

export type Undone = {
  /** `nothing`: Postern had written nothing. `files`: byte for byte. `settings`: its own settings, and the rest is kept. */
  readonly how: 'nothing' | 'files' | 'settings';
  readonly reloaded: boolean;
  /** Settings of ours that somebody has changed since: they stay. */
  readonly kept: readonly string[];
  /** What the files have now that they had not before Postern first wrote; by file. */
  readonly difference: Readonly<Record<string, readonly string[]>>;
};

/**
 * Gives back what was there before Postern first wrote: the files themselves where nobody else has written since, else
 * Postern's own settings alone. Killed at any moment it leaves a sound Postfix, and another run goes on.
 */
export async function undoCare(host: PostfixHost, folder: CareFolder): Promise<Result<Undone, string>> {
  const recorded = await folder.record();
  if (!recorded.ok) return recorded;
  const record = recorded.value;
  if (record === null)
    return { ok: true, value: { how: 'nothing', reloaded: false, kept: [], difference: {} } };
  const now = await folder.texts();
  if (!now.ok) return now;
  const [before, after] = await Promise.all([folder.copies('before'), folder.copies('after')]);
  const isWhole = !record.mixed && before !== null;
  const copies = { before, after, foreseen: record.state === 'applying' };
  const ours = isWhole ? configFiles.filter(file => isAsWeLeft(file, now.value, copies)) : [];
  const ready = ours.length > 0 ? await folder.prepareRestore('before') : nothingToPrepare;
  if (!ready.ok) return ready;
  const back = await putBack(host, folder, record.written, { files: ours, known: now.value });
  if (!back.ok) return back;
  const checked = await host.check();
  if (!checked.ok)
    return { ok: false, error: `It is taken back, but "postfix check" says: ${checked.error}` };
  const isRunning = await host.isRunning();
  const reloaded = isRunning ? await host.reload() : null;
  if (reloaded?.ok === false)
    return { ok: false, error: `It is taken back, but Postfix does not take it into use: ${reloaded.error}` };
  const left = await folder.texts();
  const difference = before === null || !left.ok ? {} : differenceOf(before, left.value);
  await folder.clear();
  return {
    ok: true,
    value: {
      how: back.value.restored.length === configFiles.length ? 'files' : 'settings',
      reloaded: isRunning,
      kept: back.value.kept,
      difference,
    },
  };
}

/** Files that nobody but us has written, and what they were when that was seen. */
export type OurFiles = { readonly files: readonly ConfigFile[]; readonly known: ConfigTexts };

export type Back = {
  /** Files that were put back as they are prepared. */
  readonly restored: readonly ConfigFile[];
  /** Settings that somebody has changed since. */
  readonly kept: readonly string[];
};

/**
 * Puts back our files as they are prepared, and takes our settings out of the others one by one. A file that somebody
 * writes meanwhile is one of the others.
 */
export async function putBack(
  host: PostfixHost,
  folder: CareFolder,
  written: readonly WrittenSetting[],
  { files, known }: OurFiles,
): Promise<Result<Back, string>> {
  const facts = await host.facts();
  if (!facts.ok) return facts;
  const planned = planUndo(facts.value, written);
  const restored: ConfigFile[] = [];
  const kept: string[] = [];
  // main.cf first: so nothing is named that is not there.
  for (const file of configFiles) {
    const now = await folder.texts();
    const isOurs = files.includes(file) && now.ok && now.value[file] === known[file];
    const done = isOurs ? await folder.restore(file) : await takeOut(host, file, planned.putBack);
    if (!done.ok) return done;
    if (isOurs) restored.push(file);
    else kept.push(...planned.kept.filter(setting => setting.file === file).map(({ name }) => name));
  }
  return { ok: true, value: { restored, kept } };
}

function takeOut(
  host: PostfixHost,
  file: ConfigFile,
  settings: readonly PutBack[],
): Promise<Result<void, string>> {
  const own = settings.filter(setting => setting.file === file);
  return file === 'main.cf' ? host.setParameters(own) : host.setServices(own);
}

function differenceOf(before: ConfigTexts, after: ConfigTexts): Undone['difference'] {
  const lines = configFiles.map(file => [file, lineDiff(before[file], after[file])] as const);
  return Object.fromEntries(lines.filter(([, differing]) => differing.length > 0));
}
