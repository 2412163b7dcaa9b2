import { cutKinds } from '../simulation/sim-link.ts';
import { SimRandom } from '../simulation/sim-random.ts';
import { type Blow, type Fault, insideNames, type Spell, uplinkNames } from './fault.ts';
import { drawUncommon, type Uncommon } from './uncommon.ts';
import { receiverWhims, smartHostWhims } from './whims.ts';

/** All that one run is made of: the same plan gives the same history. Drawn from its seed, and nothing of it as it runs. */
export type Plan = {
  readonly seed: number;
  /** How long mail flows among faults, in simulated ms. */
  readonly forMs: number;
  readonly climate: Climate;
  readonly uncommon: Uncommon;
  readonly clients: readonly Client[];
  /** In order of time. */
  readonly faults: readonly Fault[];
};

/** How the network is while nothing in particular is wrong. */
export type Climate = {
  /** Chances by packet, of uplinks. */
  readonly loss: number;
  readonly replay: number;
  readonly straggle: number;
  readonly reset: number;
  /** How kernels cut and merge what is sent. */
  readonly split: number;
  readonly merge: number;
};

export type Client = { readonly everyMs: number; readonly mostRecipients: number };

/** How the plan that a seed gives is cut down, by hand or by shrinking. */
export type Cut = {
  /** Numbers of the faults that are kept; null: all. */
  readonly keep: ReadonlySet<number> | null;
  readonly clients: number | null;
  /** Null: as long as it was drawn for. */
  readonly untilMs: number | null;
};

export const uncut: Cut = { keep: null, clients: null, untilMs: null };

const second = 1_000;
const minute = 60 * second;

type Draw = (random: SimRandom) => Spell | Blow;

const whole = (items: readonly unknown[], random: SimRandom): number => random.between(0, items.length);
const aLink = (random: SimRandom) =>
  random.chance(0.8) ? random.pick(uplinkNames) : random.pick(insideNames);
const receivers = 4;
const egressAddresses = ['198.51.100.30', '203.0.113.40', '198.51.100.77'];
const farAddresses = ['192.0.2.10', '198.18.1.10', '198.18.2.10', '198.18.3.10', '198.18.7.10', '192.0.2.53'];
export const settingsChanges = 12;

const draws: Readonly<Record<(Spell | Blow)['kind'], Draw>> = {
  cut: random => ({ kind: 'cut', link: random.pick(uplinkNames), cut: random.pick(cutKinds) }),
  'bad link': random => ({
    kind: 'bad link',
    link: aLink(random),
    quality: {
      loss: random.chance(0.7) ? random.next() * 0.3 : 0,
      replay: random.chance(0.5) ? random.next() * 0.2 : 0,
      straggle: random.chance(0.5) ? random.next() * 0.2 : 0,
      reset: random.chance(0.5) ? random.next() * 0.05 : 0,
      latencyMs: random.chance(0.5) ? random.between(1, 400) : 10,
    },
  }),
  'one way': random => {
    const pair = [random.pick(egressAddresses), random.pick(farAddresses)];
    const [from = '', to = ''] = random.chance(0.5) ? pair : pair.toReversed();
    return { kind: 'one way', from, to };
  },
  receiver: random => ({
    kind: 'receiver',
    receiver: random.between(0, receivers),
    whim: whole(receiverWhims, random),
  }),
  'smart host': random => ({
    kind: 'smart host',
    host: random.between(0, 2),
    whim: whole(smartHostWhims, random),
  }),
  mood: random => ({
    kind: 'mood',
    receiver: random.between(0, receivers),
    mood: {
      later: random.chance(0.6) ? random.next() * 0.5 : 0,
      never: random.chance(0.4) ? random.next() * 0.2 : 0,
      hangUp: random.chance(0.6) ? random.next() * 0.3 : 0,
    },
  }),
  dislike: random => ({ kind: 'dislike', receiver: random.between(0, receivers) }),
  password: random => ({
    kind: 'password',
    file: random.between(0, 2),
    text: random.chance(0.5) ? null : 'wrong\n',
  }),
  names: random => ({ kind: 'names', without: random.pick(['^smtp\\.', 'PTR$', '^mail2']) }),
  'name server': random => {
    const way = random.next();
    return {
      kind: 'name server',
      silent: way < 0.4,
      servfail: way >= 0.4 && way < 0.7,
      truncate: way >= 0.7,
    };
  },
  configuration: random => ({ kind: 'configuration', change: random.between(0, settingsChanges) }),
  drain: random => ({ kind: 'drain', uplink: random.pick(uplinkNames) }),
  disk: random => ({ kind: 'disk', trouble: random.pick(['full', 'broken', 'slow']) }),
  pause: () => ({ kind: 'pause' }),
  clock: random => ({ kind: 'clock', jumpMs: (random.chance(0.5) ? 1 : -1) * 10 ** random.between(2, 7) }),
  drill: () => ({ kind: 'drill' }),
  restart: () => ({ kind: 'restart' }),
  crash: random => ({
    kind: 'crash',
    steps: Math.floor(2 ** (random.next() * 12)) - 1,
    pending: random.pick(['dropped', 'kept', 'torn']),
    downMs: random.chance(0.3) ? random.between(10, 200) : random.between(1_000, 20_000),
  }),
};

const blows: ReadonlySet<string> = new Set<Blow['kind']>(['clock', 'drill', 'restart', 'crash']);

/** The plan of a seed, before it is cut down. */
export function drawPlan(seed: number, forMs: number): Plan {
  const random = new SimRandom(seed);
  const climate = drawClimate(random.fork());
  const uncommon = drawUncommon(random.fork());
  const clients = Array.from({ length: random.between(1, 4) }, () => ({
    everyMs: random.between(2 * second, 15 * second),
    mostRecipients: random.chance(0.3) ? 4 : 1,
  }));
  return { seed, forMs, climate, uncommon, clients, faults: drawFaults(random.fork(), forMs) };
}

export function cutDown(plan: Plan, { keep, clients, untilMs }: Cut): Plan {
  return {
    ...plan,
    forMs: Math.min(plan.forMs, untilMs ?? plan.forMs),
    clients: plan.clients.slice(0, clients ?? plan.clients.length),
    faults: plan.faults.filter(
      ({ number, at }) => (keep === null || keep.has(number)) && at < (untilMs ?? plan.forMs),
    ),
  };
}

function drawClimate(random: SimRandom): Climate {
  const sometimes = (chance: number, most: number): number =>
    random.chance(chance) ? random.next() * most : 0;
  return {
    loss: sometimes(0.3, 0.3),
    replay: sometimes(0.3, 0.1),
    straggle: sometimes(0.3, 0.1),
    reset: sometimes(0.2, 0.003),
    split: random.next() * 0.5,
    merge: random.next() * 0.3,
  };
}

/** Which kinds come at all, how often each, and how dense they lie is drawn for each seed. */
function drawFaults(random: SimRandom, forMs: number): Fault[] {
  const weights = Object.keys(draws).map(kind => ({
    kind: kind as keyof typeof draws,
    weight: random.chance(0.4) ? 0 : random.next() ** 2,
  }));
  const sum = weights.reduce((total, { weight }) => total + weight, 0);
  const gapMs = random.between(10 * second, 3 * minute);
  const lengthMs = random.between(10 * second, 5 * minute);
  const faults: Fault[] = [];
  for (let at = random.next() * 2 * gapMs; at < forMs && sum > 0; at += random.next() * 2 * gapMs) {
    let turn = random.next() * sum;
    const drawn = weights.find(({ weight }) => (turn -= weight) < 0)?.kind ?? 'cut';
    const isLong = random.chance(0.1);
    const length = Math.round(random.next() * 2 * lengthMs * (isLong ? 4 : 1));
    // A longer stop than the watchdog's would be a kill.
    const most = drawn === 'pause' ? 2 * minute : 20 * minute;
    faults.push({
      number: faults.length + 1,
      at: Math.round(at),
      forMs: blows.has(drawn) ? 0 : Math.min(length, most),
      what: draws[drawn](random),
    });
  }
  return faults;
}
