import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { readSettings } from '../../src/config/read-settings.ts';
import { realNetwork } from '../../src/runtime/net/real-network.ts';
import { runHere } from './cli-stand.ts';

const said = [
  '--no-input',
  '--hostname',
  'mail.example.com',
  '--uplink',
  'isp1=198.51.100.30',
  '--uplink',
  'isp2=10.20.2.2,public=203.0.113.40,ehlo=mail2.example.com',
  '--store',
  '10.20.0.10:25',
  '--relay-from',
  '10.20.0.0/24',
];

/** A host without a network: nobody is asked. */
const alone = {
  network: () => ({
    ...realNetwork(),
    addresses: () => [],
    datagrams: async () =>
      ({ ok: false, error: { kind: 'network_unreachable', message: 'There is no network.' } }) as const,
    connect: async () =>
      ({ ok: false, error: { kind: 'network_unreachable', message: 'There is no network.' } }) as const,
  }),
};

suite('postern init', () => {
  let directory = '';
  const file = (name: string): string => join(directory, name);
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'postern-init-'));
  });
  after(() => rmSync(directory, { recursive: true }));

  test('what it writes is a sound configuration', async () => {
    const { code, out, err } = await runHere(['init', '--config', file('new.yaml'), ...said], alone);
    assert.equal(code, 0, err);
    assert.match(out, /^Layout B: /);
    const read = await readSettings(file('new.yaml'));
    assert.ok(read.ok, JSON.stringify(read));
    assert.deepEqual(
      read.value.settings.uplinks.flatMap(({ egresses }) => egresses.map(({ ehlo }) => ehlo)),
      ['mail.example.com', 'mail2.example.com'],
    );
    assert.equal(read.value.settings.domains[0]?.name, 'example.com');
  });

  test('an existing file is never written over', async () => {
    writeFileSync(file('mine.yaml'), 'hostname: mine.example.com\n');
    const { code, err } = await runHere(['init', '--config', file('mine.yaml'), ...said], alone);
    assert.equal(code, 1);
    assert.match(err, /is there already/);
    assert.equal(readFileSync(file('mine.yaml'), 'utf8'), 'hostname: mine.example.com\n');
  });

  test('a dry run shows it and writes nothing', async () => {
    const { code, out } = await runHere(['init', '--dry-run', '--config', file('none.yaml'), ...said], alone);
    assert.equal(code, 0);
    assert.match(out, /^# Layout B\. /);
    assert.throws(() => readFileSync(file('none.yaml')), /ENOENT/);
  });

  test('JSON is one document', async () => {
    const { code, out } = await runHere(
      ['init', '--dry-run', '--json', '--config', file('none.yaml'), ...said],
      alone,
    );
    assert.equal(code, 0);
    const document: { layout: string; written: boolean; missing: string[] } = JSON.parse(out);
    assert.equal(document.layout, 'B');
    assert.equal(document.written, false);
    assert.ok(document.missing.length > 0);
  });

  test('a folder that cannot be made is told, and a missing one is made', async () => {
    const made = await runHere(['init', '--config', file('folder/new.yaml'), ...said], alone);
    assert.equal(made.code, 0, made.err);
    const { code, err } = await runHere(['init', '--config', '/proc/none/new.yaml', ...said], alone);
    assert.equal(code, 1);
    assert.match(err, /cannot be written \(ENOENT\)/);
  });

  test('an international domain is written as DNS has it', async () => {
    const { out } = await runHere(
      ['init', '--dry-run', '--config', file('none.yaml'), ...said, '--domain', 'bücher.example'],
      alone,
    );
    assert.match(out, /name: xn--bcher-kva\.example, deliver_to/);
  });

  test('an option that is no address is told', async () => {
    const { code, err } = await runHere(['init', '--no-input', '--uplink', 'isp1=198.51.100.300'], alone);
    assert.equal(code, 2);
    assert.match(err, /isp2=10\.20\.2\.2,public=/);
  });
});
