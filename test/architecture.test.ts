import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import test from 'node:test';

const root = join(import.meta.dirname, '..');
const src = join(root, 'src');

/** The rooms, and what each may import. `main.ts` may import all and is imported by none. */
const mayImport: Record<string, readonly string[]> = {
  protocol: ['protocol'],
  decision: ['protocol', 'decision'],
  config: ['protocol', 'decision', 'config'],
  runtime: ['protocol', 'decision', 'runtime'],
  surface: ['protocol', 'decision', 'config', 'runtime', 'surface'],
  'main.ts': ['protocol', 'decision', 'config', 'runtime', 'surface'],
};

/** Every way to import: static, side effect, re-export, `import()`, `import type` and a type's `import('…')`. */
const importPattern = /(?:\bfrom\s*|\bimport\s*\(?\s*)['"](?<target>\.[^'"]+)['"]/g;

function importsOf(source: string): string[] {
  return [...source.matchAll(importPattern)].map(match => match.groups?.target ?? '');
}

/** The import graph of what ships, as paths below `src`. A unit test may also use the fakes in `test/`. */
function readGraph(): Map<string, string[]> {
  const files = globSync('**/*.ts', { cwd: src }).filter(file => !file.endsWith('.test.ts'));
  return new Map(
    files.map(file => [
      file,
      importsOf(readFileSync(join(src, file), 'utf8')).map(target =>
        relative(src, join(src, dirname(file), target)),
      ),
    ]),
  );
}

const roomOf = (file: string): string => file.split('/')[0] ?? file;

function misplacedImports(graph: ReadonlyMap<string, readonly string[]>): string[] {
  return [...graph].flatMap(([file, targets]) =>
    targets
      .filter(target => !(mayImport[roomOf(file)] ?? []).includes(roomOf(target)))
      .map(target => `${file} must not import ${target}`),
  );
}

function findCircle(graph: ReadonlyMap<string, readonly string[]>): string[] | null {
  const done = new Set<string>();
  const visit = (file: string, path: string[]): string[] | null => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return null;
    for (const target of graph.get(file) ?? []) {
      const circle = visit(target, [...path, file]);
      if (circle) return circle;
    }
    done.add(file);
    return null;
  };
  for (const file of graph.keys()) {
    const circle = visit(file, []);
    if (circle) return circle;
  }
  return null;
}

test('imports run one way between the rooms', () => {
  const graph = readGraph();
  assert.ok(graph.size > 10, 'the sources were found');
  assert.deepEqual(misplacedImports(graph), []);
});

test('imports go in no circle', () => {
  assert.equal(findCircle(readGraph()), null);
});

test('the two checks above can fail', () => {
  assert.deepEqual(misplacedImports(new Map([['protocol/a.ts', ['decision/b.ts']]])), [
    'protocol/a.ts must not import decision/b.ts',
  ]);
  assert.deepEqual(misplacedImports(new Map([['config/a.ts', ['runtime/b.ts']]])), [
    'config/a.ts must not import runtime/b.ts',
  ]);
  assert.deepEqual(
    findCircle(
      new Map([
        ['a', ['b']],
        ['b', ['a']],
      ]),
    ),
    ['a', 'b', 'a'],
  );
  assert.deepEqual(
    importsOf(
      "import './a.ts'; export { x } from \"./b.ts\"; type T = import('./c.ts').T; import type { Y } from './d.ts';",
    ),
    ['./a.ts', './b.ts', './c.ts', './d.ts'],
  );
});

test('no barrels, no utils, no default exports', () => {
  const files = globSync('**/*.ts', { cwd: src });
  assert.deepEqual(
    files.filter(file => /(^|\/)(index|utils?|helpers?)(\.ts$|\/)/.test(file)),
    [],
  );
  assert.deepEqual(
    files.filter(file => /^export default\b/m.test(readFileSync(join(src, file), 'utf8'))),
    [],
  );
});
