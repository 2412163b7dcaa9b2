import { execFile } from 'node:child_process';
import { jsonOf } from '../json-of.ts';

const giveUpMs = 2_000;

export type Row = { readonly [key: string]: unknown };

/** The rows of an answer; none where there is none. */
export function rows(answer: unknown): readonly Row[] {
  if (!Array.isArray(answer)) return [];
  return answer.filter((row: unknown): row is Row => typeof row === 'object' && row !== null);
}

export function text(row: Row, key: string): string | null {
  const value = row[key];
  return typeof value === 'string' ? value : null;
}

/** What `ip -j` answers; null where the host has no `ip`, or it refused. */
export function ip(...words: string[]): Promise<unknown> {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  execFile('ip', ['-j', ...words], { timeout: giveUpMs, maxBuffer: 1_048_576 }, (_error, stdout) => {
    resolve(jsonOf(stdout));
  });
  return promise;
}
