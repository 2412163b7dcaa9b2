import { planUndo, type WrittenSetting } from '../../decision/postfix/care-undo.ts';
import { lineDiff } from '../../decision/postfix/line-diff.ts';
import type { Result } from '../ports.ts';
import { type CareFolder, type ConfigTexts, configFiles } from './care-record.ts';
import type { PostfixHost } from './postfix-host.ts';
import { sameButForChoice } from './same-files.ts';

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
  const isOurs = !record.mixed && before !== null && after !== null && sameButForChoice(after, now.value);
  const back = isOurs ? await filesBack(folder) : await ownSettingsBack(host, record.written);
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
    value: { how: isOurs ? 'files' : 'settings', reloaded: isRunning, kept: back.value, difference },
  };
}

/** Takes our settings out one by one; gives the names of those that somebody has changed since. */
export async function ownSettingsBack(
  host: PostfixHost,
  written: readonly WrittenSetting[],
): Promise<Result<readonly string[], string>> {
  const facts = await host.facts();
  if (!facts.ok) return facts;
  const { putBack, kept } = planUndo(facts.value, written);
  // main.cf first: so nothing is named that is not there.
  const parameters = await host.setParameters(putBack.filter(({ file }) => file === 'main.cf'));
  if (!parameters.ok) return parameters;
  const services = await host.setServices(putBack.filter(({ file }) => file === 'master.cf'));
  return services.ok ? { ok: true, value: kept } : services;
}

async function filesBack(folder: CareFolder): Promise<Result<readonly string[], string>> {
  const ready = await folder.prepareRestore('before');
  const back = ready.ok ? await folder.restore() : ready;
  return back.ok ? { ok: true, value: [] } : back;
}

function differenceOf(before: ConfigTexts, after: ConfigTexts): Undone['difference'] {
  const lines = configFiles.map(file => [file, lineDiff(before[file], after[file])] as const);
  return Object.fromEntries(lines.filter(([, differing]) => differing.length > 0));
}
