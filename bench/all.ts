/**
 * `npm run bench`: relaying, other sizes, latency at half the rate, the audit and growth, in under 15 minutes; writes
 * docs/benchmarks.md, docs/benchmarks.json and docs/growth.svg. As root, after lab/servers/install.
 *
 *   npm run bench -- --quick              small loads and one round, into a folder of its own
 *   npm run bench -- --only growth,check  some sections; the others of the page stay
 *   npm run bench -- --render             the page anew from the results that are there
 */
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measureAudits } from './audit-times.ts';
import { measureGrowth } from './growth/measure-growth.ts';
import { panelNames } from './growth/panels.ts';
import { measurePaced } from './paced/measure-paced.ts';
import { provenanceOf } from './page/provenance.ts';
import type { Results, SectionName } from './page/results.ts';
import { docs, recordSection, renderPage } from './page.ts';
import { presentContestants } from './relay/available.ts';
import { compare, measure, middle } from './relay/comparison.ts';
import { contestants } from './relay/contestants.ts';
import { standardLoad } from './relay/load.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    render: { type: 'boolean', default: false },
    to: { type: 'string' },
  },
});

type Scale = {
  readonly rounds: number;
  readonly messages: number;
  readonly largeMessages: number;
  readonly hugeMessages: number;
  readonly widelySent: number;
  readonly pacedS: number;
  readonly growthRounds: number;
  readonly growthMessages: number;
};

const whole: Scale = {
  rounds: 3,
  messages: 10_000,
  largeMessages: 3_000,
  hugeMessages: 400,
  widelySent: 400,
  pacedS: 10,
  growthRounds: 3,
  growthMessages: 8_000,
};
const quick: Scale = {
  rounds: 1,
  messages: 2_000,
  largeMessages: 500,
  hugeMessages: 60,
  widelySent: 60,
  pacedS: 3,
  growthRounds: 1,
  growthMessages: 2_000,
};

const scale = values.quick ? quick : whole;
const begun = performance.now();
const say = (line: string): void =>
  console.log(`${Math.round((performance.now() - begun) / 1_000)} s  ${line}`);
const pair = ['postern', 'postfix'] as const;
/** What each gateway made of the standard load, where that was measured in this run. */
let standard: Results['relay'] | null = null;

const folder = values.to ?? (values.quick ? join(tmpdir(), 'postern-benchmarks') : docs);
const given = process.argv.slice(2);

/** How each section is measured and written into the page. */
const sections = new Map([
  section('relay', async () => {
    const names = await presentContestants(say);
    const load = { ...standardLoad, messages: scale.messages };
    standard = await compare({ names, load, rounds: scale.rounds, withCosts: true, say });
    return standard;
  }),
  section('sizes', async () => {
    const loads = [
      { ...standardLoad, messages: scale.largeMessages, sizeBytes: 65_536 },
      { ...standardLoad, messages: scale.hugeMessages, sizeBytes: 1_048_576 },
      { ...standardLoad, messages: scale.widelySent, recipients: 100 },
    ];
    const comparisons: Results['relay'][] = [];
    for (const load of loads)
      comparisons.push(await compare({ names: pair, load, rounds: scale.rounds, withCosts: false, say }));
    return comparisons;
  }),
  section('paced', async () => {
    const paced: Results['paced'][number][] = [];
    for (const name of pair) {
      const contestant = contestants[name];
      const load = { ...standardLoad, messages: scale.messages };
      const full = standard
        ? middle(standard, name, 'messagesPerS')
        : (await measure(contestant, load)).messagesPerS;
      const pace = {
        perS: full / 2,
        seconds: scale.pacedS,
        connections: load.senders,
        sizeBytes: load.sizeBytes,
      };
      const latency = await measurePaced(contestant, pace);
      say(`${name} at ${pace.perS.toFixed(0)} a second: p99 ${latency.acceptToDeliver.p99.toFixed(1)} ms`);
      paced.push({ name, perS: pace.perS, ...latency });
    }
    return paced;
  }),
  section('check', measureAudits),
  section('growth', () =>
    measureGrowth({ rounds: scale.growthRounds, messages: scale.growthMessages, only: panelNames, say }),
  ),
]);

function section<Name extends SectionName>(
  name: Name,
  work: () => Promise<Results[Name]>,
): [string, () => Promise<void>] {
  const record = async (): Promise<void> => {
    const ran = await provenanceOf(
      ['npm run bench', ...(given.length > 0 ? ['--', ...given] : [])].join(' '),
    );
    say(`${name}:`);
    await recordSection(name, await work(), ran, folder);
  };
  return [name, record];
}

await mkdir(folder, { recursive: true });
if (values.render) await renderPage(folder);
else
  for (const name of values.only?.split(',') ?? sections.keys()) {
    const record = sections.get(name);
    if (record === undefined)
      throw new Error(`--only takes some of ${[...sections.keys()].join(', ')}, not "${name}".`);
    await record();
  }
say(`The page is ${join(folder, 'benchmarks.md')}.`);
process.exit();
