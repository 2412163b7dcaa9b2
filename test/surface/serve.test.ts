import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import test from 'node:test';

const postern = join(import.meta.dirname, '../../bin/postern');

test('serve: ready, asked, a bad change refused, a good one taken, and ended in order', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'postern-serve-'));
  const file = join(directory, 'postern.yaml');
  const config =
    'hostname: mail.example.com\nstate_dir: state\nuplinks: [{ name: isp1, source: [127.0.0.2] }]\n';
  writeFileSync(file, config);
  const child = spawn(postern, ['serve', '--config', file], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const lines: string[] = [];
  let news = Promise.withResolvers<void>();
  createInterface({ input: child.stdout }).on('line', line => {
    const { msg }: { msg: string } = JSON.parse(line);
    lines.push(msg);
    news.resolve();
  });
  const until = async (pattern: RegExp): Promise<void> => {
    while (!lines.some(line => pattern.test(line))) {
      news = Promise.withResolvers();
      await Promise.race([
        news.promise,
        exited.then(([code]) =>
          Promise.reject(new Error(`serve ended with ${String(code)}: ${lines.join('\n')}`)),
        ),
      ]);
    }
  };
  try {
    await until(/^Postern is ready/);
    const { stdout } = await new Promise<{ stdout: string }>((resolve, reject) => {
      execFile(postern, ['uplinks', '--json', '--config', file], (error, out) => {
        if (error) reject(error);
        else resolve({ stdout: out });
      });
    });
    const { uplinks }: { uplinks: { name: string; egresses: { source: string }[] }[] } = JSON.parse(stdout);
    assert.deepEqual(
      uplinks.map(({ name, egresses }) => [name, egresses.map(({ source }) => source)]),
      [['isp1', ['127.0.0.2']]],
    );

    writeFileSync(file, `${config}lisners: []\n`);
    child.kill('SIGHUP');
    await until(/^The changed configuration is not taken, because it has mistakes \(1\)/);
    assert.ok(
      lines.some(line =>
        line.endsWith('postern.yaml:4:1: lisners is not a key that Postern knows; did you mean listeners?'),
      ),
    );

    writeFileSync(file, config.replace('127.0.0.2', '127.0.0.2, 127.0.0.3'));
    child.kill('SIGHUP');
    await until(/was read again and is in use$/);

    child.kill('SIGTERM');
    assert.deepEqual(await exited, [0, null]);
    assert.match(lines.at(-1) ?? '', /^Postern has stopped$/);
  } finally {
    child.kill('SIGKILL');
    rmSync(directory, { recursive: true });
  }
});
