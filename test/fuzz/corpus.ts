import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Target } from './targets.ts';

const place = fileURLToPath(new URL('../corpus/', import.meta.url));

export type CorpusEntry = { readonly file: string; readonly bytes: Buffer };

/** The inputs that are kept for a target: ordinary ones, and each that once broke something. */
export function corpusOf({ name }: Target): readonly CorpusEntry[] {
  return readdirSync(`${place}${name}`)
    .toSorted()
    .map(file => ({ file: `${name}/${file}`, bytes: readFileSync(`${place}${name}/${file}`) }));
}

/** Keeps an input that broke something; gives its file. */
export function keep({ name }: Target, bytes: Buffer): string {
  const file = `${name}/broke-${createHash('sha256').update(bytes).digest('hex').slice(0, 12)}`;
  mkdirSync(`${place}${name}`, { recursive: true });
  writeFileSync(`${place}${file}`, bytes);
  return `test/corpus/${file}`;
}
