import assert from 'node:assert/strict';
import test from 'node:test';
import { memoryOf, memoryOfTree } from './tree-memory.ts';

type Mapping = { readonly head: string; readonly rss: number; readonly pss: number; readonly own?: number };

const text = 'r-xp 00800000 fe:00 4711                   /usr/bin/node';
const data = 'rw-p 05e00000 fe:00 4711                   /usr/bin/node';
const shared = 'rw-s 00000000 00:01 9                      /dev/zero (deleted)';
const heap = 'rw-p 00000000 00:00 0                      [heap]';

/** As Linux writes it, less what nobody reads; `own`: of the pages, those that are anonymous. */
const smapsOf = (...mappings: readonly Mapping[]): string =>
  mappings
    .map(
      ({ head, rss, pss, own = 0 }, at) => `5651${at}000-5651${at}fff ${head}
Size:               8192 kB
Rss:               ${String(rss).padStart(5)} kB
Pss:               ${String(pss).padStart(5)} kB
Anonymous:         ${String(own).padStart(5)} kB
AnonHugePages:         0 kB
VmFlags: rd ex mr mw me
`,
    )
    .join('');

const rollupOf = (anonymous: number): string => `5651100000-7ffd83000 ---p 00000000 00:00 0          [rollup]
Rss:               99999 kB
Pss:               77777 kB
Pss_Dirty:         66666 kB
Pss_Anon:          ${anonymous} kB
Pss_File:          55555 kB
Anonymous:         44444 kB
`;

const alone = smapsOf({ head: text, rss: 400, pss: 400 }, { head: heap, rss: 100, pss: 100, own: 100 });
/** The same, when another program maps the same text. */
const besideAnother = smapsOf(
  { head: text, rss: 400, pss: 200 },
  { head: heap, rss: 100, pss: 100, own: 100 },
);

const rows: [string, readonly string[], readonly string[], number][] = [
  ['one process: its own memory, and all that it has of a file', [rollupOf(100)], [alone], 500],
  ['a program outside that maps the same file changes nothing', [rollupOf(100)], [besideAnother], 500],
  [
    'two processes: each its own memory, the file once, as much as one has of it',
    [rollupOf(100), rollupOf(30)],
    [besideAnother, smapsOf({ head: text, rss: 300, pss: 150 })],
    530,
  ],
  [
    'two places of one file are two',
    [rollupOf(0), rollupOf(0)],
    [smapsOf({ head: text, rss: 400, pss: 400 }), smapsOf({ head: data, rss: 20, pss: 20 })],
    420,
  ],
  [
    'pages of a file that the process has changed are its own memory',
    [rollupOf(12)],
    [smapsOf({ head: data, rss: 20, pss: 20, own: 12 })],
    20,
  ],
  [
    'memory that two share without a file counts once',
    [rollupOf(0), rollupOf(0)],
    [smapsOf({ head: shared, rss: 64, pss: 32 }), smapsOf({ head: shared, rss: 64, pss: 32 })],
    64,
  ],
  ['a process that has ended meanwhile has none', [rollupOf(100), ''], [alone, ''], 500],
];
for (const [sentence, rollups, smaps, expected] of rows)
  test(`memory of a tree: ${sentence}`, () => assert.equal(memoryOf(rollups, smaps), 1_024 * expected));

test('memory of a tree: a real one has at least what its root has', () => {
  const { aloneBytes, pssBytes } = memoryOfTree(process.pid);
  assert.ok(aloneBytes > 0.9 * process.memoryUsage.rss());
  assert.ok(pssBytes <= 1.1 * aloneBytes);
});
