import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { realNetwork } from '../../src/runtime/net/real-network.ts';
import { realClock } from '../../src/runtime/real-clock.ts';
import { startReceiver } from '../../src/surface/demo/receiver.ts';
import { submit } from '../scenarios/smtp-client.ts';

/*
 * What npm would publish, installed as a user installs it: in an empty folder, without the sources and without what is
 * only for development. `npm run test:package`; it needs npm and its registry.
 */

const checkout = join(import.meta.dirname, '../..');
let directory = '';
const app = (...names: string[]): string => join(directory, 'app', ...names);
const installed = (...names: string[]): string => app('node_modules', 'postern', ...names);
/** The Node that runs this is the one that the package finds. */
const env = { ...process.env, PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}` };

type Ended = { readonly code: number; readonly out: string; readonly err: string };

function run(command: string, args: readonly string[], cwd: string): Promise<Ended> {
  return new Promise(resolve => {
    execFile(command, args, { cwd, env, maxBuffer: 20_000_000 }, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), out, err });
    });
  });
}

const postern = (...args: string[]): Promise<Ended> =>
  run(app('node_modules', '.bin', 'postern'), args, app());

before(async () => {
  directory = mkdtempSync(join(tmpdir(), 'postern-package-'));
  mkdirSync(app());
  const packed = await run('npm', ['pack', '--json', '--pack-destination', directory], checkout);
  assert.equal(packed.code, 0, packed.err);
  const [{ filename }]: [{ filename: string }] = JSON.parse(packed.out.slice(packed.out.indexOf('[\n')));
  writeFileSync(app('package.json'), '{ "name": "empty", "private": true }\n');
  const options = ['--no-audit', '--no-fund', '--omit=dev'];
  const done = await run('npm', ['install', ...options, join(directory, filename)], app());
  assert.equal(done.code, 0, done.err);
});
after(() => rmSync(directory, { recursive: true, force: true }));

test('the package has all that runs, and all that an administrator takes from it', () => {
  const wanted = [
    'bin/postern',
    'dist/main.js',
    'dist/runtime/queue/store-worker.js',
    'dist/runtime/queue/trace-worker.js',
    'dist/surface/demo/peer.js',
    'dist/surface/demo/demo-inside.js',
    'contrib/systemd/postern.service',
    'contrib/logrotate/postern',
    'contrib/prometheus/postern.rules.yml',
    'contrib/grafana/postern.json',
    'contrib/man/postern.8',
    'contrib/man/postern.yaml.5',
    'contrib/completion/postern.bash',
    'contrib/completion/_postern',
    'contrib/completion/postern.fish',
    'postern.schema.json',
    'README.md',
    'LICENSE',
    'CHANGELOG.md',
  ];
  assert.deepEqual(
    wanted.filter(file => !existsSync(installed(file))),
    [],
  );
  assert.deepEqual(
    ['src', 'test', 'lab', 'dist/surface/cli/reference.test.js'].filter(file => existsSync(installed(file))),
    [],
  );
});

test('it shows its help and its version', async () => {
  const help = await postern('--help');
  assert.equal(help.code, 0, help.err);
  assert.match(help.out, /^Examples:\n {2}postern demo\n/);
  assert.match((await postern('--version')).out, /^\d+\.\d+\.\d+\n$/);
});

test('it takes a message in and delivers it, and ends in order', async () => {
  const network = realNetwork();
  const arrived = Promise.withResolvers<void>();
  const store = await startReceiver(network, {
    address: '127.0.0.1',
    port: 0,
    name: 'store.example.com',
    clock: realClock,
    onDelivery: () => arrived.resolve(),
  });
  assert.ok(store.ok);
  const [smtp, http] = [await freePort(), await freePort()];
  const file = app('postern.yaml');
  writeFileSync(
    file,
    `hostname: mail.example.com
state_dir: state
uplinks: [{ name: isp1, source: [127.0.0.2] }]
listeners: [{ address: "127.0.0.1:${smtp}", role: mx }]
domains: [{ name: example.com, deliver_to: ["127.0.0.1:${store.value.port}"] }]
http: { address: "127.0.0.1:${http}" }
`,
  );
  const checked = await postern('config', 'check', '--config', file);
  assert.equal(checked.code, 0, checked.err);
  const gateway = await serving(file);
  try {
    const letter = {
      reversePath: 'someone@remote.example',
      forwardPaths: ['user@example.com'],
      content: 'Subject: hello\r\n\r\nHello.\r\n',
    };
    const told = await submit(network, { address: '127.0.0.1', port: smtp }, letter);
    assert.match(told.dot ?? '', /^250 /);
    await arrived.promise;
    const ready = await fetch(`http://127.0.0.1:${http}/readyz`);
    assert.equal(ready.status, 200);
    const metrics = await (await fetch(`http://127.0.0.1:${http}/metrics`)).text();
    assert.match(metrics, /^postern_recipients_total\{event="accepted",uplink=""\} 1$/m);
    const traced = await postern('trace', 'user@example.com', '--json', '--config', file);
    assert.match(traced.out, /"event":"accepted"/, traced.err);
    gateway.kill('SIGTERM');
    assert.deepEqual(await once(gateway, 'exit'), [0, null]);
  } finally {
    gateway.kill('SIGKILL');
    await store.value.close();
  }
});

/** Starts the installed gateway, and waits until it says that it is ready. */
async function serving(file: string): Promise<ChildProcess> {
  const child = spawn(app('node_modules', '.bin', 'postern'), ['serve', '--config', file], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ready = Promise.withResolvers<void>();
  createInterface({ input: child.stdout }).on('line', line => {
    if (line.includes('Postern is ready')) ready.resolve();
  });
  child.once('exit', code => ready.reject(new Error(`serve ended with ${code}`)));
  await ready.promise;
  return child;
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
