import assert from 'node:assert/strict';
import test from 'node:test';
import { TraceReader } from './trace-reader.ts';

/** As strace writes a string by -xx. */
const hex = (text: string): string =>
  [...Buffer.from(text)].map(byte => `\\x${byte.toString(16).padStart(2, '0')}`).join('');

const root = '/state';
const database = `7<${hex('/state/queue.db')}>`;
const spool = `8<${hex('/state/spool/1-1')}>`;
const socket = `9<${hex('socket:[42]')}>`;
const here = `AT_FDCWD<${hex('/')}>`;

/** The steps in short: `+` begins, `-` ends; bytes as text. */
function stepsOf(...lines: string[]): string[] {
  const reader = new TraceReader(root);
  for (const line of lines) reader.line(line);
  return reader.steps.map(({ edge, act }) => {
    const sign = edge === 'begin' ? '+' : '-';
    const { kind, ...rest } = act;
    const said = Object.values(rest).map(value =>
      Buffer.isBuffer(value) ? value.toString() : String(value),
    );
    return [`${sign}${kind}`, ...said].join(' ');
  });
}

const rows: [string, string[], string[]][] = [
  [
    'a write at its offset, as much of it as the kernel took',
    [`1 10.5 pwrite64(${database}, "${hex('abcd')}", 4, 4096) = 3`],
    ['+write queue.db 4096 abc', '-write queue.db 4096 abc'],
  ],
  [
    'writes without an offset follow one another from the opening on',
    [
      `1 10.5 openat(${here}, "${hex('/state/spool/1-1')}", O_WRONLY|O_CREAT|O_EXCL|O_CLOEXEC, 0600) = ${spool}`,
      `1 10.6 writev(${spool}, [{iov_base="${hex('ab')}", iov_len=2}, {iov_base="${hex('c')}", iov_len=1}], 2) = 3`,
      `1 10.7 write(${spool}, "${hex('d')}", 1) = 1`,
    ],
    [
      '+create spool/1-1 false',
      '-create spool/1-1 false',
      '+write spool/1-1 0 abc',
      '-write spool/1-1 0 abc',
      '+write spool/1-1 3 d',
      '-write spool/1-1 3 d',
    ],
  ],
  [
    'what lies between the beginning and the end of a call',
    [
      `1 10.5 fdatasync(${database} <unfinished ...>`,
      `2 10.6 pwrite64(${database}, "${hex('x')}", 1, 0) = 1`,
      `1 10.7 <... fdatasync resumed>) = 0`,
    ],
    ['+sync queue.db', '+write queue.db 0 x', '-write queue.db 0 x', '-sync queue.db'],
  ],
  [
    'a call that failed did nothing',
    [
      `1 10.5 unlink("${hex('/state/queue.db-journal')}") = -1 ENOENT (No such file or directory)`,
      `1 10.6 mkdir("${hex('/state/spool')}", 0700 <unfinished ...>`,
      `1 10.7 <... mkdir resumed>) = -1 EEXIST (File exists)`,
    ],
    [],
  ],
  [
    'names that come, change and go',
    [
      `1 10.5 mkdir("${hex('/state/spool')}", 0700) = 0`,
      `1 10.6 rename("${hex('/state/a')}", "${hex('/state/b')}") = 0`,
      `1 10.7 unlink("${hex('/state/b')}") = 0`,
      `1 10.8 fsync(5<${hex('/state')}>) = 0`,
      `1 10.9 ftruncate(${database}, 8192) = 0`,
    ],
    [
      '+create spool true',
      '-create spool true',
      '+rename a b',
      '-rename a b',
      '+remove b',
      '-remove b',
      '+sync ',
      '-sync ',
      '+truncate queue.db 8192',
      '-truncate queue.db 8192',
    ],
  ],
  [
    'other folders and calls are left out, and what is said to the network is kept',
    [
      `1 10.5 openat(${here}, "${hex('/stateful')}", O_RDWR|O_CREAT, 0600) = 5<${hex('/stateful')}>`,
      `1 10.6 write(6<${hex('anon_inode:[eventfd]')}>, "${hex('1')}", 8) = 8`,
      `1 10.7 write(${socket}, "${hex('250 2.0.0 Queued as X.\r\n')}", 24) = 24`,
      `1 10.8 --- SIGTERM {si_signo=SIGTERM} ---`,
    ],
    ['+say 250 2.0.0 Queued as X.\r\n', '-say 250 2.0.0 Queued as X.\r\n'],
  ],
  [
    'a thread that is killed ends its call',
    [`1 10.5 fsync(${database} <unfinished ...>`, '1 10.6 +++ killed by SIGKILL +++'],
    ['+sync queue.db', '-sync queue.db'],
  ],
];
for (const [sentence, lines, expected] of rows)
  test(`a trace: ${sentence}`, () => assert.deepEqual(stepsOf(...lines), expected));

const unreadable: [string, string, RegExp][] = [
  ['shared memory', `1 1.0 openat(${here}, "${hex('/state/q-shm')}", O_RDWR) = 3`, /shared memory/],
  ['a call that no model has', `1 1.0 fallocate(${database}, 0, 0, 9) = 0`, /fallocate of queue\.db/],
  ['a string cut short', `1 1.0 pwrite64(${database}, "${hex('a')}"..., 9, 0) = 9`, /raise -s/],
];
for (const [sentence, line, expected] of unreadable)
  test(`a trace with ${sentence} is refused`, () => assert.throws(() => stepsOf(line), expected));
