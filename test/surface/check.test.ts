import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { realNetwork } from '../../src/runtime/net/real-network.ts';
import type { Network } from '../../src/runtime/ports.ts';
import { realClock } from '../../src/runtime/real-clock.ts';
import { realFiles } from '../../src/runtime/real-files.ts';
import { runCommandLine } from '../../src/surface/cli/program.ts';
import { cliStand, runHere } from './cli-stand.ts';

const unreachable = {
  ok: false,
  error: { kind: 'network_unreachable', message: 'There is no network.' },
} as const;

/** A host without a network: nobody is asked. */
const alone = {
  network: () => ({
    ...realNetwork(),
    addresses: () => [],
    datagrams: async () => unreachable,
    connect: async () => unreachable,
  }),
};

suite('postern check, its files', () => {
  let directory = '';
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'postern-check-'));
  });
  after(() => rmSync(directory, { recursive: true }));

  test('facts that were written down are judged again to the same report', async () => {
    const file = join(directory, 'facts.json');
    const seen = await runHere(['check', 'example.com', '--save-facts', file], alone);
    assert.equal(seen.code, 3, seen.err);
    const replayed = await runHere(['check', '--facts', file], alone);
    assert.equal(replayed.code, 3);
    assert.equal(replayed.out, seen.out);
  });

  test('a place that facts cannot be written to is told in one sentence, after the report', async () => {
    const file = join(directory, 'none', 'facts.json');
    const { code, out, err } = await runHere(['check', 'example.com', '--save-facts', file], alone);
    assert.equal(code, 2);
    assert.match(out, /nobody can promise/);
    assert.equal(
      err,
      `The facts could not be written to ${file} (ENOENT); name another file with --save-facts.\n`,
    );
  });

  for (const more of [['example.net'], ['--watch']])
    test(`one file does not hold what ${more.join()} asks for`, async () => {
      const file = join(directory, 'many.json');
      const { code, err } = await runHere(['check', 'example.com', ...more, '--save-facts', file], alone);
      assert.equal(code, 2);
      assert.match(err, /one look at one domain/);
      assert.ok(!existsSync(file));
    });
});

const never = <Value>(): Promise<Value> => new Promise(() => {});

/** A host whose kernel, disk and network answer nothing. */
const dead = {
  files: { ...realFiles(), read: () => never<never>() },
  network: (): Network => ({
    ...realNetwork(),
    addresses: () => [],
    datagrams: () => never(),
    connect: () => never(),
    routeOf: () => never(),
    packetSizes: () => never(),
  }),
};

suite('postern check, its limit of time', () => {
  let directory = '';
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'postern-limit-'));
  });
  after(() => rmSync(directory, { recursive: true }));

  test('it holds for all domains together, for the certificates and for the host', async () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f'].map(name => `${name}.example`);
    const file = join(directory, 'postern.yaml');
    const tls = `tls: { cert: ${join(directory, 'cert.pem')}, key: ${join(directory, 'key.pem')} }`;
    const domains = names.map(name => `{ name: ${name}, deliver_to: ["10.20.0.10:25"] }`);
    writeFileSync(
      file,
      `hostname: mail.example.com
uplinks: [{ name: isp1, source: [198.51.100.30] }]
listeners: [{ address: "198.51.100.30:25", role: mx, name: mx1.example.com, ${tls} }]
domains: [${domains.join(', ')}]
`,
    );
    const { code, out, err } = await runHere(['check', '--config', file, '--json', '--timeout', '1s'], dead);
    assert.equal(code, 3, err);
    const reports: { domain: string; elapsed_ms: number; verdict: string }[] = out
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line));
    assert.deepEqual(
      reports.map(({ domain, verdict }) => [domain, verdict]),
      names.map(name => [name, 'unknown']),
    );
    // Those that came in line behind others find the time used up, and have none of their own.
    for (const { domain, elapsed_ms } of reports.slice(4))
      assert.ok(elapsed_ms < 1_000, `${domain} took ${elapsed_ms} ms`);
  });
});

suite('postern check --watch', () => {
  /** What is written until it waits for the so-manieth time. */
  async function watched(waits: number, ...args: readonly string[]): Promise<string> {
    const every = 7 * 60_000;
    const enough = Promise.withResolvers<void>();
    let waited = 0;
    const sleep: typeof realClock.sleep = (ms, signal) => {
      if (ms !== every) return realClock.sleep(ms, signal);
      waited += 1;
      if (waited < waits) return Promise.resolve();
      enough.resolve();
      return never();
    };
    const { parts, result } = cliStand({ ...alone, clock: { ...realClock, sleep } });
    const line = ['check', 'example.com', '--watch', '--every', '7m', ...args];
    await Promise.race([enough.promise, runCommandLine(line, parts, '0.0.0')]);
    return result(0).out;
  }
  const sentence =
    'Not everything could be asked, so nobody can promise that mail of example.com is safe; run this again.';

  test('it tells at the start how mail stands, in one sentence, and nothing where nothing changes', async () => {
    assert.equal(await watched(1), `${sentence}\n`);
    assert.equal(await watched(3), `${sentence}\n`);
  });

  for (const args of [['--json'], ['--format', 'json']])
    test(`it tells so in JSON with ${args.join(' ')}`, async () => {
      const line: unknown = JSON.parse(await watched(2, ...args));
      assert.deepEqual(line, { domain: 'example.com', verdict: 'unknown', message: sentence });
    });

  test('a page of it is refused in one sentence', async () => {
    const { code, out, err } = await runHere(['check', 'example.com', '--watch', '--format', 'html'], alone);
    assert.equal(code, 2);
    assert.equal(out, '');
    assert.equal(
      err,
      'A page holds one look and shows no changes; leave --watch out, or write --format text or --format json.\n',
    );
  });

  test('what is no domain is told before anybody is asked', async () => {
    const { code, err } = await runHere(['check', 'co.uk', 'example.com', '--watch'], alone);
    assert.equal(code, 2);
    assert.match(err, /^co\.uk is a public suffix/);
  });
});

suite('postern check --selector', () => {
  let directory = '';
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'postern-selector-'));
  });
  after(() => rmSync(directory, { recursive: true }));
  const file = (): string => join(directory, 's1.pem');
  const check = (...args: readonly string[]) =>
    runHere(['check', 'example.com', '--selector', `s1=${file()}`, ...args], alone);

  test('the public part of the key that signs is taken from its file', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    writeFileSync(file(), privateKey.export({ type: 'pkcs8', format: 'pem' }));
    const facts = join(directory, 'facts.json');
    const { code, err } = await check('--save-facts', facts);
    assert.equal(code, 3, err);
    const { asked }: { asked: unknown } = JSON.parse(readFileSync(facts, 'utf8'));
    const data = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32).toString('base64');
    assert.deepEqual(asked, {
      dkimSelectors: ['s1'],
      dkimKeys: { s1: { type: 'ed25519', data } },
      blocklists: [],
      intrusive: false,
    });
  });

  const troubles: readonly (readonly [string, () => void, RegExp])[] = [
    ['holds no key', () => writeFileSync(file(), 'no key'), /s1\.pem holds no key in PEM/],
    [
      'has more than a megabyte',
      () => {
        writeFileSync(file(), '');
        truncateSync(file(), 1_000_001);
      },
      /s1\.pem has more than 1000000 bytes\.$/m,
    ],
    ['is not there', () => rmSync(file()), /^There is no file .*s1\.pem\.$/m],
  ];
  for (const [sentence, make, expected] of troubles)
    test(`a file that ${sentence} is told in one sentence`, async () => {
      make();
      const { code, out, err } = await check();
      assert.equal(code, 2);
      assert.equal(out, '');
      assert.match(err, expected);
    });
});
