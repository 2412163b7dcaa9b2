import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { buildSettings } from './build-settings.ts';
import { crossChecks } from './cross-checks.ts';
import { explainIssue } from './explain-issue.ts';
import type { ConfigMistake } from './mistake.ts';
import { configSchema, defaultStateDir } from './schema.ts';
import type { Settings } from './settings.ts';
import { surveyConfig } from './survey.ts';
import { readYaml } from './yaml-file.ts';

/** The configuration and what is worth a look in it; or every mistake of the file, in the order of its lines. */
export type ReadSettings =
  | {
      readonly ok: true;
      readonly value: { readonly settings: Settings; readonly warnings: readonly ConfigMistake[] };
    }
  | { readonly ok: false; readonly error: readonly ConfigMistake[] };

/** Reads and checks a configuration file. A file that cannot be read is a mistake at its first line. */
export async function readSettings(file: string): Promise<ReadSettings> {
  const source = await readSource(file);
  return source.ok ? parseSettings(file, source.value) : failed([source.error]);
}

/** The `state_dir` of a configuration whose other parts may be wrong at the moment: what runs is asked all the same. */
export async function readStateDir(
  file: string,
): Promise<
  | { readonly ok: true; readonly value: string }
  | { readonly ok: false; readonly error: readonly ConfigMistake[] }
> {
  const source = await readSource(file);
  if (!source.ok) return { ok: false, error: [source.error] };
  const yaml = readYaml(file, source.value);
  if (yaml.value === undefined) return { ok: false, error: yaml.mistakes };
  return { ok: true, value: resolve(dirname(file), surveyConfig(yaml.value).stateDir ?? defaultStateDir) };
}

async function readSource(
  file: string,
): Promise<{ ok: true; value: string } | { ok: false; error: ConfigMistake }> {
  try {
    return { ok: true, value: await readFile(file, 'utf8') };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    const why = unreadable[code] ?? `the file cannot be read (${code})`;
    return {
      ok: false,
      error: { file, line: 1, column: 1, message: `${why}; name the configuration with --config FILE.` },
    };
  }
}

const unreadable: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'this user may not read the file',
  EISDIR: 'this is a folder',
};

/** As `readSettings`, of a text in hand. */
export function parseSettings(file: string, source: string): ReadSettings {
  const yaml = readYaml(file, source);
  if (yaml.value === undefined || yaml.value === null) {
    const empty = {
      file,
      line: 1,
      column: 1,
      message: 'the file is empty; write at least hostname and uplinks.',
    };
    return failed(yaml.mistakes.length > 0 ? yaml.mistakes : [empty]);
  }
  const read = configSchema.safeParse(yaml.value);
  const explained = read.success ? [] : read.error.issues.flatMap(issue => explainIssue(issue, yaml.value));
  const findings = crossChecks(surveyConfig(yaml.value));
  const mistakes = [
    ...yaml.mistakes,
    ...explained.map(({ path, key, message }) => ({
      file,
      ...(key === null ? yaml.locate(path) : yaml.locateKey(path, key)),
      message,
    })),
  ];
  const warnings: ConfigMistake[] = [];
  for (const { level, path, message } of findings) {
    (level === 'mistake' ? mistakes : warnings).push({ file, ...yaml.locate(path), message });
  }
  if (!read.success || mistakes.length > 0) return failed(mistakes);
  return { ok: true, value: { settings: buildSettings(read.data, file), warnings: inOrder(warnings) } };
}

function failed(mistakes: readonly ConfigMistake[]): ReadSettings {
  return { ok: false, error: inOrder(mistakes) };
}

function inOrder(mistakes: readonly ConfigMistake[]): ConfigMistake[] {
  return mistakes.toSorted((a, b) => a.line - b.line || a.column - b.column);
}
