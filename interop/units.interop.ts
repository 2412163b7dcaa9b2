import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

const folder = join(import.meta.dirname, '..', 'contrib', 'systemd');

test('systemd finds nothing wrong with the units', async () => {
  const units = (await readdir(folder)).filter(name => name.endsWith('.service'));
  assert.ok(units.length >= 2, units.join());
  const files = units.map(name => join(folder, name));
  // The pages of the manual are where the package is installed.
  const { stdout, stderr } = await promisify(execFile)('systemd-analyze', ['verify', '--man=no', ...files]);
  assert.equal(stdout + stderr, '');
});
