import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import test from 'node:test';
import { heard, type OwnProgram, startProgram, stopProgram } from './own-program.ts';

async function whileRunning(text: string, work: (program: OwnProgram) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'postern-own-program-'));
  const file = join(directory, 'program.mjs');
  await writeFile(file, text);
  const program = startProgram(relative(import.meta.dirname, file), []);
  try {
    await work(program);
  } finally {
    await stopProgram(program);
    await rm(directory, { recursive: true });
  }
}

const wait = 'setInterval(() => {}, 1_000);';

test('a program of ours: its lines are heard, the last one before its end too', () =>
  whileRunning(
    "console.log('first'); process.stdin.once('data', () => console.log('last'));",
    async program => {
      assert.equal(await heard(program), 'first');
      program.child.stdin?.end('go\n');
      assert.equal(await heard(program), 'last');
    },
  ));

test('a program of ours: one that ends while we listen is no line', () =>
  whileRunning('process.exitCode = 1;', program => assert.rejects(heard(program))));

test('a program of ours: one that had ended before we listened is no line', () =>
  whileRunning('process.exitCode = 1;', async program => {
    await once(program.child, 'close');
    await assert.rejects(heard(program));
  }));

test('a program of ours: nor is one that had been killed', () =>
  whileRunning(wait, async program => {
    const closed = once(program.child, 'close');
    await stopProgram(program);
    await closed;
    await assert.rejects(heard(program));
  }));
