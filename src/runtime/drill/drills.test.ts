import assert from 'node:assert/strict';
import test from 'node:test';
import { SimClock } from '../../../test/simulation/sim-clock.ts';
import type { DrillSetting } from '../../decision/egress/egress.ts';
import type { EgressState } from '../../decision/egress/health-state.ts';
import { EventStream } from '../events.ts';
import type { DrillReport, EgressTest, UplinkReport } from '../gateway-control.ts';
import type { Result } from '../ports.ts';
import { DrillSchedule } from './drill-schedule.ts';
import { Drills } from './drills.ts';

const day = 86_400_000;
const setting: DrillSetting = { everyMs: 7 * day, forMs: 60_000 };

/** Drills among uplinks that the test makes up. */
class Stand {
  readonly clock = new SimClock();
  readonly events = new EventStream();
  readonly states = new Map<string, EgressState>([
    ['isp1', 'up'],
    ['isp2', 'up'],
    ['isp3', 'up'],
  ]);
  readonly connects = new Map<string, boolean>();
  /** The uplink that mail is given to now. */
  favoured: string | null = null;
  readonly favours: string[] = [];
  readonly told: string[] = [];
  readonly memory: Map<string, string>;
  readonly drills: Drills;
  readonly schedule: DrillSchedule;

  constructor(memory = new Map<string, string>()) {
    this.memory = memory;
    const { clock, events } = this;
    const reports = (): readonly UplinkReport[] =>
      [...this.states].map(([name, state], place) => report(name, place, state));
    this.drills = new Drills({
      clock,
      events,
      reports,
      test: async name => ({ ok: true, value: [this.#test(name)] }),
      favour: uplink => {
        this.favoured = uplink;
        this.favours.push(uplink);
        return () => {
          this.favoured = null;
        };
      },
      onRefusal: () => () => undefined,
    });
    this.schedule = new DrillSchedule({
      clock,
      events,
      drills: this.drills,
      reports,
      remember: async (key, value) => {
        if (value !== null) this.memory.set(key, value);
        return { ok: true, value: undefined };
      },
      recall: async key => ({ ok: true, value: this.memory.get(key) ?? null }),
    });
    events.subscribe(event => {
      if (event.kind === 'condition') this.told.push(`${event.condition.subject} ${event.condition.state}`);
    });
  }

  run(name: string | null, signal = new AbortController().signal): Promise<Result<DrillReport, string>> {
    return this.drills.run(name, 60_000, () => undefined, signal);
  }

  down(uplink: string): void {
    this.states.set(uplink, 'down');
    const told = {
      kind: 'uplink',
      subject: uplink,
      uplink,
      state: 'down',
      previous: 'up',
      since: 0,
    } as const;
    this.events.emit({ kind: 'condition', at: 0, condition: { ...told, reason: 'Nobody answers.' } });
  }

  #test(name: string): EgressTest {
    const ok = this.connects.get(name) ?? true;
    const step = { step: 'connect', ok, text: 'mx.remote.example', elapsedMs: 5 } as const;
    return { egress: `${name}/x`, source: 'x', host: 'mx.remote.example', ok, steps: [step] };
  }
}

function report(name: string, place: number, state: EgressState): UplinkReport {
  const shown = { state, since: 0, reason: 'as the test says' };
  const connectMs = { p50: 9, p99: 20 };
  const egress = { id: `${name}/x`, source: 'x', public: 'x', ehlo: 'x', fit: 'fit', fitReason: '' } as const;
  const counts = { changes24h: 0, sent: 0, failed: 0, ratePerS: 0, connectMs };
  return { name, ...shown, preference: 10 * (place + 1), egresses: [{ ...egress, ...shown, ...counts }] };
}

async function ended(outcome: Promise<Result<DrillReport, string>>): Promise<DrillReport> {
  const result = await outcome;
  assert.ok(result.ok);
  return result.value;
}

test('a drill gives mail to the spare for its time, and back', async () => {
  const stand = new Stand();
  const outcome = stand.run(null);
  await stand.clock.run(30_000);
  assert.equal(stand.favoured, 'isp2');
  await stand.clock.run(31_000);
  assert.equal(stand.favoured, null);
  const { verdict, ranMs, stopped, reason } = await ended(outcome);
  assert.deepEqual([verdict, ranMs, stopped], ['no_mail', 60_000, null]);
  assert.match(
    reason,
    /No mail came for isp2 in 60 s\. A session by it with mx\.remote\.example went well\./,
  );
});

test('at the first sign of harm mail is given back at once', async () => {
  const stand = new Stand();
  const outcome = stand.run('isp3');
  await stand.clock.run(10_000);
  assert.equal(stand.favoured, 'isp3');
  stand.down('isp3');
  assert.equal(stand.favoured, null);
  const { verdict, ranMs, stopped } = await ended(outcome);
  assert.deepEqual([verdict, ranMs, stopped], ['harm', 10_000, 'isp3 is down: Nobody answers.']);
});

test('who asked goes away: mail is given back at once', async () => {
  const stand = new Stand();
  const asker = new AbortController();
  const outcome = stand.run('isp2', asker.signal);
  await stand.clock.run(10_000);
  asker.abort();
  assert.equal(stand.favoured, null);
  assert.equal((await ended(outcome)).stopped, 'It was ended by hand.');
});

test('a session that fails where the usual uplink gets through is harm before mail is moved', async () => {
  const stand = new Stand();
  stand.connects.set('isp2', false);
  const { verdict } = await ended(stand.run('isp2'));
  assert.deepEqual([verdict, stand.favours], ['harm', []]);
});

test('a host that neither uplink reaches says nothing', async () => {
  const stand = new Stand();
  stand.connects.set('isp1', false).set('isp2', false);
  const outcome = stand.run('isp2');
  await stand.clock.run(61_000);
  assert.equal((await ended(outcome)).verdict, 'no_mail');
});

test('one drill at a time, and the next after it', async () => {
  const stand = new Stand();
  const first = stand.run('isp2');
  await stand.clock.run(1_000);
  assert.deepEqual(await stand.run('isp3'), {
    ok: false,
    error: 'A drill of isp2 is under way; wait for its end.',
  });
  await stand.clock.run(60_000);
  await first;
  void stand.run('isp3');
  await stand.clock.run(1_000);
  assert.equal(stand.favoured, 'isp3');
});

test('scheduled: each spare in turn, the first a period after the first start', async () => {
  const stand = new Stand();
  await stand.schedule.start(setting);
  await stand.clock.run(7 * day - 1_000);
  assert.deepEqual(stand.favours, []);
  await stand.clock.run(14 * day + 200_000);
  assert.deepEqual(stand.favours, ['isp2', 'isp3', 'isp2']);
  assert.deepEqual(stand.told, ['isp2 no_mail', 'isp3 no_mail', 'isp2 no_mail']);
  stand.schedule.stop();
});

test('scheduled: a restart neither repeats nor misses one', async () => {
  const before = new Stand();
  await before.schedule.start(setting);
  await before.clock.run(8 * day);
  before.schedule.stop();
  const after = new Stand(before.memory);
  await after.clock.run(9 * day);
  await after.schedule.start(setting);
  await after.clock.run(4 * day);
  assert.deepEqual(after.favours, []);
  await after.clock.run(day + 100_000);
  assert.deepEqual(after.favours, ['isp3']);
  after.schedule.stop();
});

test('scheduled: one whose time came while Postern was off is held at the start', async () => {
  const stand = new Stand(new Map([['drill.last', JSON.stringify({ at: 0, uplink: 'isp2' })]]));
  await stand.schedule.start(setting);
  await stand.clock.run(61_000);
  assert.deepEqual(stand.favours, ['isp3']);
  stand.schedule.stop();
});

test('scheduled: while any uplink is down it is left out, and told', async () => {
  const stand = new Stand();
  await stand.schedule.start(setting);
  stand.states.set('isp3', 'down');
  await stand.clock.run(7 * day + 61_000);
  assert.deepEqual([stand.favours, stand.told], [[], ['isp2 skipped']]);
  stand.schedule.stop();
});

test('scheduled: a setting that goes ends the schedule, and one that comes begins it', async () => {
  const stand = new Stand();
  await stand.schedule.start(setting);
  await stand.schedule.reload(null);
  await stand.clock.run(30 * day);
  assert.deepEqual(stand.favours, []);
  await stand.schedule.reload(setting);
  await stand.clock.run(61_000);
  assert.deepEqual(stand.favours, ['isp2']);
  stand.schedule.stop();
});
