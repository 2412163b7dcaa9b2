import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import test from 'node:test';

const root = join(import.meta.dirname, '..');
const src = join(root, 'src');

type Rules = Readonly<Record<string, readonly string[]>>;
/** What each file imports, by paths below one folder. */
type Graph = ReadonlyMap<string, readonly string[]>;

/** The rooms, and what each may import. `main.ts` may import all and is imported by none. */
const mayImport: Rules = {
  protocol: ['protocol'],
  decision: ['protocol', 'decision'],
  config: ['protocol', 'decision', 'config'],
  runtime: ['protocol', 'decision', 'runtime'],
  surface: ['protocol', 'decision', 'config', 'runtime', 'surface'],
  'main.ts': ['protocol', 'decision', 'config', 'runtime', 'surface'],
};

/** What stands beside `src`, and what each may import. */
const besideMayImport: Rules = {
  test: ['src', 'test'],
  lab: ['src', 'test', 'lab'],
  bench: ['src', 'test', 'lab', 'bench'],
  interop: ['src', 'test', 'lab', 'interop'],
};

/** Every way to import: static, side effect, re-export, `import()`, `import type` and a type's `import('…')`. */
const importPattern = /(?:\bfrom\s*|\bimport\s*\(?\s*)['"](?<target>\.[^'"]+)['"]/g;

function importsOf(source: string): string[] {
  return [...source.matchAll(importPattern)].map(match => match.groups?.target ?? '');
}

function readGraph(files: readonly string[], folder: string): Graph {
  return new Map(
    files.map(file => [
      file,
      importsOf(readFileSync(join(folder, file), 'utf8')).map(target =>
        relative(folder, join(folder, dirname(file), target)),
      ),
    ]),
  );
}

/** What ships. A unit test may also use the fakes in `test/`. */
function readSources(): Graph {
  const files = globSync('**/*.ts', { cwd: src }).filter(file => !file.endsWith('.test.ts'));
  return readGraph(files, src);
}

function readBeside(): Graph {
  const files = globSync(`{${Object.keys(besideMayImport).join(',')}}/**/*.ts`, { cwd: root });
  return readGraph(
    files.filter(file => !file.includes('/.')),
    root,
  );
}

const roomOf = (file: string): string => file.split('/')[0] ?? file;

function misplacedImports(graph: Graph, rules: Rules): string[] {
  return [...graph].flatMap(([file, targets]) =>
    targets
      .filter(target => !(rules[roomOf(file)] ?? []).includes(roomOf(target)))
      .map(target => `${file} must not import ${target}`),
  );
}

function findCircle(graph: Graph): string[] | null {
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
  const graph = readSources();
  assert.ok(graph.size > 10, 'the sources were found');
  assert.deepEqual(misplacedImports(graph, mayImport), []);
});

test('imports run one way between what stands beside the sources', () => {
  const graph = readBeside();
  for (const room of Object.keys(besideMayImport))
    assert.ok(
      [...graph.keys()].some(file => roomOf(file) === room),
      `${room} was found`,
    );
  assert.deepEqual(misplacedImports(graph, besideMayImport), []);
});

test('imports go in no circle', () => {
  assert.equal(findCircle(readSources()), null);
  assert.equal(findCircle(readBeside()), null);
});

test('the checks above can fail', () => {
  assert.deepEqual(misplacedImports(new Map([['protocol/a.ts', ['decision/b.ts']]]), mayImport), [
    'protocol/a.ts must not import decision/b.ts',
  ]);
  assert.deepEqual(misplacedImports(new Map([['config/a.ts', ['runtime/b.ts']]]), mayImport), [
    'config/a.ts must not import runtime/b.ts',
  ]);
  assert.deepEqual(misplacedImports(new Map([['lab/a.ts', ['bench/b.ts']]]), besideMayImport), [
    'lab/a.ts must not import bench/b.ts',
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

/** Paths and bare names of files that a page writes between backquotes; of a path with a star only the folder. */
function filesNamed(page: string): string[] {
  return [...page.matchAll(/`([\w./*-]*?[\w*-]+\.ts)`/g)].map(match => match[1] ?? '');
}

test('the page that leads into the code names only files that are there', () => {
  const page = readFileSync(join(root, 'docs/ARCHITECTURE.md'), 'utf8');
  const named = filesNamed(page);
  const there = globSync('{src,test,lab,bench}/**/*.ts', { cwd: root }).map(file => `/${file}`);
  assert.ok(named.length > 50, 'names were found');
  assert.deepEqual(
    named.filter(name => {
      const [before = '', after = ''] = `/${name}`.split('*');
      return !there.some(file => file.includes(before) && file.endsWith(after));
    }),
    [],
  );
  assert.deepEqual(filesNamed('`runtime/egress/monitor.ts`, `egress-*.ts`, `Egress`, and `main.ts`'), [
    'runtime/egress/monitor.ts',
    'egress-*.ts',
    'main.ts',
  ]);
});
