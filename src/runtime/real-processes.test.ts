import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { realClock } from './real-clock.ts';
import { realProcesses } from './real-processes.ts';

let directory = '';
before(() => {
  directory = mkdtempSync(join(tmpdir(), 'postern-processes-'));
});
after(() => rmSync(directory, { recursive: true }));

function script(name: string, ...lines: string[]): string {
  const path = join(directory, name);
  writeFileSync(path, `#!/bin/sh\n${lines.join('\n')}\n`);
  chmodSync(path, 0o755);
  return path;
}

const processes = realProcesses();
const at = (path: string, timeoutMs = 20_000) => ({ path, environment: {}, timeoutMs });

/** Are processes alive whose IDs stand in this file? A zombie is not. */
function alive(file: string): string[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter(pid => pid !== '' && isAlive(pid));
}

/** It is there, and no mere entry whose parent has yet to hear of its end; it may go while we look. */
function isAlive(pid: string): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** The kernel ends what was killed in its own time. */
async function untilDead(file: string): Promise<void> {
  const end = realClock.monotonic() + 10_000;
  while (alive(file).length > 0) {
    assert.ok(realClock.monotonic() < end, `still alive: ${alive(file).join(' ')}`);
    await realClock.sleep(10);
  }
}

test('a program gets its arguments and environment, and nothing of ours', async () => {
  const seen = join(directory, 'seen');
  const path = script('env', `printf '%s|' "$@" > ${seen}`, `echo >> ${seen}`, `env >> ${seen}`);
  const environment = { POSTERN_EVENT: 'uplink', POSTERN_REASON: 'two words; $(none) run' };
  process.env.OF_OURS = 'secret';
  const result = await processes.run({ path, arguments: ['a b', '$HOME'], environment, timeoutMs: 20_000 });
  delete process.env.OF_OURS;
  assert.deepEqual(result, { ok: true, value: undefined });
  const text = readFileSync(seen, 'utf8');
  assert.match(text, /^a b\|\$HOME\|$/m);
  assert.match(text, /^POSTERN_REASON=two words; \$\(none\) run$/m);
  assert.doesNotMatch(text, /OF_OURS/);
});

test('a program that cannot be begun is told, however the system says so', async () => {
  for (const path of [join(script('file'), 'below'), join(directory, 'x'.repeat(5_000))]) {
    const result = await processes.run(at(path));
    assert.ok(!result.ok);
    assert.ok(result.error.startsWith(`${path} could not be run: spawn `), result.error);
  }
});

test('what a program said, and its code, are told', async () => {
  const path = script('fails', 'echo "no such   room" >&2', 'exit 3');
  assert.deepEqual(await processes.run(at(path)), {
    ok: false,
    error: `${path} ended with code 3: no such room`,
  });
});

test('a program that talks without end is heard for a while', async () => {
  const path = script('talks', 'head -c 20000000 /dev/zero | tr "\\0" x', 'exit 1');
  const result = await processes.run(at(path));
  assert.ok(!result.ok);
  assert.equal(result.error, `${path} ended with code 1: ${'x'.repeat(200)}`);
});

test('a program that is not there is told', async () => {
  const path = join(directory, 'nowhere');
  assert.deepEqual(await processes.run(at(path)), {
    ok: false,
    error: `${path} could not be run: spawn ${path} ENOENT.`,
  });
});

test('a folder, and a file without the right to run, are told', async () => {
  const file = join(directory, 'plain');
  writeFileSync(file, 'text');
  for (const path of [directory, file]) {
    const result = await processes.run(at(path));
    assert.ok(!result.ok);
    assert.match(result.error, /could not be run: .*EACCES/);
  }
});

/** Runs what does not end until its limit; a longer one where the machine was too busy to begin `count` processes in it. */
async function runToTheLimit(path: string, pids: string, count: number) {
  for (let limit = 500; ; limit *= 4) {
    const result = await processes.run(at(path, limit));
    const begun = existsSync(pids) ? readFileSync(pids, 'utf8').split('\n').length - 1 : 0;
    if (begun >= count || limit > 10_000) return { result, limit };
    rmSync(pids, { force: true });
  }
}

test('a program that ignores SIGTERM and has children that hold its pipes is killed with them at the limit', async () => {
  const pids = join(directory, 'stubborn-pids');
  const path = script(
    'stubborn',
    "trap '' TERM HUP INT",
    `echo $$ >> ${pids}`,
    `(trap '' TERM; echo $(sh -c 'echo $PPID') >> ${pids}; while :; do sleep 60; done) &`,
    `sh -c 'echo $$ >> ${pids}; sleep 600' &`,
    'while :; do sleep 60; done',
  );
  const { result, limit } = await runToTheLimit(path, pids, 3);
  assert.deepEqual(result, {
    ok: false,
    error: `${path} was killed, because it had not ended after ${limit} ms.`,
  });
  assert.ok(readFileSync(pids, 'utf8').split('\n').length > 3, 'all of them had begun');
  await untilDead(pids);
});

test('a program that forks without end is killed with all that it made', async () => {
  const pids = join(directory, 'fork-pids');
  const path = script(
    'forks',
    `echo $$ >> ${pids}`,
    `while :; do sh -c 'echo $$ >> ${pids}; exec sleep 600' & sleep 0.01; done`,
  );
  const { result } = await runToTheLimit(path, pids, 2);
  assert.ok(!result.ok);
  await untilDead(pids);
});

test('a program that ends and leaves children with its pipes is done, and they are gone', async () => {
  const pids = join(directory, 'left-pids');
  const path = script(
    'leaves',
    `sh -c 'echo $$ >> ${pids}; sleep 600' &`,
    `until [ -s ${pids} ]; do :; done`,
  );
  assert.deepEqual(await processes.run(at(path)), { ok: true, value: undefined });
  await untilDead(pids);
});

test('a stop ends what runs, and begins nothing more', async () => {
  const pids = join(directory, 'stop-pids');
  const path = script('runs', `echo $$ >> ${pids}`, 'sleep 600');
  const stop = new AbortController();
  const running = processes.run({ ...at(path), signal: stop.signal });
  while (!existsSync(pids)) await realClock.sleep(5);
  stop.abort();
  const ended = { ok: false, error: `${path} was ended, because Postern stops.` };
  assert.deepEqual(await running, ended);
  assert.deepEqual(await processes.run({ ...at(path), signal: stop.signal }), ended);
  await untilDead(pids);
});
