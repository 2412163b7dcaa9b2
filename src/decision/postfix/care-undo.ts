import { entryText, serviceKey } from './master-entry.ts';
import type { PostfixEdit } from './postfix-edit.ts';
import type { PostfixFacts } from './postfix-facts.ts';
import { uplinkOfTransport } from './transports.ts';

/** What Postern wrote for one service or parameter, and what stood there before its first time. */
export type WrittenSetting = {
  readonly file: PostfixEdit['file'];
  readonly name: string;
  readonly was: string | null;
  readonly written: string | null;
};

/** What was written before and what is written now: of each setting the first `was`, and the last `written`. */
export function mergeWritten(
  before: readonly WrittenSetting[],
  edits: readonly PostfixEdit[],
): readonly WrittenSetting[] {
  const key = ({ file, name }: { readonly file: string; readonly name: string }): string => `${file} ${name}`;
  const merged = new Map(before.map(setting => [key(setting), setting]));
  for (const edit of edits) {
    const { file, name } = edit;
    const first = merged.get(key(edit));
    merged.set(key(edit), { file, name, was: first ? first.was : edit.was, written: edit.value });
  }
  return [...merged.values()];
}

/** One setting to be put back; a null value takes it out. */
export type PutBack = {
  readonly file: PostfixEdit['file'];
  readonly name: string;
  readonly value: string | null;
};

/**
 * What takes Postern's settings back and nothing else. A setting that somebody has changed since stays and is in
 * `kept`; a service or `default_transport` of our name is ours whatever it says.
 */
export function planUndo(
  facts: PostfixFacts,
  written: readonly WrittenSetting[],
): { readonly putBack: readonly PutBack[]; readonly kept: readonly WrittenSetting[] } {
  const services = new Map(facts.master.map(entry => [serviceKey(entry), entryText(entry)]));
  const putBack: PutBack[] = [];
  const kept: WrittenSetting[] = [];
  for (const setting of written) {
    const { file, name, was, written: ours } = setting;
    const now = (file === 'main.cf' ? facts.explicit.get(name) : services.get(name)) ?? null;
    if (now === was) continue;
    if (now === ours || isOurs(name, now)) putBack.push({ file, name, value: was });
    else kept.push(setting);
  }
  for (const name of services.keys())
    if (isOurService(name) && !written.some(setting => setting.name === name))
      putBack.push({ file: 'master.cf', name, value: null });
  return { putBack, kept };
}

function isOurs(name: string, now: string | null): boolean {
  if (name === 'default_transport') return now !== null && uplinkOfTransport(now) !== null;
  return isOurService(name) && now !== null;
}

const isOurService = (name: string): boolean =>
  name.endsWith('/unix') && uplinkOfTransport(name.slice(0, -'/unix'.length)) !== null;

/** main.cf but for which of our transports it names, which the watch changes: two that agree in this are one. */
export function withoutChoice(mainCf: string): string {
  return mainCf.replace(
    /^default_transport[ \t]*=[ \t]*postern-\S+[ \t]*$/gm,
    'default_transport = postern-',
  );
}
