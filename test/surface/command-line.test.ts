import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { type CommandResult, runHere } from './cli-stand.ts';

const postern = join(import.meta.dirname, '../../bin/postern');

function run(...args: string[]): Promise<CommandResult> {
  return new Promise(resolve => {
    execFile(postern, args, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code), out, err });
    });
  });
}

let directory = '';
const file = (name: string): string => join(directory, name);
before(() => {
  directory = mkdtempSync(join(tmpdir(), 'postern-cli-'));
  const sound =
    'hostname: mail.example.com\nstate_dir: state\nuplinks: [{ name: isp1, source: [127.0.0.2] }]\n';
  writeFileSync(
    file('sound.yaml'),
    `${sound}listeners: [{ address: "127.0.0.1:2525", role: mx }]\ndomains: [{ name: example.com, deliver_to: ["127.0.0.1:2526"] }]\n`,
  );
  writeFileSync(file('absent.yaml'), sound.replace('127.0.0.2', '198.51.100.30'));
  writeFileSync(file('bad.yaml'), `${sound}lisners: []\nqueue: { expire: 5 }\n`);
  writeFileSync(file('long.yaml'), sound.replace('state\n', `${'x'.repeat(120)}\n`));
});
after(() => rmSync(directory, { recursive: true }));

suite('bin/postern', () => {
  test('help has examples first, and ends with 0', async () => {
    const { code, out } = await run('--help');
    assert.equal(code, 0);
    assert.match(out, /^Examples:\n {2}postern demo\n/);
  });

  test('a mistyped command gets the near one, and 2', async () => {
    assert.deepEqual(await run('uplnks'), {
      code: 2,
      out: '',
      err: "postern: unknown command 'uplnks'; did you mean uplinks?\n",
    });
  });

  test('every mistake of a configuration is told, and the code is 2', async () => {
    const bad = file('bad.yaml');
    const told = `${bad}:4:1: lisners is not a key that Postern knows; did you mean listeners?\n${bad}:5:18: queue.expire: 5 is not a duration such as 5d.\n`;
    const [check, serve] = await Promise.all([
      run('config', 'check', '--config', bad),
      run('serve', '--config', bad),
    ]);
    assert.deepEqual(check, { code: 2, out: '', err: told });
    assert.deepEqual(serve, { code: 2, out: '', err: told });
  });

  test('a gateway that does not run is 3', async () => {
    const { code, out, err } = await run('queue', 'list', '--json', '--config', file('sound.yaml'));
    assert.deepEqual({ code, out }, { code: 3, out: '' });
    assert.match(err, /^The gateway is not running, or not with this state_dir/);
  });
});

const usage: [string, string[], RegExp][] = [
  ['a mistyped subcommand', ['queue', 'lst'], /^postern: unknown command 'lst'; did you mean list\?\n$/],
  [
    'a mistyped word after uplinks',
    ['uplinks', 'tset', 'isp1'],
    /^postern: unknown command 'uplinks tset'; did you mean test\?\n$/,
  ],
  ['a mistyped option', ['uplinks', '--jsn'], /^postern: unknown option '--jsn'; did you mean --json\?\n$/],
  [
    'a name left out',
    ['uplinks', 'drain'],
    /^postern: missing required argument 'name'; see "postern help"\n$/,
  ],
  [
    'a time that is none',
    ['uplinks', 'drain', 'isp1', '--for', '2x'],
    /'2x' is invalid\. It is not a duration: write a whole number and its unit/,
  ],
  ['a state that is none', ['queue', 'list', '--state', 'late'], /'late' is invalid/],
  ['two outputs at once', ['queue', 'show', 'x', '--raw', '--json'], /cannot be used with/],
  ['a command of a later version', ['cluster'], /^postern: unknown command 'cluster'/],
  ['nothing at all', [], /^Examples:/],
];
for (const [sentence, args, expected] of usage) {
  test(`the call is unusable: ${sentence}`, async () => {
    const { code, out, err } = await runHere(args);
    assert.deepEqual({ code, out }, { code: 2, out: '' });
    assert.match(err, expected);
  });
}

test('options may stand before or after a subcommand', async () => {
  const results = await Promise.all([
    runHere(['uplinks', '--config', file('none.yaml'), 'resume', 'isp1']),
    runHere(['uplinks', 'resume', 'isp1', '--config', file('none.yaml')]),
  ]);
  for (const { code, err } of results) {
    assert.equal(code, 2);
    assert.match(
      err,
      /none\.yaml:1:1: there is no such file; name the configuration with --config FILE\.\n$/,
    );
  }
});

test('config check passes a sound file', async () => {
  const { code, out } = await runHere(['config', 'check', '--config', file('sound.yaml'), '--json']);
  assert.equal(code, 0);
  assert.deepEqual(JSON.parse(out), {
    file: file('sound.yaml'),
    verdict: 'pass',
    mistakes: [],
    warnings: [],
    egresses: [{ egress: 'isp1/127.0.0.2', condition: 'sound', message: '', commands: [] }],
    listeners: [{ listener: '127.0.0.1:2525', present: true }],
    files: [],
  });
});

test('config check looks at the files that the configuration names', async () => {
  const certificates = join(import.meta.dirname, '../certificates');
  writeFileSync(
    file('files.yaml'),
    `hostname: mail.example.com
state_dir: state
uplinks: [{ name: isp1, source: [127.0.0.2], smart_host: { host: smtp.isp1.example, user: u, password_file: none } }]
listeners: [{ address: "127.0.0.1:2525", role: mx, tls: { cert: ${certificates}/mail.pem, key: none.key } }]
domains: [{ name: example.com, deliver_to: ["127.0.0.1:2526"], recipients: { file: nobody } }]
`,
  );
  const { code, out } = await runHere(['config', 'check', '--config', file('files.yaml')]);
  assert.equal(code, 1);
  assert.match(out, /^error: listener 127\.0\.0\.1:2525: There is no file .*none\.key\.$/m);
  assert.match(out, /^warning: domain example\.com: There is no file .*nobody\. Without its list/m);
  assert.match(out, /^warning: There is no file .*none\. Mail for its smart host waits/m);
});

test('config check tells mistakes to programs too', async () => {
  const { code, out } = await runHere(['config', 'check', '--config', file('bad.yaml'), '--json']);
  assert.equal(code, 2);
  const { verdict, mistakes } = JSON.parse(out);
  assert.equal(verdict, 'error');
  assert.deepEqual(mistakes[0], {
    line: 4,
    column: 1,
    message: 'lisners is not a key that Postern knows; did you mean listeners?',
  });
});

test('a source address that is not here is a warning', async () => {
  const { code, out } = await runHere(['config', 'check', '--config', file('absent.yaml')]);
  assert.equal(code, 0);
  assert.match(
    out,
    /^warning: isp1\/198\.51\.100\.30: 198\.51\.100\.30, a source of uplink isp1, is not on this host/m,
  );
  assert.match(out, /^.* can be used: 1 uplink, 1 source address, 0 listeners, 0 domains\.\n$/m);
});

test('a missing policy route is told with the lines to add', async () => {
  const route = {
    interface: 'eth1',
    device: 'eth0',
    gateway: null,
    ruled: false,
    table: null,
    fallback: false,
    unreachable: false,
  };
  const network = () => ({
    ...failing,
    addresses: () => [{ interface: 'eth1', address: '198.51.100.30', family: 4 as const, temporary: false }],
    routeOf: () => Promise.resolve(route),
  });
  const { out } = await runHere(['config', 'check', '--config', file('absent.yaml')], { network });
  assert.match(out, /^ {4}ip rule add from 198\.51\.100\.30 lookup \d+$/m);
  assert.match(out, /^ {4}ip route add unreachable default metric 4278198272 table \d+$/m);
});

test('an address whose packets cannot leave is an error, and 1', async () => {
  const route = {
    interface: 'eth1',
    device: null,
    gateway: null,
    ruled: true,
    table: '101',
    fallback: true,
    unreachable: true,
  };
  const network = () => ({
    ...failing,
    addresses: () => [{ interface: 'eth1', address: '198.51.100.30', family: 4 as const, temporary: false }],
    routeOf: () => Promise.resolve(route),
  });
  const { code, out } = await runHere(['config', 'check', '--config', file('absent.yaml')], { network });
  assert.equal(code, 1);
  assert.match(out, /^error: isp1\/198\.51\.100\.30: /m);
});

test('serve tells a state_dir that is too long for its socket', async () => {
  const { code, err } = await runHere(['serve', '--config', file('long.yaml')]);
  assert.equal(code, 2);
  assert.match(err, /choose a shorter state_dir\.\n$/);
});

test('serve tells why the gateway could not start, and 3', async () => {
  const startGateway = () =>
    Promise.resolve({ ok: false, error: "The queue's database is damaged." } as const);
  const { code, err } = await runHere(['serve', '--config', file('sound.yaml')], { startGateway });
  assert.deepEqual({ code, err }, { code: 3, err: "The queue's database is damaged.\n" });
});

test('the demo gets its options, and its code is ours', async () => {
  const asked: unknown[] = [];
  const runDemo = (options: unknown) => {
    asked.push(options);
    return Promise.resolve(1);
  };
  assert.equal((await runHere(['demo', '--json', '--no-namespaces'], { runDemo })).code, 1);
  await runHere(['demo'], { runDemo });
  assert.deepEqual(asked, [
    { json: true, realCable: false },
    { json: false, realCable: true },
  ]);
});

const refuse = (): never => {
  throw new Error('A check of the configuration has no business with this.');
};
const failing = {
  connect: refuse,
  listen: refuse,
  datagrams: refuse,
  watchHost: refuse,
  packetSizes: refuse,
};
