import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { parseSettings } from '../src/config/read-settings.ts';

const folder = join(import.meta.dirname, '..', 'docs', 'operator');
const pages = readdirSync(folder).filter(name => name.endsWith('.md'));

/** What a piece of a configuration leaves out, by the key that it begins with. */
const usual: Readonly<Record<string, string>> = {
  hostname: 'hostname: mail.example.com\n',
  uplinks:
    'uplinks:\n  - { name: isp1, source: [198.51.100.30] }\n  - { name: isp2, source: [203.0.113.40], preference: 20 }\n',
  relay: 'relay: { from_networks: [10.20.0.0/24] }\n',
};

/** The pieces of configuration of a page; those that stand within another key are not whole. */
function configurations(page: string): string[] {
  const text = readFileSync(join(folder, page), 'utf8');
  return [...text.matchAll(/^( *)```yaml\n([^]*?)^\1```/gm)]
    .map(([, indent = '', piece = '']) => piece.replaceAll(new RegExp(`^${indent}`, 'gm'), ''))
    .filter(piece => !piece.startsWith(' '));
}

suite('the manual: what it says to write is taken', () => {
  for (const page of pages)
    for (const [index, piece] of configurations(page).entries())
      test(`${page}, piece ${index + 1}`, () => {
        const missing = Object.entries(usual).filter(([key]) => !new RegExp(`^${key}:`, 'm').test(piece));
        const whole = missing.map(([, text]) => text).join('') + piece;
        const read = parseSettings('postern.yaml', whole);
        assert.deepEqual(read.ok ? [] : read.error.map(({ message }) => message), []);
      });
});

suite('the manual: every page is in its index, and its links lead somewhere', () => {
  const index = readFileSync(join(folder, 'README.md'), 'utf8');
  for (const page of pages)
    test(page, () => {
      if (page !== 'README.md') assert.ok(index.includes(`](${page})`), 'not in the index');
      const text = readFileSync(join(folder, page), 'utf8');
      for (const [, target = ''] of text.matchAll(/\]\(([^)#]+)[^)]*\)/g))
        if (!target.includes('://')) assert.ok(readFileSync(join(folder, target)), target);
    });
});
