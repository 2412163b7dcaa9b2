import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';

const postern = join(import.meta.dirname, '../../bin/postern');

type Ended = { readonly code: number; readonly out: string; readonly err: string };

function run(...args: string[]): Promise<Ended> {
  return new Promise(resolve => {
    execFile(postern, args, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code), out, err });
    });
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  server.close();
  await once(server, 'close');
  return typeof bound === 'object' && bound !== null ? bound.port : 0;
}

/** Until the log in this file has such a line; ends with the process that writes it. */
async function logged(file: string, pattern: RegExp, child: ChildProcess): Promise<void> {
  const has = (): boolean => existsSync(file) && pattern.test(readFileSync(file, 'utf8'));
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const look = (): void => {
    if (has()) resolve();
  };
  const watching = watch(join(file, '..'), look);
  const ended = (): void => reject(new Error(`serve ended before its log said ${String(pattern)}`));
  child.once('exit', ended);
  look();
  await promise.finally(() => {
    watching.close();
    child.off('exit', ended);
  });
}

test('serve, run as a service: a damaged trace, log file, rotation, pages that move, notices, and a stop that is told', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'postern-served-'));
  const at = (name: string): string => join(directory, name);
  const [before, after] = [await freePort(), await freePort()];
  const hook = at('on-change');
  writeFileSync(hook, `#!/bin/sh\necho "$POSTERN_EVENT $POSTERN_UPLINK $POSTERN_STATE" >> ${at('told')}\n`);
  chmodSync(hook, 0o755);
  const config = (port: number): string => `hostname: mail.example.com
state_dir: state
uplinks: [{ name: isp1, source: [127.0.0.2] }]
http: { address: "127.0.0.1:${port}" }
notify: [{ command: ${hook} }]
log: { file: postern.log }
`;
  const file = at('postern.yaml');
  writeFileSync(file, config(before));
  mkdirSync(at('state'));
  writeFileSync(at('state/trace.db'), 'no database '.repeat(100));
  const child = spawn(postern, ['serve', '--config', file], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const told = async (pattern: RegExp): Promise<void> => {
    while (!pattern.test(readFileSync(at('told'), 'utf8')))
      await new Promise(resolve => setTimeout(resolve, 10));
  };
  let out = '';
  child.stdout.on('data', chunk => (out += String(chunk)));
  try {
    await logged(at('postern.log'), /Postern is ready/, child);
    const ready = await fetch(`http://127.0.0.1:${before}/readyz`);
    assert.deepEqual([ready.status, (await ready.json()).ready], [200, true]);
    const metrics = await (await fetch(`http://127.0.0.1:${before}/metrics`)).text();
    assert.match(metrics, /^postern_egress_state\{uplink="isp1",source="127\.0\.0\.2",state="unknown"\} 1$/m);

    const tested = await run('notify', 'test', '--config', file);
    assert.deepEqual(tested, { code: 0, out: `ok      command ${hook}: It was told.\n`, err: '' });
    await told(/^test  test$/m);
    await told(/^trace  over$/m);
    assert.match(
      readFileSync(at('postern.log'), 'utf8'),
      /The trace \S+\/trace\.db was damaged, .* is in \S+\/trace\.db\.damaged-\d{4}-/,
    );

    const followed = run('events', '--follow', '--json', '--config', file);
    renameSync(at('postern.log'), at('postern.log.1'));
    writeFileSync(file, config(after));
    child.kill('SIGHUP');
    await logged(at('postern.log'), /was read again and is in use/, child);
    assert.match(readFileSync(at('postern.log.1'), 'utf8'), /Postern is ready/);
    assert.equal((await fetch(`http://127.0.0.1:${after}/healthz`)).status, 200);
    await assert.rejects(fetch(`http://127.0.0.1:${before}/healthz`));

    // A bad file is not taken, and the log is let go all the same.
    renameSync(at('postern.log'), at('postern.log.2'));
    writeFileSync(file, `${config(after)}lisners: []\n`);
    child.kill('SIGHUP');
    await logged(at('postern.log'), /is not taken, because it has mistakes/, child);
    writeFileSync(file, config(after));

    const drained = await run('uplinks', 'drain', 'isp1', '--config', file);
    assert.equal(drained.code, 0, drained.err);
    await logged(at('postern.log'), /uplink isp1: drained/, child);
    await told(/isp1 drained/);
    child.kill('SIGTERM');
    assert.deepEqual(await exited, [0, null]);
    const events = await followed;
    assert.deepEqual([events.code, events.err], [0, 'The gateway has stopped.\n']);
    const kinds = events.out
      .trim()
      .split('\n')
      .map(line => JSON.parse(line).kind);
    assert.ok(kinds.includes('condition'), kinds.join(' '));
    assert.match(readFileSync(at('postern.log'), 'utf8'), /Postern has stopped/);
    assert.equal(out, '', 'nothing goes to standard output');
  } finally {
    child.kill('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  }
});
