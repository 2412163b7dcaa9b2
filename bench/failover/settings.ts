/**
 * What a cut costs the gateway alone, in settings that try it harder than the proof does.
 *
 * near: few sites, hardly any delay. far: 200 sites behind 80 ms, the uplinks' own resolvers, a cold DNS cache, every
 * tenth site greets after 6 s. large: messages of 3 MB on 20 Mbit/s, cut midway. calm: no cut, but tarpits, 300 ms and
 * dead destinations: what leaves the sound preferred uplink is a false alarm.
 */
import { manySites, type Site, uplinks } from '../../lab/addresses.ts';
import { type Cut, cuts, heal } from '../../lab/cuts.ts';
import { must, Scenario, type ScenarioSetting } from '../../lab/scenario.ts';

export type SettingOptions = {
  readonly cuts: ReadonlySet<string>;
  /** How long the calm is watched, in seconds. */
  readonly calmS: number;
  readonly json: boolean;
};

const [one, two] = uplinks;
const intervalMs = 50;

type Row = Record<string, string | number>;

function sleep(ms: number): Promise<void> {
  return new Promise(resolve => {
    setTimeout(resolve, ms);
  });
}

function show(title: string, rows: readonly Row[], { json }: SettingOptions): void {
  if (json) {
    for (const row of rows) console.log(JSON.stringify({ setting: title, ...row }));
    return;
  }
  const names = [...new Set(rows.flatMap(row => Object.keys(row)))];
  const lines = [names, ...rows.map(row => names.map(name => String(row[name] ?? '')))];
  const widths = names.map((_, at) => Math.max(...lines.map(line => line[at]?.length ?? 0)));
  console.log(`\n${title}`);
  for (const line of lines)
    console.log(
      line
        .map((text, at) => text.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    );
}

/** Recipients in doubt now, as the queue tells. */
async function inDoubt(scenario: Scenario): Promise<number> {
  const { out } = await scenario.command('queue', 'list', '--json');
  return out.split('"in_doubt"').length - 1;
}

/** One cut under steady mail. */
async function measureCut(
  cut: Cut,
  setting: ScenarioSetting,
  distance: (scenario: Scenario, uplink: 0 | 1) => Promise<void>,
  durations: { readonly flowS: number; readonly cutS: number },
): Promise<Row> {
  const scenario = await Scenario.start({ ...setting, more: 'delivery: { doubt_wait: 60s }\n' });
  try {
    for (const uplink of [0, 1] as const) await distance(scenario, uplink);
    let doubts = 0;
    scenario.follow(({ event, recipient }) => {
      if (event !== 'in_doubt') return;
      doubts += 1;
      scenario.tally.doubted(`<steady.${/^m(\d+)@/.exec(recipient ?? '')?.[1]}@example.com>`);
    });
    await scenario.send(intervalMs);
    await sleep(durations.flowS * 1000);
    const abandonedBefore = (await scenario.counts()).abandoned;
    const at = Date.now();
    must(await cut.apply(scenario.lab));
    await sleep(durations.cutS * 1000);
    const healedAt = Date.now();
    must(await heal(scenario.lab));
    await distance(scenario, 0);
    const returned = (): number | undefined =>
      scenario.deliveries.find(
        delivery => delivery.remoteAddress === one.source && delivery.startedAt >= healedAt,
      )?.startedAt;
    await scenario
      .until('mail to return to uplink 1', () => returned() !== undefined, 120_000)
      .catch(() => {});
    await sleep(2000);
    await scenario.stopSending();
    await scenario.drained(180_000).catch(() => {});
    const reckoning = scenario.tally.reckon({ at, healedAt });
    const back = returned();
    return {
      cut: cut.name,
      accepted: reckoning.accepted,
      lost: reckoning.lost.length,
      doubled: reckoning.duplicates,
      affected: reckoning.affected,
      'added p50 ms': reckoning.addedDelayMs?.p50 ?? '',
      'p99 ms': reckoning.addedDelayMs?.p99 ?? '',
      'max ms': reckoning.addedDelayMs?.max ?? '',
      'to MAIL max': reckoning.addedToMailMs?.max ?? '',
      'usual ms': reckoning.usualMs,
      doubts,
      'done twice': (await scenario.counts()).abandoned - abandonedBefore,
      'back after s': back === undefined ? 'never' : ((back - healedAt) / 1000).toFixed(1),
    };
  } finally {
    await scenario.close();
  }
}

async function measureCuts(
  title: string,
  setting: ScenarioSetting,
  distance: (scenario: Scenario, uplink: 0 | 1) => Promise<void>,
  durations: { readonly flowS: number; readonly cutS: number },
  options: SettingOptions,
): Promise<void> {
  const rows: Row[] = [];
  for (const cut of cuts) {
    if (!options.cuts.has(cut.name)) continue;
    rows.push(await measureCut(cut, setting, distance, durations));
    if (!options.json) console.error(`${title}: ${JSON.stringify(rows.at(-1))}`);
  }
  show(title, rows, options);
}

const slowGreeter = (_: Site, index: number) => (index % 10 === 9 ? { greetingDelayMs: 6000 } : {});

async function near(options: SettingOptions): Promise<void> {
  await measureCuts('near', {}, async () => {}, { flowS: 5, cutS: 10 }, options);
}

async function far(options: SettingOptions): Promise<void> {
  const setting = { sites: manySites(200), ownResolvers: true, behaviour: slowGreeter };
  const distance = async ({ lab }: Scenario, uplink: 0 | 1): Promise<void> => {
    must(await lab.rewire(uplink, { delayMs: 40, loss: 0 }));
  };
  await measureCuts('far', setting, distance, { flowS: 6, cutS: 10 }, options);
}

/** Three messages of 3 MB at once, at 20 Mbit/s by either uplink; the cut comes when a third of them is through. */
async function large(options: SettingOptions): Promise<void> {
  const rows: Row[] = [];
  for (const cut of cuts.filter(({ connect }) => connect !== 'slow')) {
    if (!options.cuts.has(cut.name)) continue;
    const scenario = await Scenario.start();
    try {
      await scenario.send(100);
      await sleep(2500);
      await scenario.stopSending();
      await scenario.drained();
      for (const { namespace } of scenario.lab.providers) {
        const slow = ['qdisc', 'replace', 'dev', 'core', 'root', 'tbf', 'rate', '20mbit', 'burst', '50kb'];
        const done = await namespace.run('tc', [...slow, 'latency', '200ms']);
        if (!done.ok) throw new Error(done.error);
      }
      await scenario.send(200, { sizeBytes: 3_000_000, label: 'large' });
      await scenario.until('three large messages', () => scenario.tally.missing().length >= 3, 10_000);
      await scenario.stopSending();
      await sleep(500);
      const at = Date.now();
      const under = scenario.tally.missing().length;
      must(await cut.apply(scenario.lab));
      await scenario.drained(60_000).catch(() => {});
      const late = scenario.deliveries.filter(delivery => delivery.at >= at);
      const reckoning = scenario.tally.reckon(null);
      rows.push({
        cut: cut.name,
        'under way': under,
        lost: reckoning.lost.length,
        doubled: reckoning.duplicates,
        'arrived after s': late.map(delivery => ((delivery.at - at) / 1000).toFixed(1)).join(' '),
        by: late.map(delivery => (delivery.remoteAddress === two.source ? two.name : one.name)).join(' '),
        doubts: await inDoubt(scenario),
      });
      if (!options.json) console.error(`large: ${JSON.stringify(rows.at(-1))}`);
    } finally {
      await scenario.close();
    }
  }
  show('large', rows, options);
}

/**
 * No cut: all sites are 300 ms away and take five messages a session, every fourth is a tarpit, every tenth has no
 * receiver. Counts after each site was met.
 */
async function calm(options: SettingOptions): Promise<void> {
  const count = 60;
  const scenario = await Scenario.start({
    sites: manySites(count),
    behaviour: (_, index) => {
      if (index % 10 === 9) return 'no receiver';
      const slow = index % 4 === 3 ? { greetingDelayMs: 6000, replyDelayMs: 500 } : {};
      return { ...slow, messagesPerSession: 5 };
    },
  });
  let hedged = 0;
  try {
    scenario.follow(event => {
      if (event.event === 'hedged') hedged += 1;
    });
    for (const index of [0, 1] as const) must(await scenario.lab.rewire(index, { delayMs: 150, loss: 0 }));
    await scenario.send(intervalMs);
    await scenario.until('every site to be met', () => scenario.tally.counts().accepted >= 2 * count);
    await sleep(10_000);
    const before = await callersOf(scenario);
    const begun = scenario.deliveries.length;
    const hedgedBefore = hedged;
    await sleep(options.calmS * 1000);
    const after = await callersOf(scenario);
    await scenario.stopSending();
    const delivered = scenario.deliveries.slice(begun);
    const strayed = delivered.filter(({ remoteAddress }) => remoteAddress === two.source).length;
    const hedges = hedged - hedgedBefore;
    const connections = after.all - before.all;
    show(
      'calm',
      [
        {
          delivered: delivered.length,
          'left the preferred uplink': strayed,
          share: `${((100 * strayed) / Math.max(1, delivered.length)).toFixed(3)} %`,
          'hedged at first': hedgedBefore,
          'connections after': connections,
          'from the other uplink, probes with them': after.byTwo - before.byTwo,
          'hedged after': hedges,
          'share of connections': `${((100 * hedges) / Math.max(1, connections)).toFixed(2)} %`,
        },
      ],
      options,
    );
  } finally {
    await scenario.close();
  }
}

/** Connections that the receivers saw, and how many came from the second uplink. */
async function callersOf(scenario: Scenario): Promise<{ all: number; byTwo: number }> {
  const { callers } = await scenario.counts();
  return {
    all: callers.reduce((sum, caller) => sum + caller.connections, 0),
    byTwo: callers.find(({ address }) => address === two.source)?.connections ?? 0,
  };
}

/** The settings by name. */
export const settings: Readonly<Record<string, (options: SettingOptions) => Promise<void>>> = {
  near,
  far,
  large,
  calm,
};
