import assert from 'node:assert/strict';
import test from 'node:test';
import type { ChoiceFacts } from './choice.ts';
import { chooseEgresses } from './choose.ts';
import type { WhenUnfit } from './egress.ts';
import type { EgressState, EgressView, Fitness } from './health-state.ts';

type Sketch = {
  readonly state?: EgressState;
  readonly preference?: number;
  readonly weight?: number;
  readonly fit?: Fitness;
  readonly absent?: boolean;
  readonly family?: 4 | 6;
  readonly whenUnfit?: WhenUnfit;
  readonly smart?: boolean;
};

const addresses: Record<string, string> = { isp1: '198.51.100.30', isp2: '203.0.113.40', isp3: '192.0.2.9' };

function view(uplink: string, sketch: Sketch = {}): EgressView {
  const { state = 'up', preference = 10, weight = 1, fit = 'unknown', absent = false, family = 4 } = sketch;
  const { whenUnfit = 'last', smart = false } = sketch;
  const source = family === 4 ? (addresses[uplink] ?? '192.0.2.1') : '2001:db8::30';
  const id = `${uplink}/${source}`;
  const egress = {
    kind: 'uplink',
    id,
    uplink,
    family,
    source,
    publicAddress: source,
    ehlo: 'mail.example.com',
  } as const;
  return {
    id,
    uplink,
    state,
    since: 0,
    reason: 'because',
    fit,
    preference,
    weight,
    egress: absent ? null : egress,
    family,
    whenUnfit,
    ...(fit === 'unfit' ? { unfitReason: 'it has no PTR' } : {}),
    ...(smart ? { viaSmartHost: true } : {}),
  };
}

function facts(views: readonly EgressView[], more: Partial<ChoiceFacts> = {}): ChoiceFacts {
  return {
    snapshot: { version: 1, egresses: views },
    site: 'mx.remote.example',
    family: 4,
    lastEgress: null,
    penalised: new Map(),
    ...more,
  };
}

/** `isp2* isp1`: the order, with a star on those whose refusals blame the route, and @ on the way to a smart host. */
function told(given: ChoiceFacts): string {
  const choice = chooseEgresses(given);
  if (choice.kind === 'none') return 'none';
  return choice.candidates
    .map(
      ({ egress, standIn, throughSmartHost }) =>
        `${egress.id.split('/')[0]}${standIn ? '*' : ''}${throughSmartHost ? '@' : ''}`,
    )
    .join(' ');
}

const first = (sketch: Sketch = {}): EgressView => view('isp1', sketch);
const second = (sketch: Sketch = {}): EgressView => view('isp2', { preference: 20, ...sketch });
const id1 = 'isp1/198.51.100.30';
const id2 = 'isp2/203.0.113.40';
const hour = 3_600_000;
const favour = { uplink: 'isp2', reason: 'its share' };

const rows: [string, string, ChoiceFacts][] = [
  ['the lower preference comes first', 'isp1 isp2*', facts([second(), first()])],
  ['unknown orders as up', 'isp1 isp2*', facts([first({ state: 'unknown' }), second()])],
  [
    'degraded comes after every up one, whatever its preference',
    'isp2* isp1',
    facts([first({ state: 'degraded' }), second()]),
  ],
  [
    'degraded is used where nothing is up',
    'isp1',
    facts([first({ state: 'degraded' }), second({ state: 'down' })]),
  ],
  ['down is not used', 'isp2*', facts([first({ state: 'down' }), second()])],
  ['drained is not used', 'isp2*', facts([first({ state: 'drained' }), second()])],
  [
    'one whose address is absent is not used, and stays the ideal',
    'isp2*',
    facts([first({ absent: true, state: 'down' }), second()]),
  ],
  ['all down: nobody', 'none', facts([first({ state: 'down' }), second({ state: 'drained' })])],
  ['no address of the family: nobody', 'none', facts([first(), second()], { family: 6 })],
  [
    'only egresses of the host’s family count',
    'isp1',
    facts([first({ family: 6 }), second()], { family: 6 }),
  ],
  [
    'a penalised route comes last',
    'isp2* isp1',
    facts([first(), second()], { penalised: new Map([[id1, 'refused']]) }),
  ],
  [
    'an unfit identity comes after a fit one',
    'isp2* isp1',
    facts([first({ fit: 'unfit' }), second({ fit: 'fit' })]),
  ],
  [
    'an unfit identity comes before a penalised route',
    'isp1 isp2*',
    facts([first({ fit: 'unfit' }), second()], { penalised: new Map([[id2, 'refused']]) }),
  ],
  [
    'a retry stays where it was answered with a 4xx',
    'isp2* isp1',
    facts([first(), second()], { lastEgress: { id: id2, sinceMs: hour } }),
  ],
  [
    'a retry stays for 4 h at most',
    'isp1 isp2*',
    facts([first(), second()], { lastEgress: { id: id2, sinceMs: 4 * hour + 1 } }),
  ],
  [
    'a retry does not stay on a degraded egress',
    'isp1 isp2*',
    facts([first(), second({ state: 'degraded' })], { lastEgress: { id: id2, sinceMs: hour } }),
  ],
  [
    'a retry does not stay on a down egress',
    'isp1',
    facts([first(), second({ state: 'down' })], { lastEgress: { id: id2, sinceMs: hour } }),
  ],
  [
    'a retry does not stay on a penalised route',
    'isp1 isp2*',
    facts([first(), second()], {
      lastEgress: { id: id2, sinceMs: hour },
      penalised: new Map([[id2, 'refused']]),
    }),
  ],
  [
    'an unfit identity that is to be held is not used',
    'isp2*',
    facts([first({ fit: 'unfit', whenUnfit: 'hold' }), second()]),
  ],
  [
    'all are unfit and to be held: nobody',
    'none',
    facts([first({ fit: 'unfit', whenUnfit: 'hold' }), second({ fit: 'unfit', whenUnfit: 'hold' })]),
  ],
  [
    'an unfit identity that is to be used all the same keeps its place',
    'isp1 isp2*',
    facts([first({ fit: 'unfit', whenUnfit: 'use' }), second()]),
  ],
  [
    'a retry does not stay on an unfit egress',
    'isp1 isp2*',
    facts([first(), second({ fit: 'unfit' })], { lastEgress: { id: id2, sinceMs: hour } }),
  ],
  ['only the uplinks of the route are used', 'isp2', facts([first(), second()], { onlyUplinks: ['isp2'] })],
  [
    'the uplinks of the route are down: nobody, though another is up',
    'none',
    facts([first(), second({ state: 'down' })], { onlyUplinks: ['isp2'] }),
  ],
  ['an uplink with a smart host is not raced', 'isp1', facts([first(), second({ smart: true })])],
  [
    'an uplink with a smart host is used when the better one is down',
    'isp2*@',
    facts([first({ state: 'down' }), second({ smart: true })]),
  ],
  [
    'an uplink with a smart host that is the best is used alone',
    'isp1@',
    facts([first({ smart: true }), second()]),
  ],
  [
    'straight ones stand in for one with a smart host, and race each other',
    'isp2* isp3*',
    facts([
      first({ smart: true, state: 'down' }),
      second(),
      view('isp3', { preference: 30 }),
      view('isp4', { preference: 25, smart: true }),
    ]),
  ],
  [
    'a smart host takes mail for a receiver of the other family',
    'isp2@',
    facts([first(), second({ smart: true })], { family: 6 }),
  ],
  [
    'past its smart host an uplink reaches its own family only',
    'none',
    facts([first(), second({ smart: true })], { family: 6, smartHosts: 'past' }),
  ],
  [
    'past its smart host it is used alone too',
    'isp1',
    facts([first({ smart: true }), second()], { smartHosts: 'past' }),
  ],
  [
    'mail of our own domains leaves smart hosts aside',
    'isp2',
    facts([first({ smart: true }), second()], { smartHosts: 'avoid' }),
  ],
  [
    'mail of our own domains waits rather than go by a smart host',
    'none',
    facts([first({ smart: true }), second({ state: 'down' })], { smartHosts: 'avoid' }),
  ],
  [
    'where all uplinks have smart hosts, mail of our own domains goes past them',
    'isp1',
    facts([first({ smart: true }), second({ smart: true })], { smartHosts: 'avoid' }),
  ],
  [
    'a retry does not stay on a smart host',
    'isp1',
    facts([first(), second({ smart: true })], { lastEgress: { id: id2, sinceMs: hour } }),
  ],
  ['a favoured uplink comes first', 'isp2* isp1', facts([first(), second()], { favoured: favour })],
  [
    'a favoured uplink with a smart host is used alone',
    'isp2*@',
    facts([first(), second({ smart: true })], { favoured: favour }),
  ],
  [
    'a favoured uplink that is the best is nothing special',
    'isp1 isp2*',
    facts([first(), second()], { favoured: { uplink: 'isp1', reason: 'its share' } }),
  ],
  [
    'a favoured uplink that is degraded is not used for it',
    'isp1 isp2*',
    facts([first(), second({ state: 'degraded' })], { favoured: favour }),
  ],
  [
    'a favoured uplink that is unfit is not used for it',
    'isp1 isp2*',
    facts([first(), second({ fit: 'unfit', whenUnfit: 'use' })], { favoured: favour }),
  ],
  [
    'a favoured uplink that the receiver refuses is not used for it',
    'isp1 isp2*',
    facts([first(), second()], { favoured: favour, penalised: new Map([[id2, 'refused']]) }),
  ],
];

for (const [sentence, expected, given] of rows) {
  test(`choice: ${sentence}`, () => assert.equal(told(given), expected));
}

test('choice: the reason of a stand-in tells what is wrong with the one it stands in for', () => {
  const choice = chooseEgresses(facts([first({ state: 'down' }), second()]));
  assert.ok(choice.kind === 'candidates');
  assert.equal(choice.candidates[0].reason, 'stand-in for isp1, which is down: because');
});

test('choice: with nobody to use, the reason tells of each', () => {
  const choice = chooseEgresses(facts([first({ state: 'down' }), second({ state: 'drained' })]));
  assert.ok(choice.kind === 'none');
  assert.match(choice.reason, /isp1\S* is down: because; isp2\S* is drained: because/);
});

const reasons: [string, RegExp, ChoiceFacts][] = [
  [
    'nobody tells what is held, and why',
    /isp1\S* is held, for its identity does not stand: it has no PTR/,
    facts([first({ fit: 'unfit', whenUnfit: 'hold' })]),
  ],
  [
    'nobody tells of the route',
    /^no uplink of its route \(isp1\) can be used \(isp1\S* is down: because\)$/,
    facts([first({ state: 'down' }), second()], { onlyUplinks: ['isp1'] }),
  ],
  [
    'a stand-in tells that the other is unfit',
    /^stand-in for isp1, whose identity does not stand: it has no PTR$/,
    facts([first({ fit: 'unfit' }), second()]),
  ],
  [
    'an unfit one that is used tells it',
    /^preferred \(preference 10\); its identity does not stand: it has no PTR$/,
    facts([first({ fit: 'unfit' })]),
  ],
  [
    'a smart host is named',
    /^stand-in for isp1, which is down: because; through its smart host$/,
    facts([first({ state: 'down' }), second({ smart: true })]),
  ],
  ['a share is named', /^isp2, its share$/, facts([first(), second()], { favoured: favour })],
];

for (const [sentence, expected, given] of reasons)
  test(`choice: the reason of ${sentence}`, () => {
    const choice = chooseEgresses(given);
    assert.match(choice.kind === 'none' ? choice.reason : choice.candidates[0].reason, expected);
  });

const sites = Array.from({ length: 4_000 }, (_, index) => `mx${index}.remote.example`);
const firstFor = (site: string, views: readonly EgressView[]): string =>
  told(facts(views, { site })).split(/[* ]/)[0] ?? '';

test('choice: equals share the sites by weight', () => {
  const views = [first({ weight: 3 }), view('isp2', { weight: 1 })];
  const share = sites.filter(site => firstFor(site, views) === 'isp1').length / sites.length;
  assert.ok(share > 0.72 && share < 0.78, `isp1 has ${share}`);
});

test('choice: an address that dies moves the sites of its own only, though its uplink has another', () => {
  const spare = { ...view('isp1'), id: 'isp1/spare' };
  const whole = [view('isp1'), spare, view('isp2')];
  const without = [view('isp1'), { ...spare, state: 'down' as const }, view('isp2')];
  for (const site of sites) {
    const before = told(facts(whole, { site })).split(' ')[0];
    if (before === 'isp2') assert.equal(told(facts(without, { site })), 'isp2 isp1*');
  }
});

test('choice: a site keeps its egress when another one joins or goes', () => {
  const two = [first(), view('isp2')];
  const three = [...two, view('isp3')];
  for (const site of sites.slice(0, 500)) {
    const withThree = firstFor(site, three);
    if (withThree !== 'isp3') assert.equal(firstFor(site, two), withThree);
  }
});

test('choice: among equals the one that its site would not have is a stand-in', () => {
  for (const site of sites.slice(0, 50)) {
    const [ideal, other] = told(facts([first(), view('isp2')], { site })).split(' ');
    assert.ok(ideal !== undefined && !ideal.endsWith('*') && other?.endsWith('*'));
  }
});
