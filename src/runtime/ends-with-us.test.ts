import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { realClock } from './real-clock.ts';

/** The program's line of `/proc/<pid>/stat`; '' where it has ended, even if nobody has heard of its end yet. */
function entryOf(pid: string): string {
  try {
    const entry = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return /\) Z /.test(entry) ? '' : entry;
  } catch {
    return '';
  }
}

function descendants(pid: string): string[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ').filter(Boolean);
  return children.flatMap(child => [child, ...descendants(child)]);
}

async function until(sentence: string, isSo: () => boolean): Promise<void> {
  const end = realClock.monotonic() + 10_000;
  while (!isSo()) {
    assert.ok(realClock.monotonic() < end, `it never came that ${sentence}`);
    await realClock.sleep(10);
  }
}

const rows: readonly (readonly [string, string, string])[] = [
  [
    'the watch of the host',
    'ip',
    `const { realNetwork } = await import('${join(import.meta.dirname, 'net/real-network.ts')}');
    realNetwork().watchHost(() => {});`,
  ],
  [
    'a program that is followed',
    'sleep',
    `const { realPrograms } = await import('${join(import.meta.dirname, 'real-programs.ts')}');
    const { signal } = new AbortController();
    void realPrograms().follow({ path: 'sleep', arguments: ['600'], line: () => {}, signal });`,
  ],
];
for (const [what, name, begin] of rows)
  test(`${what} leaves no process behind when ours is killed`, async () => {
    const code = `${begin}\nsetInterval(() => {}, 60_000); console.log('begun');`;
    const ours = spawn(process.execPath, ['--input-type=module', '--eval', code], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const pid = String(ours.pid);
    try {
      await once(ours.stdout, 'data');
      await until(`${name} runs`, () =>
        descendants(pid).some(each => entryOf(each).startsWith(`${each} (${name}) `)),
      );
    } finally {
      const left = descendants(pid);
      ours.kill('SIGKILL');
      await until('all have ended', () => left.every(each => entryOf(each) === ''));
    }
  });
