import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { realClock } from './real-clock.ts';
import { realPrograms } from './real-programs.ts';

let directory = '';
before(() => {
  directory = mkdtempSync(join(tmpdir(), 'postern-programs-'));
});
after(() => rmSync(directory, { recursive: true }));

const programs = realPrograms();

const sh = (script: string, more: object = {}) =>
  programs.ask({ path: 'sh', arguments: ['-c', script], outputBytes: 1_000, timeoutMs: 20_000, ...more });

test('standard output is given, and what is said besides is not in it', async () => {
  assert.deepEqual(await sh('echo one; echo two >&2'), { ok: true, value: 'one\n' });
});

test('what is to be read comes on standard input', async () => {
  assert.deepEqual(await sh('cat', { input: 'letter' }), { ok: true, value: 'letter' });
});

const failures: readonly (readonly [string, string, object, RegExp])[] = [
  [
    'a failure is told with its last words',
    'echo no room >&2; exit 3',
    {},
    /^sh ended with code 3: no room$/,
  ],
  ['too much is cut off', 'yes', {}, /said more than 1000 bytes/],
  ['what does not end is killed', 'sleep 60', { timeoutMs: 50 }, /was killed/],
];
for (const [sentence, script, more, error] of failures)
  test(sentence, async () => {
    const result = await sh(script, more);
    assert.equal(result.ok, false);
    assert.match(result.ok ? '' : result.error, error);
  });

test('a program that is not there is told', async () => {
  const result = await programs.ask({
    path: join(directory, 'none'),
    arguments: [],
    outputBytes: 1,
    timeoutMs: 1_000,
  });
  assert.match(result.ok ? '' : result.error, /could not be run: .*ENOENT/);
});

/** Waits for a file; the process that writes it is not ours to hear of. */
async function written(path: string): Promise<boolean> {
  const end = realClock.monotonic() + 2_000;
  while (!existsSync(path) && realClock.monotonic() < end) await realClock.sleep(10);
  return existsSync(path);
}

test('what is left running is ended with its program, but for what is meant to go on', async () => {
  const kept = join(directory, 'kept');
  await sh(`(sleep 0.3; echo x > ${kept}) &`, { background: true });
  assert.equal(await written(kept), true);
  const ended = join(directory, 'ended');
  await sh(`(sleep 0.3; echo x > ${ended}) & exit 0`);
  assert.equal(await written(ended), false);
});

test('lines are handed over as they come, cut where they are too long, until they are wanted no more', async () => {
  const stop = new AbortController();
  const lines: string[] = [];
  const why = await programs.follow({
    path: 'sh',
    arguments: ['-c', `echo one; printf '%5000d\\n' 0; echo last; sleep 60`],
    line: text => {
      lines.push(text);
      if (text === 'last') stop.abort();
    },
    signal: stop.signal,
  });
  assert.match(why, /was ended/);
  assert.deepEqual(
    lines.map(line => line.length),
    [3, 4_096, 4],
  );
});

test('a follower that ends by itself says why', async () => {
  const why = await programs.follow({
    path: 'sh',
    arguments: ['-c', 'echo gone >&2; exit 4'],
    line: () => undefined,
    signal: new AbortController().signal,
  });
  assert.match(why, /^sh ended with code 4: gone$/);
});
