import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { runHere } from '../../../test/surface/cli-stand.ts';
import { FakeGateway, stored, traced } from '../../../test/surface/fake-gateway.ts';
import type { StoredMessage } from '../../runtime/ports.ts';
import { realClock } from '../../runtime/real-clock.ts';
import { askGateway } from './client.ts';
import type { EventDocument } from './documents.ts';
import { LineReader } from './line-reader.ts';
import type { ControlOutcome } from './protocol.ts';
import { freeSocketPath, startControlSocket } from './server.ts';

let directory = '';
let config = '';
before(() => {
  directory = mkdtempSync(join(tmpdir(), 'postern-control-'));
  config = join(directory, 'postern.yaml');
  writeFileSync(config, 'state_dir: .\n');
});
after(() => rmSync(directory, { recursive: true }));

async function withGateway(gateway: FakeGateway, run: (socket: string) => Promise<void>): Promise<void> {
  const path = join(directory, 'control.sock');
  const started = await startControlSocket(path, gateway, realClock);
  assert.ok(started.ok);
  try {
    await run(path);
  } finally {
    await started.value.close();
  }
}

const ask = (...args: string[]) => runHere([...args, '--config', config]);

const commands: [string, string[], { code: number; out: unknown[]; err: RegExp }, unknown[]][] = [
  [
    'the uplinks, in the promised shape',
    ['uplinks', '--json'],
    {
      code: 0,
      out: [
        {
          uplinks: [
            {
              name: 'isp1',
              state: 'up',
              since: '2026-11-24T17:00:00.250Z',
              reason: 'mx.remote.example greeted',
              preference: 10,
              egresses: [
                {
                  source: '198.51.100.30',
                  public: '198.51.100.30',
                  ehlo: 'mail.example.com',
                  state: 'up',
                  since: '2026-11-24T17:00:00.250Z',
                  reason: 'mx.remote.example greeted',
                  fit: 'unknown',
                  fit_reason: 'Its identity was not tested yet.',
                  changes_24h: 2,
                  sent: 7,
                  failed: 1,
                  rate_per_s: 0.33,
                  connect_ms: { p50: 12.3, p99: null },
                },
              ],
            },
          ],
        },
      ],
      err: /^$/,
    },
    [],
  ],
  [
    'a test of an uplink that does not answer is 1',
    ['uplinks', 'test', 'isp1', '--json'],
    {
      code: 1,
      out: [
        {
          egress: 'isp1/198.51.100.30',
          source: '198.51.100.30',
          host: 'mx.remote.example',
          ok: false,
          steps: [
            { step: 'connect', ok: true, text: '192.0.2.25:25', elapsed_ms: 12.3 },
            { step: 'greeting', ok: false, text: 'no greeting within 4 s', elapsed_ms: 4000 },
          ],
        },
      ],
      err: /^Uplink isp1 did not pass/,
    },
    [],
  ],
  [
    'a test of an unknown uplink is 2',
    ['uplinks', 'test', 'isp9'],
    { code: 2, out: [], err: /^There is no uplink isp9/ },
    [],
  ],
  [
    'an uplink is drained for a time, with a reason',
    ['uplinks', 'drain', 'isp1', '--for', '2h', '--reason', 'works on the line'],
    { code: 0, out: [], err: /^$/ },
    [['drain', 'isp1', 'until', 'works on the line']],
  ],
  [
    'an uplink is drained until resumed',
    ['uplinks', 'drain', 'isp1'],
    { code: 0, out: [], err: /^$/ },
    [['drain', 'isp1', null, 'taken out by hand']],
  ],
  [
    'an unknown uplink is not drained',
    ['uplinks', 'drain', 'isp9'],
    { code: 2, out: [], err: /^There is no uplink isp9/ },
    [['drain', 'isp9', null, 'taken out by hand']],
  ],
  [
    'a drill that carries is 0, and only its report is shown as JSON',
    ['uplinks', 'drill', '--json'],
    {
      code: 0,
      out: [
        {
          uplink: 'isp2',
          usual: 'isp1',
          verdict: 'carries',
          reason: 'isp2 carried 3 recipients in 60 s.',
          ran_ms: 60_000,
          stopped: null,
          sent: 3,
          deferred: 1,
          refused: 0,
          unreached: 0,
          connect_ms: { p50: 12.3, p99: null },
          usual_connect_ms: { p50: 9, p99: 20 },
          delivery_ms: { p50: 30, p99: 40 },
          usual_delivery_ms: { p50: null, p99: null },
          identity: [{ egress: 'isp2/203.0.113.40', fit: 'fit', reason: '' }],
          tests: [],
        },
      ],
      err: /^$/,
    },
    [['drill', null, 60_000]],
  ],
  [
    'a drill of an unknown uplink is 2',
    ['uplinks', 'drill', 'isp9', '--for', '5m'],
    { code: 2, out: [], err: /^There is no uplink isp9/ },
    [['drill', 'isp9', 300_000]],
  ],
  [
    'an uplink is resumed',
    ['uplinks', 'resume', 'isp1'],
    { code: 0, out: [], err: /^$/ },
    [['resume', 'isp1']],
  ],
  [
    'the queue, in the promised shape',
    ['queue', 'list', '--json'],
    {
      code: 0,
      out: [
        {
          id: '06YYVQE6400',
          received: '2026-11-24T17:00:00.250Z',
          reverse_path: 'user@example.com',
          size_bytes: 600_026,
          recipients: [
            {
              forward_path: 'someone@remote.example',
              state: 'in_doubt',
              attempts: 2,
              next_attempt: '2026-11-24T17:10:00.250Z',
              last_reply: '451 4.7.1 Come back later',
              last_egress: 'isp1/198.51.100.30',
              doubt: {
                cause: 'dot',
                since: '2026-11-24T17:00:00.250Z',
                egress: 'isp1/198.51.100.30',
                host: 'mx.remote.example',
              },
            },
          ],
        },
      ],
      err: /^$/,
    },
    [],
  ],
  [
    'a message that is not queued is 1',
    ['queue', 'show', '00000000000'],
    { code: 1, out: [], err: /^No message 00000000000 is in the queue/ },
    [],
  ],
  [
    'what is no message ID is 2',
    ['queue', 'show', 'x'],
    { code: 2, out: [], err: /^x is not a message ID/ },
    [],
  ],
  [
    'a retry wakes delivery, and an ID is read in lower case too',
    ['queue', 'retry', '06yyvqe6400', '--json'],
    { code: 0, out: [{ change: 'retry', recipients: 1 }], err: /^$/ },
    [['retry', { message: '06YYVQE6400' }], 'wake'],
  ],
  [
    'a hold by filter',
    ['queue', 'hold', '--domain', 'Remote.example', '--sender', '<>', '--state', 'deferred', '--json'],
    { code: 0, out: [{ change: 'hold', recipients: 1 }], err: /^$/ },
    [['hold', { domain: 'remote.example', reversePath: '', state: 'deferred' }]],
  ],
  [
    'what is removed is told to the gateway',
    ['queue', 'remove', '06YYVQE6400', '--json'],
    { code: 0, out: [{ change: 'remove', recipients: 1 }], err: /^$/ },
    [
      ['remove', { message: '06YYVQE6400' }],
      ['removed', [{ message: '06YYVQE6400', forwardPath: 'someone@remote.example' }]],
    ],
  ],
  [
    'a removal of what is not there is 1',
    ['queue', 'remove', '00000000000'],
    { code: 1, out: [], err: /^No message 00000000000/ },
    [
      ['remove', { message: '00000000000' }],
      ['removed', []],
    ],
  ],
  [
    'a change without ID, filter or --all is 2',
    ['queue', 'remove'],
    { code: 2, out: [], err: /say which mail to remove/ },
    [],
  ],
  [
    'the trace, in the promised shape',
    ['trace', 'someone@remote.example', '--json'],
    {
      code: 0,
      out: [
        {
          at: '2026-11-24T17:00:00.250Z',
          id: '06YYVQE6400',
          recipient: 'someone@remote.example',
          sender: 'user@example.com',
          event: 'attempt',
          uplink: 'isp1',
          source: '198.51.100.30',
          ehlo: 'mail.example.com',
          host: 'mx.remote.example',
          address: '192.0.2.25',
          reply: '451 4.7.1 Come back later\u001b[31m',
          tls: null,
          blame: 'destination',
          reason: 'the receiver asked for patience',
          elapsed_ms: 12.3,
        },
      ],
      err: /^$/,
    },
    [],
  ],
  [
    'a test of the notices, a line for each way, and 1 where one failed',
    ['notify', 'test', '--json'],
    {
      code: 1,
      out: [
        { way: 'mail postmaster@example.com', ok: true, text: 'It was told.' },
        {
          way: 'webhook https://ntfy.example',
          ok: false,
          text: 'https://ntfy.example answered with status 500.',
        },
      ],
      err: /^Not every way could be told/,
    },
    [],
  ],
  [
    'a trace of nothing is 1',
    ['trace', 'nobody@remote.example'],
    { code: 1, out: [], err: /^The trace has nothing about nobody@remote.example/ },
    [],
  ],
];

suite('commands that ask the running gateway', () => {
  for (const [sentence, args, expected, did] of commands) {
    test(sentence, async () => {
      const gateway = new FakeGateway();
      await withGateway(gateway, async () => {
        const { code, out, err } = await ask(...args);
        const lines = out.split('\n').filter(line => line !== '');
        assert.deepEqual(
          lines.map(line => JSON.parse(line)),
          expected.out,
        );
        assert.match(err, expected.err);
        assert.equal(code, expected.code);
        assert.deepEqual(gateway.done, did);
      });
    });
  }

  test('the raw message comes byte for byte, whatever its size', async () => {
    await withGateway(new FakeGateway(), async () => {
      const { code, out } = await ask('queue', 'show', '06YYVQE6400', '--raw');
      assert.equal(code, 0);
      assert.ok(stored.body.kind === 'inline' && out === stored.body.bytes.toString());
    });
  });

  test('a gateway that tells nobody says how to be told', async () => {
    const gateway = new FakeGateway();
    gateway.notifyTest = () => Promise.resolve([]);
    await withGateway(gateway, async () => {
      const { code, err } = await ask('notify', 'test');
      assert.equal(code, 1);
      assert.match(err, /^The configuration names nobody to tell; write for example notify: /);
    });
  });

  test('conditions are among the events, handshakes and connections are not', async () => {
    const gateway = new FakeGateway();
    await withGateway(gateway, async path => {
      const heard = Promise.withResolvers<EventDocument>();
      void askGateway<EventDocument>(path, { command: 'events' }, data => heard.resolve(data));
      const at = traced.at;
      const condition = {
        kind: 'uplink',
        subject: 'isp1',
        uplink: 'isp1',
        state: 'down',
        previous: 'up',
        since: at,
        reason: 'Nobody answers.',
      } as const;
      const tls = {
        kind: 'tls',
        at,
        side: 'client',
        with: 'remote.example',
        facts: null,
        error: 'no',
      } as const;
      const again = setInterval(() => {
        gateway.events.emit(tls);
        gateway.events.emit({ kind: 'condition', at, condition });
      }, 5);
      const document = await heard.promise;
      clearInterval(again);
      const { kind: _, ...facts } = condition;
      const time = '2026-11-24T17:00:00.250Z';
      assert.deepEqual(document, { ...facts, kind: 'condition', at: time, condition: 'uplink', since: time });
    });
  });

  test('an answer under way is given before the gateway has stopped', async () => {
    const gateway = new FakeGateway();
    const tested = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    gateway.notifyTest = async () => {
      asked.resolve();
      await tested.promise;
      return [{ way: 'mail postmaster@example.com', ok: true, text: 'It was told.' }];
    };
    const answers: Promise<ControlOutcome>[] = [];
    await withGateway(gateway, async path => {
      answers.push(askGateway(path, { command: 'notify_test' }, () => undefined));
      await asked.promise;
      setTimeout(() => tested.resolve(), 20);
    });
    assert.deepEqual(await Promise.all(answers), [{ code: 0, error: null }]);
  });

  test('a long queue comes whole, page by page', async () => {
    const many = Array.from({ length: 1001 }, (_, index): StoredMessage => {
      const id = `06YYVQ${String(index).padStart(5, '0')}`;
      return { ...stored, message: { ...stored.message, id } };
    });
    await withGateway(new FakeGateway(many), async () => {
      const { out } = await ask('queue', 'list', '--json');
      assert.equal(new Set(out.trim().split('\n')).size, 1001);
    });
  });

  test('readable text shows the same, and nothing from outside acts on the terminal', async () => {
    await withGateway(new FakeGateway(), async () => {
      const shown = await Promise.all([
        ask('uplinks'),
        ask('uplinks', 'test', 'isp1'),
        ask('queue', 'list'),
        ask('queue', 'show', '06YYVQE6400'),
        ask('trace', '06YYVQE6400'),
      ]);
      const [uplinks, tested, list, show, trace] = shown.map(({ out }) => out);
      assert.match(uplinks ?? '', /^ {2}198\.51\.100\.30 as mail\.example\.com {2}up /m);
      assert.match(tested ?? '', /greeting {2}failed {2}4000 ms {2}no greeting within 4 s/);
      assert.match(
        list ?? '',
        /someone@remote\.example {2}in_doubt {2}2 attempts {2}next 2026-11-24T17:10:00Z/,
      );
      assert.match(show ?? '', /given by 10\.20\.0\.7 \(user\.example\.com\) at 10\.20\.0\.2:25/);
      assert.match(
        trace ?? '',
        /attempt {4}someone@remote\.example by isp1 \(198\.51\.100\.30 as mail\.example\.com\) to mx\.remote\.example/,
      );
      assert.match(trace ?? '', /Come back later\\u\{1b\}\[31m/);
    });
  });

  test('a drill in words shows how it goes, and harm is 1', async () => {
    await withGateway(new FakeGateway(), async () => {
      const sound = await ask('uplinks', 'drill', 'isp2');
      assert.match(sound.out, /^5 s by isp2: 3 sent, 1 deferred, 0 refused, 0 connects failed$/m);
      assert.match(sound.out, /^isp2 for 60 s beside isp1: ok$/m);
      assert.match(sound.out, /connect {2,}12\/- \(isp1: 9\/20\) ms at the median/);
      assert.match(sound.out, /identity {2,}isp2\/203\.0\.113\.40 is fit$/m);
      const harm = await ask('uplinks', 'drill', 'isp3');
      assert.equal(harm.code, 1);
      assert.match(harm.out, /ended early {2}mx\.remote\.example refused it/);
      assert.match(harm.err, /^isp2 does not carry mail as it should\./);
    });
  });

  test('events are followed until the gateway ends', async () => {
    const gateway = new FakeGateway();
    const endings: Promise<ControlOutcome>[] = [];
    await withGateway(gateway, async path => {
      const heard = Promise.withResolvers<EventDocument>();
      const outcome = askGateway<EventDocument>(path, { command: 'events' }, data => heard.resolve(data));
      // The subscription follows the request, so the event is told again until it is heard.
      const again = setInterval(
        () => gateway.events.emit({ kind: 'message', trace: traced, sizeBytes: 5 }),
        5,
      );
      const document = await heard.promise;
      clearInterval(again);
      const { elapsedMs: _, ...facts } = traced;
      assert.deepEqual(document, {
        ...facts,
        kind: 'message',
        at: '2026-11-24T17:00:00.250Z',
        elapsed_ms: 12.3,
        size_bytes: 5,
      });
      endings.push(outcome);
    });
    assert.deepEqual(await Promise.all(endings), [{ code: 0, error: 'The gateway has stopped.' }]);
  });

  test('so it is of a stream that is read too slowly to hear the parting word', async () => {
    const gateway = new FakeGateway();
    const released = Promise.withResolvers<void>();
    const following = Promise.withResolvers<void>();
    const endings: Promise<ControlOutcome>[] = [];
    await withGateway(gateway, async path => {
      const hear = (): Promise<void> => {
        following.resolve();
        return released.promise;
      };
      endings.push(askGateway(path, { command: 'events' }, hear));
      const told = setInterval(() => {
        gateway.events.emit({ kind: 'notice', at: 0, subject: 'test', message: 'x'.repeat(50_000) });
      }, 5);
      await following.promise;
      await realClock.sleep(100);
      clearInterval(told);
    });
    released.resolve();
    assert.deepEqual(await Promise.all(endings), [{ code: 0, error: 'The gateway has stopped.' }]);
  });

  test('who was not heard before the gateway stopped is told that', async () => {
    const path = join(directory, 'stopping.sock');
    const server = createServer(socket => {
      server.close();
      socket.destroy();
    });
    server.listen(path);
    await once(server, 'listening');
    assert.deepEqual(await askGateway(path, { command: 'uplinks', watch: false }, () => undefined), {
      code: 3,
      error: 'The gateway has stopped, and had not answered.',
    });
  });
});

test('a gateway that is not there is 3, with a sentence', async () => {
  const { code, out, err } = await ask('uplinks', '--json');
  assert.equal(code, 3);
  assert.equal(out, '');
  assert.match(
    err,
    /^The gateway is not running, or not with this state_dir \(.*control\.sock\); start it with/,
  );
});

test('what the gateway would not take is told before it is asked', async () => {
  await withGateway(new FakeGateway(), async () => {
    const long = await ask('uplinks', 'drain', 'isp1', '--reason', 'x'.repeat(501));
    assert.deepEqual([long.code, long.out], [2, '']);
    assert.match(long.err, /^The reason is longer than 500 characters; shorten it\./);
    const never = await ask('uplinks', 'drain', 'isp1', '--for', '0s');
    assert.equal(never.code, 2);
    assert.match(never.err, /It is no time at all; write a longer duration; see/);
  });
});

suite('the socket', () => {
  test('is for its own user alone, and gone after the end', async () => {
    const path = join(directory, 'control.sock');
    await withGateway(new FakeGateway(), async () => {
      assert.equal(statSync(path).mode & 0o777, 0o600);
    });
    assert.equal(existsSync(path), false);
  });

  test('of a living gateway is not taken', async () => {
    await withGateway(new FakeGateway(), async path => {
      const second = await startControlSocket(path, new FakeGateway(), realClock);
      assert.ok(!second.ok);
      assert.match(second.error, /^Another gateway runs with this state_dir/);
      assert.equal((await ask('uplinks', '--json')).code, 0);
    });
  });

  test('that a dead process left behind is replaced', async () => {
    const path = join(directory, 'control.sock');
    writeFileSync(path, '');
    assert.deepEqual(await freeSocketPath(path), { ok: true, value: undefined });
    assert.equal(existsSync(path), false);
  });

  test('in a state_dir that is a file is told so', async () => {
    const free = await freeSocketPath(join(config, 'control.sock'));
    assert.ok(!free.ok);
    assert.match(
      free.error,
      /cannot be reached \(ENOTDIR\); state_dir must be a folder that this user may use\.$/,
    );
  });

  test('with a path that is too long is told so', async () => {
    const free = await freeSocketPath(join(directory, 'x'.repeat(100), 'control.sock'));
    assert.ok(!free.ok);
    assert.match(free.error, /bytes, and the system takes 103 at most; choose a shorter state_dir\.$/);
  });

  test('who hangs up ends his drill', async () => {
    const gateway = new FakeGateway();
    const ended = Promise.withResolvers<string>();
    const begun = Promise.withResolvers<void>();
    gateway.drill = async (_name, _forMs, _progress, signal) => {
      signal.addEventListener('abort', () => ended.resolve('ended'));
      begun.resolve();
      await ended.promise;
      return { ok: false, error: 'Nobody hears this.' };
    };
    await withGateway(gateway, async path => {
      const socket = connect(path);
      socket.write('{"command":"drill","uplink":null,"forMs":60000}\n');
      await begun.promise;
      socket.destroy();
      assert.equal(await ended.promise, 'ended');
    });
  });

  const nonsense: [string, string][] = [
    ['what is no JSON', 'hello\n'],
    ['an unknown command', '{"command":"shutdown"}\n'],
    ['an unknown key', '{"command":"resume","uplink":"isp1","force":true}\n'],
    ['a line without end', 'x'.repeat(70_000)],
  ];
  for (const [sentence, bytes] of nonsense) {
    test(`answers ${sentence} with 2 and hangs up`, async () => {
      const gateway = new FakeGateway();
      await withGateway(gateway, async path => {
        const socket = connect(path);
        socket.on('error', () => undefined);
        let answer = '';
        socket.on('data', chunk => {
          answer += String(chunk);
        });
        socket.write(bytes);
        await once(socket, 'close');
        assert.match(answer, /^\{"done":2,"error":"The gateway does not know this request/);
        assert.deepEqual(gateway.done, []);
      });
    });
  }

  test('a gateway that ends in the middle is told as such', async () => {
    const path = join(directory, 'other.sock');
    const server = createServer(socket => socket.end('{"data":1}\n'));
    server.listen(path);
    await once(server, 'listening');
    const outcome = await askGateway(path, { command: 'events' }, () => undefined);
    server.close();
    assert.equal(outcome.code, 3);
    assert.match(outcome.error ?? '', /ended before it had answered/);
  });
});

test('lines are found wherever the bytes are cut, and bounded', () => {
  const bytes = Buffer.from('first\n\nthïrd\nrest');
  for (let cut = 0; cut <= bytes.length; cut++) {
    const reader = new LineReader(100);
    const lines = [bytes.subarray(0, cut), bytes.subarray(cut)].flatMap(
      piece => reader.push(piece) ?? ['too long'],
    );
    assert.deepEqual(lines, ['first', '', 'thïrd']);
  }
  assert.equal(new LineReader(4).push(Buffer.from('12345')), null);
  assert.equal(new LineReader(4).push(Buffer.from('12345\n')), null);
});
