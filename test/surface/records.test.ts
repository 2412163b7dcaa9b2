import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { isOfType } from '../../src/protocol/dns/record.ts';
import type { Resolver } from '../../src/runtime/dns/resolver.ts';
import { realNetwork } from '../../src/runtime/net/real-network.ts';
import type { Clock } from '../../src/runtime/ports.ts';
import { realClock } from '../../src/runtime/real-clock.ts';
import { spfCover } from '../../src/runtime/records/spf-cover.ts';
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

/** A resolver that knows these texts, by `NAME TYPE`, and nothing else; for null there is no answer. */
const answering = (table: Record<string, string | null>): Pick<Resolver, 'resolve'> => ({
  async resolve(name, type) {
    const believed = { name, ttlMs: 60_000, authenticated: false, stale: false };
    const text = table[`${name} ${type}`];
    if (text === null) return { kind: 'temperror', reason: 'SERVFAIL', failure: 'servfail' };
    if (text === undefined) return { kind: 'nodata', ...believed };
    const records = [{ type: 'TXT', text } as const].filter(data => isOfType(data, type));
    return { kind: 'records', ...believed, records };
  },
});

suite('postern records', () => {
  let directory = '';
  const servers: RunningNameServer[] = [];
  /** What happens to the zone in the place of a pause. */
  let meanwhile: (ms: number) => void = () => {};
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
    const clock: Clock = { ...realClock, sleep: async ms => meanwhile(ms) };
    return runHere(['records', '--config', file, ...options], { clock });
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

  const spf: readonly (readonly [string, Record<string, readonly string[]>, number, RegExp])[] = [
    [
      'in other words, with a smart host beside, is right',
      { 'example.com TXT': ['v=spf1 mx ip4:203.0.113.0/24 include:isp.example ~all'] },
      0,
      /is in DNS/,
    ],
    [
      'that lets everybody pass is wrong',
      { 'example.com TXT': ['v=spf1 +all'] },
      1,
      /wrong +example\.com TXT[^]*By its term \+all anybody/,
    ],
    [
      'that includes one that lets everybody pass is wrong',
      {
        'example.com TXT': ['v=spf1 ip4:198.51.100.30 ip4:203.0.113.40 include:all.example -all'],
        'all.example TXT': ['v=spf1 ip4:0.0.0.0/0 -all'],
      },
      1,
      /By its term include:all\.example anybody/,
    ],
    [
      'that leaves an uplink out is wrong, and says which',
      { 'example.com TXT': ['v=spf1 mx -all'] },
      1,
      /Mail from 203\.0\.113\.40 does not pass by it \(fail\)/,
    ],
    [
      'that includes itself is wrong, and comes to an end',
      { 'example.com TXT': ['v=spf1 include:example.com -all'] },
      1,
      /does not pass by it \(permerror\)/,
    ],
  ];
  for (const [sentence, changes, expected, told] of spf)
    test(`SPF ${sentence}`, async () => {
      const { code, out } = await records(changes, '--diff');
      assert.equal(code, expected, out);
      assert.match(out, told);
    });

  test('where nothing of ours sends by itself, SPF that lets everybody pass is wrong all the same', async () => {
    const cover = await spfCover(answering({ 'example.com TXT': 'v=spf1 +all' }), 'example.com', []);
    assert.equal(cover.kind, 'no');
    const closed = await spfCover(answering({ 'example.com TXT': 'v=spf1 -all' }), 'example.com', []);
    assert.equal(closed.kind, 'yes');
  });

  test('SPF that leads to a name without an answer is not called wrong', async () => {
    const table = {
      'example.com TXT': 'v=spf1 include:isp.example ip4:198.51.100.30 -all',
      'isp.example TXT': null,
    };
    const cover = await spfCover(answering(table), 'example.com', ['198.51.100.30']);
    assert.equal(cover.kind, 'unknown');
  });

  test('what DNS holds cannot steer the terminal', async () => {
    const { out } = await records({
      'example.com TXT': [...(sound['example.com TXT'] ?? []), 'v=spf1 \u001b[2Jx'],
      'example.com MX': ['10 mx1.example.com', '20 old.example.com'],
    });
    assert.ok(!out.includes('\u001b'));
    assert.match(out, /\\u\{1b\}\[2Jx/);
  });

  test('a backup elsewhere is extra until it is named', async () => {
    const changes = { 'example.com MX': ['10 mx1.example.com', '50 backup.example.com'] };
    const unnamed = await records(changes, '--diff');
    assert.equal(unnamed.code, 1);
    assert.match(unnamed.out, /extra +example\.com MX 50[^]*name it with --backup-mx/);
    const named = await records(changes, '--diff', '--backup-mx', 'Backup.example.com');
    assert.equal(named.code, 0, named.out);
    assert.equal((await records(changes, '--backup-mx', 'backup')).code, 2);
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

  /** A fresh key in a file: the file, and the record that holds its public part. */
  function signer(type: 'rsa' | 'ed25519', bits = 2048): { file: string; text: string; pem: string } {
    const { privateKey, publicKey } =
      type === 'rsa' ? generateKeyPairSync('rsa', { modulusLength: bits }) : generateKeyPairSync('ed25519');
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const file = join(directory, `${type}-${bits}.pem`);
    writeFileSync(file, pem);
    const der = publicKey.export({ type: 'spki', format: 'der' });
    const data = (type === 'rsa' ? der : der.subarray(-32)).toString('base64');
    return { file, pem, text: `v=DKIM1; k=${type}; p=${data}` };
  }
  const name = 's1._domainkey.example.com TXT';

  test('the key of a selector is a record, in strings where it is long, and nothing of the private key is shown', async () => {
    const { file, text, pem } = signer('rsa');
    const selector = ['--selector', `s1=${file}`];
    const zone = await records({}, '--format', 'zone', ...selector);
    const line = `s1._domainkey.example.com. 3600 IN TXT "${text.slice(0, 255)}" "${text.slice(255)}"`;
    assert.ok(zone.out.split('\n').includes(line), zone.out);
    const table = await records({ [name]: [text] }, ...selector);
    assert.ok(table.out.includes(`  right    ${name} ${text}\n`), table.out);
    assert.match(table.out, /^ {11}In a zone file it takes 2 strings; --format zone writes them\.$/m);
    const json = await records({}, '--json', ...selector);
    const document: { records: { name: string; strings?: string[] }[] } = JSON.parse(json.out);
    assert.deepEqual(document.records.find(record => name.startsWith(record.name))?.strings, [
      text.slice(0, 255),
      text.slice(255),
    ]);
    for (const secret of pem.split('\n').slice(1, -2))
      for (const { out, err } of [zone, table, json])
        assert.ok(!`${out}${err}`.includes(secret.slice(0, 60)));
  });

  test('a key that DNS lacks, has otherwise or has revoked is told, and the code is 1', async () => {
    const { file, text } = signer('ed25519');
    const selector = ['--diff', '--selector', `S1@Example.com=${file}`];
    const right = await records({ [name]: [text] }, ...selector);
    assert.equal(right.code, 0, right.out);
    const missing = await records({}, ...selector);
    assert.equal(missing.code, 1);
    assert.match(missing.out, /^ {2}missing {2}s1\._domainkey\.example\.com TXT v=DKIM1; k=ed25519; p=/m);
    const revoked = await records({ [name]: ['v=DKIM1; p='] }, ...selector);
    assert.equal(revoked.code, 1);
    assert.match(revoked.out, /now: v=DKIM1; p=\n {11}The key is revoked/);
  });

  test('--wait asks until the key is there and nothing is wrong', async () => {
    const { file, text } = signer('ed25519');
    const steps: readonly (readonly [string, readonly string[] | null])[] = [
      [name, ['v=DKIM1; p=']],
      [name, [text]],
      ['mail2.example.com TXT', null],
    ];
    const waited: number[] = [];
    meanwhile = ms => {
      const [key = '', data = null] = steps[waited.length] ?? [];
      servers.at(-1)?.set(key, data);
      waited.push(ms);
    };
    const { code, out } = await records(
      { 'mail2.example.com TXT': ['v=spf1 ip4:192.0.2.1 -all'] },
      '--wait',
      '--selector',
      `s1=${file}`,
    );
    assert.equal(code, 0, out);
    assert.deepEqual(waited, [10_000, 10_000, 10_000]);
  });

  test('a key that is none, too small or locked is one sentence and code 2', async () => {
    const locked = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    const files: Record<string, string | Buffer> = {
      'text.pem': 'no key\n',
      'locked.pem': locked.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' }),
      'curve.pem': generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
        type: 'pkcs8',
        format: 'pem',
      }),
    };
    for (const [file, text] of Object.entries(files)) writeFileSync(join(directory, file), text);
    const rows: readonly (readonly [string, RegExp])[] = [
      [`s1=${join(directory, 'text.pem')}`, /text\.pem holds no key in PEM/],
      [`s1=${join(directory, 'locked.pem')}`, /locked by a passphrase; name the public key.*openssl pkey/],
      [`s1=${join(directory, 'curve.pem')}`, /neither RSA nor Ed25519/],
      [`s1=${signer('rsa', 768).file}`, /an RSA key of 768 bits.*less than 1024/],
      [`s1=${join(directory, 'nowhere.pem')}`, /nowhere\.pem/],
      [`s1=${directory}`, /./],
      ['s1', /Write the selector.*s1=\/etc\/dkim\/s1\.pem/],
      ['a b=/x', /Write the selector/],
      ['s1@=/x', /Write the selector/],
    ];
    for (const [selector, sentence] of rows) {
      const { code, out, err } = await records({}, '--selector', selector);
      assert.equal(code, 2, selector);
      assert.equal(out, '');
      assert.match(err, sentence);
      assert.equal(err.trimEnd().split('\n').length, 1, err);
    }
  });
});
