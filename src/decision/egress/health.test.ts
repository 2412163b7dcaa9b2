import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { type Health, type HealthContext, newHealth, reviewHealth, stateOf, stepHealth } from './health.ts';
import type { HostCondition, NetworkErrorKind, Observation } from './observation.ts';
import type { HostAddress } from './route.ts';

const settings = { intervalMs: 10_000, suspectIntervalMs: 1_000, timeoutMs: 4_000, proveMs: 10_000 };

/** Hosts of the world: `a` and `b` in networks of their own, `a2` beside `a`. */
const hosts: Record<string, HostAddress> = {
  a: { host: 'mx.a.example', address: '192.0.2.10', port: 25 },
  a2: { host: 'mx.a2.example', address: '192.0.2.11', port: 25 },
  b: { host: 'mx.b.example', address: '198.18.1.10', port: 25 },
  c: { host: 'mx.c.example', address: '198.18.2.10', port: 25 },
};

type World = Partial<{
  witnesses: number;
  othersUsable: boolean;
  trusted: boolean;
  unreachedByAll: boolean;
  reachedElsewhere: string | null;
}>;

/** One egress that lives through a story: a step is what is seen, and how long after the step before. */
class Story {
  health: Health = newHealth({ wall: 1_000_000, monotonic: 0 });
  now = 0;
  world: World;
  #lastLifeAt = Number.NEGATIVE_INFINITY;

  constructor(world: World = {}) {
    this.world = world;
  }

  get context(): HealthContext {
    const {
      witnesses = 3,
      othersUsable = true,
      trusted = true,
      unreachedByAll = false,
      reachedElsewhere = null,
    } = this.world;
    return {
      settings,
      witnesses,
      othersUsable,
      trusted,
      lastLifeAt: this.#lastLifeAt,
      unreachedByAll: () => unreachedByAll,
      isWitness: () => true,
      reachedElsewhere: () => reachedElsewhere,
    };
  }

  see(observation: Observation): this {
    if (observation.kind === 'connected' || observation.kind === 'answered') this.#lastLifeAt = this.now;
    this.health = stepHealth(this.health, observation, this.context, {
      wall: 1_000_000 + this.now,
      monotonic: this.now,
    });
    return this;
  }

  review(): this {
    this.health = reviewHealth(this.health, this.context, {
      wall: 1_000_000 + this.now,
      monotonic: this.now,
    });
    return this;
  }

  wait(ms: number): this {
    this.now += ms;
    return this;
  }

  answers(host: string): this {
    return this.see({ kind: 'answered', at: this.now, site: host, to: at(host), probe: false });
  }

  connects(host: string, connectMs = 20): this {
    return this.see({ kind: 'connected', at: this.now, site: host, to: at(host), connectMs });
  }

  /** A connect that failed hard, while isp2 reached the host (or nobody did). */
  fails(host: string, kind: NetworkErrorKind = 'timeout', reachedBy: string | null = 'isp2'): this {
    return this.#failed(host, kind, { overtaken: false, probe: false, reachedBy });
  }

  /** A race was lost: weak. */
  overtaken(host: string): this {
    return this.#failed(host, 'aborted', { overtaken: true, probe: false, reachedBy: 'isp2' });
  }

  /** A probe has no answer yet, past the usual time: hasty. */
  unanswered(host: string, stage: 'connect' | 'greeting' = 'connect'): this {
    return this.#failed(host, 'timeout', { overtaken: true, probe: true, reachedBy: 'isp2', stage });
  }

  host(condition: HostCondition): this {
    return this.see({ kind: 'host', at: this.now, condition });
  }

  /** Answers each second for so long. */
  proves(seconds: number, host = 'a'): this {
    for (let second = 0; second <= seconds; second += 1) {
      if (second > 0) this.wait(1_000);
      this.connects(host).answers(host);
    }
    return this;
  }

  #failed(
    host: string,
    kind: NetworkErrorKind,
    more: Pick<Extract<Observation, { kind: 'failed' }>, 'overtaken' | 'probe' | 'reachedBy' | 'stage'>,
  ): this {
    return this.see({
      kind: 'failed',
      at: this.now,
      site: host,
      to: at(host),
      error: { kind, message: '' },
      waitedMs: 200,
      ...more,
    });
  }
}

function at(host: string): HostAddress {
  const found = hosts[host];
  assert.ok(found);
  return found;
}

/** TCP connects each second for so long, and nothing more comes. */
function provesSlowly(story: Story, seconds: number): Story {
  for (let second = 0; second <= seconds; second += 1) story.wait(1_000).answers('a').connects('a', 1_200);
  return story;
}

function connectsOnly(story: Story, seconds: number): Story {
  for (let second = 0; second < seconds; second += 1) story.connects('a').wait(1_000);
  return story;
}

const up = (world?: World): Story => new Story(world).answers('a').wait(60_000);
const down = (world?: World): Story => up(world).fails('a').fails('b').wait(60_000);

const rows: [string, Story, string, RegExp?][] = [
  ['at start it is unknown', new Story(), 'unknown'],
  ['any answer takes it up', new Story().answers('a'), 'up', /mx\.a\.example answered/],
  ['a connection alone takes it up', new Story().connects('a'), 'up'],
  ['one host that fails is no evidence', up().fails('a').fails('a').fails('a'), 'up'],
  [
    'two sites in different networks that isp2 reaches take it down',
    up().fails('a').fails('b'),
    'down',
    /mx\.a\.example did not answer and mx\.b\.example did not answer, while isp2 reached both/,
  ],
  ['two hosts of one network are one witness', up().fails('a').fails('a2'), 'up'],
  [
    'a failed connect that nobody else got through is no evidence',
    up().fails('a', 'timeout', null).fails('b', 'timeout', null),
    'up',
  ],
  ['an answer between two failures clears the first', up().fails('a').connects('c').fails('b'), 'up'],
  [
    'resets from one uplink only are a dead uplink',
    up().fails('a', 'refused').fails('b', 'refused'),
    'down',
    /refused/,
  ],
  [
    'ICMP prohibitions from one uplink only are a dead uplink',
    up().fails('a', 'host_unreachable').fails('b', 'host_unreachable'),
    'down',
  ],
  ['where one site is known, its first failure does not decide', up({ witnesses: 1 }).fails('a'), 'up'],
  [
    'where one site is known, its second failure decides, and the reason says so',
    up({ witnesses: 1 }).fails('a').fails('a'),
    'down',
    /no other site is known, so the second failure decided/,
  ],
  ['lost races alone convict nobody', up().overtaken('a').overtaken('b').overtaken('a').overtaken('b'), 'up'],
  ['a lost race and a probe that finds silence convict', up().overtaken('a').unanswered('b'), 'down'],
  ['failures of more than a minute ago testify no more', up().fails('a').wait(61_000).fails('b'), 'up'],
  ['too few sockets are our own trouble', up().fails('a', 'resources').fails('b', 'resources'), 'up'],
  ['what we gave up ourselves is no evidence', up().fails('a', 'aborted').fails('b', 'aborted'), 'up'],
  [
    'silence while our own event loop is late is no evidence',
    up({ trusted: false }).fails('a').fails('b'),
    'up',
  ],
  [
    'a refusal counts though our event loop is late',
    up({ trusted: false }).fails('a', 'refused').fails('b', 'refused'),
    'down',
  ],
  ['a silent session convicts nobody', up().see({ kind: 'silent', at: 0, site: 'a', to: at('a') }), 'up'],

  [
    'a lost source address takes it down at once',
    up().fails('a', 'address_absent'),
    'down',
    /^address absent$/,
  ],
  ['the host says that the link is down', up().host('link down'), 'down', /^link down$/],
  ['the host says that there is no route', up().host('no route'), 'down', /^no route$/],
  [
    'a link that is back must prove itself',
    up().host('link down').wait(5_000).host('sound').connects('a'),
    'down',
    /proving/,
  ],
  [
    'an address that appears where no host is known is usable at once',
    new Story({ witnesses: 0 }).host('address absent').host('sound'),
    'unknown',
  ],
  [
    'an address that appears where no other uplink can be used is usable at once',
    up({ othersUsable: false }).host('address absent').host('sound'),
    'unknown',
  ],

  [
    'one answer does not bring it back',
    down().answers('a'),
    'down',
    /proving itself for 10 s \(it was down: /,
  ],
  ['answers for 9 s do not bring it back', down().proves(9), 'down'],
  ['answers for 10 s bring it back', down().proves(10), 'up'],
  ['a failure that isp2 does not share breaks the proof', down().proves(8).fails('a').proves(8), 'down'],
  ['a dead host does not break the proof', down().proves(5).fails('c', 'timeout', null).proves(5), 'up'],
  [
    'two answers with a long silence between are no proof',
    down().answers('a').wait(30_000).answers('a'),
    'down',
  ],
  [
    'a relapse within 10 minutes doubles the proof',
    down().proves(10).wait(300_000).fails('a').fails('b').wait(9_000).proves(19),
    'down',
  ],
  [
    'and twice the proof is enough then',
    down().proves(10).wait(300_000).fails('a').fails('b').wait(9_000).proves(20),
    'up',
  ],
  [
    'a fall later than 10 minutes is no relapse',
    down().proves(10).wait(660_000).fails('a').fails('b').wait(9_000).proves(10),
    'up',
  ],
  [
    'a slow connect among quick ones is no proof that all is well',
    down().proves(5).connects('b', 1_200).proves(6),
    'degraded',
    /some connects were lost or slow/,
  ],
  [
    'a connect that was begun before the first answer speaks of the old trouble',
    down().answers('a').wait(500).connects('b', 1_400).proves(10),
    'up',
  ],
  ['where all connects are slow it is far, and proves itself like any other', provesSlowly(down(), 10), 'up'],
  [
    'where no other uplink can be used, the first answer brings it back',
    down({ othersUsable: false }).answers('b'),
    'degraded',
    /no other uplink can be/,
  ],

  [
    'a hasty verdict is taken back when the answer comes late',
    up().unanswered('a').unanswered('b').wait(400).connects('a', 900),
    'degraded',
    /slow/,
  ],
  [
    'a hasty verdict is not taken back after the time limit',
    up().unanswered('a').unanswered('b').wait(5_100).connects('a'),
    'down',
  ],
  [
    'a hard verdict is not taken back by one answer',
    up().fails('a').fails('b').wait(400).connects('a'),
    'down',
  ],
  [
    'after a hasty verdict was wrong, haste convicts no more',
    up().unanswered('a').unanswered('b').wait(400).connects('a').unanswered('a').unanswered('b'),
    'degraded',
  ],
  [
    'before the first answer haste convicts nobody, for nothing is known of its pace',
    new Story().unanswered('a').unanswered('b'),
    'unknown',
  ],
  ['before the first answer two hard failures do', new Story().fails('a').fails('b'), 'down'],
  [
    'it is up again when its connects are sure for 10 s, and thirty of them in a row',
    up().unanswered('a').unanswered('b').wait(400).connects('a').proves(29),
    'up',
  ],
  [
    'fewer are not enough, for a lossy link has its good moments',
    up().unanswered('a').unanswered('b').wait(400).connects('a').proves(28),
    'degraded',
  ],
  [
    'after a slow one they are counted anew',
    up().unanswered('a').unanswered('b').wait(400).proves(25).connects('b', 1_200).proves(28),
    'degraded',
  ],

  [
    'TCP that connects where no greeting comes proves nothing',
    connectsOnly(up().unanswered('a', 'greeting').unanswered('b', 'greeting').wait(9_000), 15),
    'down',
  ],
  [
    'after that only greetings are proof',
    up().unanswered('a', 'greeting').unanswered('b', 'greeting').wait(9_000).proves(10),
    'up',
  ],
  [
    'a TCP connection does not clear a missing greeting',
    up().unanswered('a', 'greeting').connects('b').unanswered('b', 'greeting'),
    'down',
  ],

  [
    'many lost races among good connects make it degraded',
    up()
      .connects('a')
      .connects('b')
      .overtaken('a')
      .connects('c')
      .overtaken('b')
      .connects('a')
      .overtaken('c')
      .connects('b'),
    'degraded',
    /lost or slow/,
  ],
  [
    'many slow connects make it degraded',
    up().connects('a', 1_200).connects('b', 3_100).connects('c').connects('a', 1_100),
    'degraded',
  ],
  [
    'one bad route does not make it degraded',
    up()
      .overtaken('a')
      .connects('b')
      .overtaken('a')
      .connects('b')
      .overtaken('a')
      .connects('b')
      .overtaken('a'),
    'up',
  ],
  [
    'dead destinations do not make it degraded',
    up()
      .connects('a')
      .fails('b', 'timeout', null)
      .connects('a')
      .fails('c', 'timeout', null)
      .connects('a')
      .fails('b', 'timeout', null),
    'up',
  ],

  [
    'nothing answers anywhere: down, and the reason says so',
    up({ unreachedByAll: true, witnesses: 2 }).fails('a', 'timeout', null).fails('b', 'timeout', null),
    'down',
    /no uplink reaches mx\.a\.example, mx\.b\.example/,
  ],
  [
    'the only known site answers nowhere: down, and the reason leaves it open',
    up({ unreachedByAll: true, witnesses: 1 }).fails('a', 'timeout', null).fails('a', 'timeout', null),
    'down',
    /the only site known: it, or every uplink, is dead/,
  ],
  [
    'two of four known sites are not everything',
    up({ unreachedByAll: true, witnesses: 4 }).fails('a', 'timeout', null).fails('b', 'timeout', null),
    'up',
  ],
];

for (const [sentence, story, state, reason = /./] of rows) {
  test(`health: ${sentence}`, () => {
    assert.equal(stateOf(story.health), state, story.health.reason);
    assert.match(story.health.reason, reason);
  });
}

test('health: what isp2 reaches later convicts at the review', () => {
  const story = up().fails('a', 'timeout', null).fails('b', 'timeout', null);
  story.world = { reachedElsewhere: 'isp2' };
  assert.equal(story.review().health.state, 'down');
});

test('health: each relapse doubles the proof, to an hour at most', () => {
  const story = up();
  const proofs: number[] = [];
  for (let round = 0; round < 12; round += 1) {
    story.fails('a').fails('b').wait(9_000).answers('a');
    let seconds = 0;
    while (story.health.state === 'down' && seconds < 4_000) {
      seconds += 1;
      story.wait(1_000).answers('a');
    }
    proofs.push(seconds);
    story.wait(60_000);
  }
  assert.deepEqual(proofs, [10, 20, 40, 80, 160, 320, 640, 1_280, 2_560, 3_600, 3_600, 3_600]);
});

test('health: an hour up lets relapses be forgotten', () => {
  const story = down().proves(10).wait(60_000).fails('a').fails('b').wait(9_000).proves(20);
  story.wait(3_600_000).fails('a').fails('b').wait(9_000).proves(10);
  assert.equal(story.health.state, 'up');
});

test('health: drained is shown over everything, and what is under it goes on', () => {
  const story = up().see({ kind: 'drained', at: 0, since: 0, reason: 'maintenance', until: null });
  assert.equal(stateOf(story.health), 'drained');
  story.fails('a').fails('b');
  assert.equal(stateOf(story.health), 'drained');
  story.see({ kind: 'resumed', at: 0 });
  assert.equal(stateOf(story.health), 'down');
});

test('health: nothing new gives the same object', () => {
  const { health } = up();
  const story = up();
  story.health = health;
  assert.equal(story.answers('b').health, health);
});

const anyHost = fc.constantFrom('a', 'a2', 'b', 'c');
const anyFailure = fc.record({
  kind: fc.constantFrom<NetworkErrorKind>(
    'timeout',
    'refused',
    'reset',
    'host_unreachable',
    'aborted',
    'resources',
    'other',
    'closed',
  ),
  host: anyHost,
  overtaken: fc.boolean(),
  probe: fc.boolean(),
  reachedBy: fc.constantFrom(null, 'isp2'),
  stage: fc.constantFrom<'connect' | 'greeting'>('connect', 'greeting'),
  waitedMs: fc.integer({ min: 0, max: 4_000 }),
});
const anyWorld = fc.record({
  witnesses: fc.integer({ min: 0, max: 4 }),
  othersUsable: fc.boolean(),
  trusted: fc.boolean(),
  unreachedByAll: fc.boolean(),
  reachedElsewhere: fc.constantFrom(null, 'isp2'),
});
type Step =
  | {
      readonly what: 'fails';
      readonly failure: typeof anyFailure extends fc.Arbitrary<infer Failure> ? Failure : never;
    }
  | { readonly what: 'answers'; readonly host: string }
  | { readonly what: 'connects'; readonly host: string; readonly ms: number }
  | { readonly what: 'waits'; readonly ms: number }
  | { readonly what: 'world'; readonly world: World }
  | { readonly what: 'host'; readonly condition: HostCondition }
  | { readonly what: 'drained' | 'resumed' | 'review' };

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ what: fc.constant('fails' as const), failure: anyFailure }),
  fc.record({ what: fc.constant('answers' as const), host: anyHost }),
  fc.record({
    what: fc.constant('connects' as const),
    host: anyHost,
    ms: fc.integer({ min: 1, max: 5_000 }),
  }),
  fc.record({ what: fc.constant('waits' as const), ms: fc.integer({ min: 1, max: 700_000 }) }),
  fc.record({ what: fc.constant('world' as const), world: anyWorld }),
  fc.record({
    what: fc.constant('host' as const),
    condition: fc.constantFrom<HostCondition>('sound', 'address absent', 'link down', 'no route'),
  }),
  fc.record({ what: fc.constantFrom('drained' as const, 'resumed' as const, 'review' as const) }),
);

function live(story: Story, step: Step): void {
  switch (step.what) {
    case 'fails': {
      const { host, kind, ...more } = step.failure;
      story.see({
        kind: 'failed',
        at: story.now,
        site: host,
        to: at(host),
        error: { kind, message: '' },
        ...more,
      });
      return;
    }
    case 'answers':
      story.answers(step.host);
      return;
    case 'connects':
      story.connects(step.host, step.ms);
      return;
    case 'waits':
      story.wait(step.ms);
      return;
    case 'world':
      story.world = step.world;
      return;
    case 'host':
      story.host(step.condition);
      return;
    case 'drained':
      story.see({ kind: 'drained', at: story.now, since: 0, reason: 'by hand', until: null });
      return;
    case 'resumed':
      story.see({ kind: 'resumed', at: story.now });
      return;
    default:
      story.review();
  }
}

const anyStory = fc.array(anyStep, { maxLength: 60 });

test('health: whatever is seen, it never throws, stays bounded, and always has a reason', () => {
  fc.assert(
    fc.property(anyStory, steps => {
      const story = new Story();
      for (const step of steps) {
        live(story, step);
        assert.ok(story.health.failures.length <= 16 && story.health.connects.length <= 10);
        assert.notEqual(story.health.reason, '');
      }
    }),
  );
});

test('health: while answers keep coming, no failure takes it down', () => {
  fc.assert(
    fc.property(fc.array(anyFailure, { maxLength: 60 }), anyWorld, (failures, world) => {
      const story = up(world);
      for (const failure of failures) {
        live(story, { what: 'fails', failure });
        story.answers('a').wait(50);
        assert.notEqual(story.health.state, 'down', story.health.reason);
      }
    }),
  );
});

test('health: whatever was seen, an hour of answers brings it back', () => {
  fc.assert(
    fc.property(anyStory, steps => {
      const story = new Story();
      for (const step of steps) live(story, step);
      story.world = {};
      story.see({ kind: 'resumed', at: story.now }).host('sound');
      story.proves(3_700);
      assert.ok(story.health.state === 'up' || story.health.state === 'unknown', story.health.reason);
    }),
    { numRuns: 30 },
  );
});
