import assert from 'node:assert/strict';
import test, { after } from 'node:test';
import { MemoryDisk, MemoryStore } from '../../../test/simulation/memory-store.ts';
import { SimClock } from '../../../test/simulation/sim-clock.ts';
import type { EgressView } from '../../decision/egress/health-state.ts';
import type { Condition } from '../../decision/notice/condition.ts';
import type { NotifySetting } from '../../decision/notice/notify-setting.ts';
import { MessageIds } from '../../decision/queue/message-id.ts';
import { EventStream, type GatewayEvent } from '../events.ts';
import type { Processes, Result, Web } from '../ports.ts';
import { Notifier } from './notifier.ts';

const command: NotifySetting = { kind: 'command', path: '/usr/local/bin/on-change' };
const webhook: NotifySetting = { kind: 'webhook', url: 'https://ntfy.example/secret-topic' };
const mail: NotifySetting = { kind: 'mail', address: 'postmaster@example.com' };

function view(uplink: string, source: string, state: EgressView['state'], preference: number): EgressView {
  const id = `${uplink}/${source}`;
  const egress = {
    kind: 'uplink',
    id,
    uplink,
    family: 4,
    source,
    publicAddress: source,
    ehlo: 'mail.example.com',
  } as const;
  return { id, uplink, state, since: 0, reason: '', fit: 'fit', preference, weight: 1, family: 4, egress };
}

type Post = Parameters<Web['post']>[0];

/** A notifier, and what it did. */
class Stand {
  readonly clock = new SimClock();
  readonly events = new EventStream();
  readonly told: string[] = [];
  readonly runs: Readonly<Record<string, string>>[] = [];
  readonly posts: Post[] = [];
  readonly disk: MemoryDisk;
  readonly store: MemoryStore;
  readonly notifier: Notifier;
  readonly said: string[] = [];
  readonly #settings: readonly NotifySetting[];
  egresses: readonly EgressView[] = [
    view('isp2', '203.0.113.40', 'up', 20),
    view('isp1', '198.51.100.30', 'up', 10),
  ];
  /** How a program ends; it takes `runMs`. */
  runEnds: Result<void, string> = { ok: true, value: undefined };
  runMs = 10;
  answer: (post: Post) => Result<number, string> = () => ({ ok: true, value: 200 });
  woken = 0;

  constructor(settings: readonly NotifySetting[], disk = new MemoryDisk()) {
    this.#settings = settings;
    this.disk = disk;
    const { clock, events } = this;
    this.store = new MemoryStore({ clock, disk });
    events.subscribe((event: GatewayEvent) => {
      if (event.kind === 'warning' || event.kind === 'notice') this.said.push(event.message);
    });
    const processes: Processes = {
      run: async ({ environment }) => {
        await clock.sleep(this.runMs);
        const { POSTERN_UPLINK: uplink, POSTERN_STATE: state } = environment;
        this.told.push(`${uplink} ${state}${this.runEnds.ok ? '' : ' failed'}`);
        this.runs.push(environment);
        return this.runEnds;
      },
    };
    const web: Pick<Web, 'post'> = {
      post: async call => {
        await clock.sleep(10);
        this.posts.push(call);
        return this.answer(call);
      },
    };
    this.notifier = new Notifier({
      clock,
      events,
      store: this.store,
      ids: new MessageIds(null),
      processes,
      web,
      snapshot: () => ({ version: 1, egresses: this.egresses }),
      hostname: () => 'mail.example.com',
      wake: () => (this.woken += 1),
    });
    opened.push(this);
  }

  async start(): Promise<this> {
    await this.clock.await(this.notifier.start(this.#settings));
    return this;
  }

  /** As the monitor tells it at a start. */
  isUp(): void {
    const at = this.clock.now();
    const facts = { id: 'isp1/198.51.100.30', uplink: 'isp1', state: 'up', previous: 'unknown' } as const;
    this.events.emit({ kind: 'egress', at, ...facts, reason: 'mx.remote.example greeted' });
  }

  is(state: string, uplink = 'isp1'): void {
    const now = this.clock.now();
    const condition: Condition = {
      kind: 'uplink',
      subject: uplink,
      uplink,
      state,
      previous: 'up',
      since: now,
      reason: 'No host answers.',
    };
    this.events.emit({ kind: 'condition', at: now, condition });
  }
}

const opened: Stand[] = [];
after(() => Promise.all(opened.map(stand => stand.notifier.stop())));

test('a program is run with what happened, one run after the other', async () => {
  const stand = await new Stand([command]).start();
  stand.is('down');
  stand.is('down', 'isp2');
  await stand.clock.run(15);
  assert.deepEqual(stand.told, ['isp1 down']);
  stand.is('up');
  await stand.clock.run(100);
  assert.deepEqual(stand.told, ['isp1 down', 'isp2 down', 'isp1 up']);
  assert.deepEqual(stand.runs[0], {
    POSTERN_EVENT: 'uplink',
    POSTERN_SUBJECT: 'isp1',
    POSTERN_UPLINK: 'isp1',
    POSTERN_STATE: 'down',
    POSTERN_PREVIOUS: 'up',
    POSTERN_REASON: 'No host answers.',
    POSTERN_SINCE: '2026-01-01T00:00:00.001Z',
  });
});

test('a program that fails is tried three times, then left out; its trouble is said once', async () => {
  const stand = await new Stand([command]).start();
  stand.runEnds = { ok: false, error: '/usr/local/bin/on-change ended with code 1.' };
  stand.is('down');
  await stand.clock.run(600_000);
  assert.deepEqual(stand.told, ['isp1 down failed', 'isp1 down failed', 'isp1 down failed']);
  assert.deepEqual(stand.said, [
    'Notices by command /usr/local/bin/on-change fail, and are tried again: /usr/local/bin/on-change ended with code 1.',
  ]);
  stand.runEnds = { ok: true, value: undefined };
  stand.is('up');
  await stand.clock.run(600_000);
  assert.equal(stand.told.at(-1), 'isp1 up');
  assert.equal(
    stand.said.at(-1),
    'Notices by command /usr/local/bin/on-change work again; so far 1 were left out.',
  );
});

test('one way that hangs holds up no other', async () => {
  const stand = await new Stand([command, webhook]).start();
  stand.runMs = 1_000_000;
  stand.is('down');
  await stand.clock.run(50);
  assert.deepEqual(stand.told, []);
  assert.equal(stand.posts.length, 1);
});

test('a webhook gets a text for people and facts for programs, from the best uplink that is up', async () => {
  const stand = await new Stand([webhook]).start();
  stand.is('drained');
  await stand.clock.run(50);
  const [post] = stand.posts;
  assert.deepEqual(
    { ...post, signal: null },
    {
      url: 'https://ntfy.example/secret-topic',
      contentType: 'text/plain; charset=utf-8',
      headers: {
        Title: 'isp1 is drained: No host answers.',
        'X-Postern-Event': 'uplink',
        'X-Postern-Subject': 'isp1',
        'X-Postern-Uplink': 'isp1',
        'X-Postern-State': 'drained',
        'X-Postern-Previous': 'up',
        'X-Postern-Since': '2026-01-01T00:00:00.001Z',
        'X-Postern-Hostname': 'mail.example.com',
      },
      body: 'isp1 is drained.\nNo host answers.\nYou are told once more when this is over. "postern uplinks" shows all uplinks as they are now.\nThis is Postern on mail.example.com.\n',
      timeoutMs: 10_000,
      source: '198.51.100.30',
      signal: null,
    },
  );
});

const sources: [string, string, EgressView['state'], (string | null)[]][] = [
  ['the better uplink is down', 'https://ntfy.example/x', 'down', ['203.0.113.40', null]],
  ['nothing is known yet', 'https://ntfy.example/x', 'unknown', ['203.0.113.40', null]],
  ['it is degraded', 'https://ntfy.example/x', 'degraded', ['203.0.113.40', '198.51.100.30', null]],
  ['the host is private', 'http://10.20.0.10:8080/x', 'up', [null]],
  ['the host is loopback', 'http://[::1]:8080/x', 'up', [null]],
  ['the host is a name of our own network', 'http://alerts/x', 'up', [null]],
  ['the host has an IPv6 address and no uplink has', 'http://[2001:db8::1]/x', 'up', [null]],
];
for (const [sentence, url, isp1, expected] of sources) {
  test(`a webhook is called from one address after the other until somebody answers: ${sentence}`, async () => {
    const stand = await new Stand([{ kind: 'webhook', url }]).start();
    stand.egresses = [view('isp1', '198.51.100.30', isp1, 10), view('isp2', '203.0.113.40', 'up', 20)];
    stand.answer = () => ({ ok: false, error: 'ntfy.example did not answer in 10000 ms.' });
    stand.is('down', 'isp3');
    await stand.clock.run(1_000);
    assert.deepEqual(
      stand.posts.map(({ source }) => source),
      expected,
    );
  });
}

test('a webhook that answers with an error is tried again, and its secret is in no log', async () => {
  const stand = await new Stand([webhook]).start();
  let calls = 0;
  stand.answer = () => ({ ok: true, value: ++calls < 3 ? 503 : 200 });
  stand.is('down');
  await stand.clock.run(1_000);
  assert.equal(stand.posts.length, 1, 'who answers is not asked again from elsewhere');
  await stand.clock.run(60_000);
  assert.equal(stand.posts.length, 3);
  assert.deepEqual(stand.said, [
    'Notices by webhook https://ntfy.example fail, and are tried again: https://ntfy.example answered with status 503.',
    'Notices by webhook https://ntfy.example work again.',
  ]);
});

test('what began and ended while a webhook could not be reached is one notice', async () => {
  const stand = await new Stand([webhook]).start();
  stand.answer = () => ({ ok: false, error: 'ntfy.example did not answer in 10000 ms.' });
  stand.is('down');
  await stand.clock.run(600_000);
  stand.answer = () => ({ ok: true, value: 200 });
  stand.is('up');
  const before = stand.posts.length;
  await stand.clock.run(600_000);
  assert.equal(stand.posts.length, before + 1);
  assert.equal(stand.posts.at(-1)?.headers?.Title, 'isp1 is up after 10 minutes: No host answers.');
});

test('mail goes into our own queue with the null reverse-path, and delivery is woken', async () => {
  const stand = await new Stand([mail]).start();
  stand.is('down');
  await stand.clock.run(50);
  const listed = await stand.clock.await(stand.store.list({}, 10, null));
  assert.ok(listed.ok);
  const [stored] = listed.value;
  assert.equal(stored?.message.reversePath, '');
  assert.equal(stored?.recipients[0]?.forwardPath, 'postmaster@example.com');
  assert.ok(stored?.body.kind === 'inline');
  assert.match(stored.body.bytes.toString('latin1'), /^Subject: isp1 is down: No host answers\.\r$/m);
  assert.equal(stand.woken, 1);
});

test('mail that the disk cannot hold is tried again', async () => {
  const stand = await new Stand([mail]).start();
  stand.disk.isFull = true;
  stand.is('down');
  await stand.clock.run(1_000);
  assert.deepEqual(stand.said, [
    'Notices by mail postmaster@example.com fail, and are tried again: The simulated disk is full.',
  ]);
  stand.disk.isFull = false;
  await stand.clock.run(60_000);
  assert.equal(stand.woken, 1);
});

test('a restart in the middle of an outage neither repeats it nor forgets its end', async () => {
  const first = await new Stand([command]).start();
  first.is('down');
  first.is('down', 'isp2');
  await first.clock.run(100);
  await first.clock.await(first.notifier.stop());
  const second = await new Stand([command], first.disk).start();
  second.is('down');
  await second.clock.run(100_000);
  assert.deepEqual(second.told, []);
  second.is('up');
  await second.clock.run(100);
  assert.deepEqual(second.told, ['isp1 up']);
  await second.clock.run(15 * 60_000);
  assert.deepEqual(second.told, ['isp1 up', 'isp2 up'], 'what does not show itself again is over');
  const fourth = await new Stand([command], new MemoryDisk()).start();
  fourth.isUp();
  await fourth.clock.run(100);
  assert.deepEqual(fourth.told, []);
  const third = await new Stand([command], first.disk).start();
  await third.clock.run(3_600_000);
  assert.deepEqual(third.told, []);
});

test('an uplink that comes up after a restart is back, where it was told to be down', async () => {
  const first = await new Stand([command]).start();
  first.is('down');
  await first.clock.run(100);
  await first.clock.await(first.notifier.stop());
  const second = await new Stand([command], first.disk).start();
  second.isUp();
  second.isUp();
  await second.clock.run(100);
  assert.deepEqual(second.told, ['isp1 up']);
});

test('a reload adds and takes away ways; one that stays keeps what it told', async () => {
  const stand = await new Stand([command]).start();
  stand.is('down');
  await stand.clock.run(100);
  stand.notifier.reload([webhook, command]);
  stand.is('up');
  await stand.clock.run(100);
  assert.deepEqual(stand.told, ['isp1 down', 'isp1 up']);
  assert.equal(stand.posts.length, 0, 'a new way was not told of the beginning');
  stand.notifier.reload([webhook]);
  stand.is('drained', 'isp2');
  await stand.clock.run(100);
  assert.equal(stand.told.length, 2);
  assert.equal(stand.posts.length, 1);
});

test('a test goes by every way at once, beside what waits', async () => {
  const stand = await new Stand([mail, command, webhook]).start();
  stand.answer = () => ({ ok: true, value: 404 });
  const results = await stand.clock.await(stand.notifier.test());
  assert.deepEqual(results, [
    { way: 'mail postmaster@example.com', ok: true, text: 'It was told.' },
    { way: 'command /usr/local/bin/on-change', ok: true, text: 'It was told.' },
    {
      way: 'webhook https://ntfy.example',
      ok: false,
      text: 'https://ntfy.example answered with status 404.',
    },
  ]);
  assert.equal(stand.runs[0]?.POSTERN_EVENT, 'test');
});

test('without ways nothing is kept and nothing is done', async () => {
  const stand = await new Stand([]).start();
  stand.is('down');
  await stand.clock.run(100_000);
  assert.equal(stand.disk.facts.get('notify_told'), undefined);
});
