import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { realNetwork } from '../../src/runtime/net/real-network.ts';
import { realClock } from '../../src/runtime/real-clock.ts';
import { type RunningNameServer, startNameServer } from '../../src/surface/demo/name-server.ts';
import { type CommandResult, runHere } from './cli-stand.ts';

/** The zone as `records` itself asks for it. */
const sound: Record<string, readonly string[]> = {
  'mail.example.com A': ['198.51.100.30'],
  'mail2.example.com A': ['203.0.113.40'],
  'mx1.example.com A': ['198.51.100.30'],
  '30.100.51.198.in-addr.arpa PTR': ['mail.example.com'],
  '40.113.0.203.in-addr.arpa PTR': ['mail2.example.com'],
  'example.com MX': ['10 mx1.example.com'],
  'example.com TXT': ['v=spf1 ip4:198.51.100.30 ip4:203.0.113.40 -all'],
};

suite('postern records', () => {
  let directory = '';
  const servers: RunningNameServer[] = [];
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'postern-records-'));
  });
  after(async () => {
    for (const server of servers) await server.close();
    rmSync(directory, { recursive: true });
  });

  /** Runs the command with a name server that holds the sound zone but for `changes`; null takes a record away. */
  async function records(
    changes: Record<string, readonly string[] | null>,
    ...options: string[]
  ): Promise<CommandResult> {
    const zone = Object.fromEntries(
      Object.entries({ ...sound, ...changes }).flatMap(([key, data]) => (data === null ? [] : [[key, data]])),
    );
    const started = await startNameServer(realNetwork(), {
      address: '127.0.0.1',
      port: 0,
      zone,
      clock: realClock,
    });
    assert.ok(started.ok);
    servers.push(started.value);
    const file = join(directory, `${servers.length}.yaml`);
    writeFileSync(
      file,
      `hostname: mail.example.com
uplinks:
  - { name: isp1, source: [198.51.100.30] }
  - { name: isp2, ehlo: mail2.example.com, source: [{ address: 10.20.2.2, public: 203.0.113.40 }], preference: 20 }
listeners: [{ address: "198.51.100.30:25", role: mx, name: mx1.example.com }]
domains: [{ name: example.com, deliver_to: ["10.20.0.10:25"] }]
dns: { servers: ["127.0.0.1:${started.value.port}"] }
`,
    );
    return runHere(['records', '--config', file, ...options]);
  }

  test('a sound zone has no difference', async () => {
    const { code, out } = await records({}, '--diff');
    assert.equal(code, 0, out);
    assert.match(out, /Every record that the configuration needs is in DNS\./);
    assert.doesNotMatch(out, /mx1/);
  });

  test('what is missing, wrong and extra is marked, and the code is 1', async () => {
    const { code, out } = await records(
      {
        'mail2.example.com A': null,
        '30.100.51.198.in-addr.arpa PTR': ['dsl-30.isp1.example'],
        'example.com MX': ['10 mx1.example.com', '20 old.example.com'],
      },
      '--diff',
    );
    assert.equal(code, 1);
    assert.match(out, /^ {2}missing {2}mail2\.example\.com A 203\.0\.113\.40$/m);
    assert.match(
      out,
      /^ {2}wrong {4}30\.100\.51\.198\.in-addr\.arpa PTR mail\.example\.com\.\n {11}now: dsl-30/m,
    );
    assert.match(out, /^ {2}extra {4}example\.com MX 20 old\.example\.com\.$/m);
    assert.match(out, /To be set by the provider of isp1:/);
    assert.match(out, /1 missing, 1 wrong, 1 extra\.$/m);
  });

  test('JSON is one document with every record and its state', async () => {
    const { code, out } = await records({ 'example.com TXT': ['v=spf1 mx -all'] }, '--json');
    assert.equal(code, 0);
    const document: { records: { name: string; type: string; state: string; set_by: string }[] } =
      JSON.parse(out);
    const states = new Map(document.records.map(({ name, type, state }) => [`${name} ${type}`, state]));
    assert.equal(states.get('example.com TXT'), 'wrong');
    assert.equal(states.get('example.com MX'), 'right');
    assert.equal(states.get('_dmarc.example.com TXT'), 'missing');
  });

  test('a zone file has absolute names, and asks nobody', async () => {
    const { code, out } = await records({ 'example.com MX': null }, '--format', 'zone');
    assert.equal(code, 0);
    assert.match(out, /^example\.com\. 3600 IN MX 10 mx1\.example\.com\.$/m);
    assert.match(out, /^; in the zone 100\.51\.198\.in-addr\.arpa, set by the provider of isp1$/m);
    assert.match(out, /^example\.com\. 3600 IN TXT "v=spf1 ip4:198\.51\.100\.30 ip4:203\.0\.113\.40 -all"$/m);
  });

  test('a zone file with a live state is no call', async () => {
    const { code, err } = await records({}, '--format', 'zone', '--diff');
    assert.equal(code, 2);
    assert.match(err, /--format json/);
  });
});
