import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { inOrder } from '../src/surface/demo/namespaces.ts';
import { doors, inside, sites, uplinks } from './addresses.ts';
import { blackHole, unblock } from './cuts.ts';
import { inner, translate } from './nat.ts';
import { plainLines } from './network.ts';
import { must, Scenario, type ScenarioSetting } from './scenario.ts';
import { assertSound } from './sound.ts';

const [one, two] = uplinks;
const strangers = [sites[0].address, sites[1].address] as const;

/** The uplinks and doors that the operator's page tells him to write. */
const page = await readFile(join(import.meta.dirname, '..', 'docs', 'operator', 'nat.md'), 'utf8');
const bothBehind = /```yaml\n(uplinks:[^`]*)```/.exec(page)?.[1] ?? '';
const oneBehind = bothBehind
  .replace('{ address: 10.20.2.2, public: 203.0.113.40 }', two.source)
  .replace('address: 10.20.2.2:25, public: 203.0.113.40', `address: ${two.source}:25`);

/** Who the gateway says has called at its doors, by the uplink of the door. */
function watchDoors(scenario: Scenario): ReadonlyMap<string, ReadonlySet<string>> {
  const callers = new Map<string, Set<string>>(uplinks.map(({ name }) => [name, new Set<string>()]));
  scenario.follow(({ event, uplink, address }) => {
    if (event === 'accepted') callers.get(uplink ?? '')?.add(address ?? '');
  });
  return callers;
}

/** Public addresses and their fitness, as the gateway tells them. */
async function identities(scenario: Scenario): Promise<readonly string[]> {
  const told = (await scenario.uplinks()) ?? [];
  return told.flatMap(({ egresses }) => egresses.map(egress => `${egress.public} ${egress.fit}`));
}

async function survives(setting: ScenarioSetting): Promise<void> {
  const scenario = await Scenario.start({ ...setting, proveS: 2 });
  const { lab } = scenario;
  const since = (at: number, from: string): number => scenario.bySource(at).get(from) ?? 0;
  try {
    const callers = watchDoors(scenario);
    await scenario.send(50);
    await scenario.sendToUs('to-mx1', strangers[0], [doors[0].address], 100);
    await scenario.sendToUs('to-mx2', strangers[1], [doors[1].address], 100);
    await scenario.until('mail out by uplink 1', () => since(0, one.source) >= 40);
    await scenario.until('an identity of each uplink', async () =>
      (await identities(scenario)).every(told => told.endsWith(' fit')),
    );
    assert.deepEqual(
      await identities(scenario),
      uplinks.map(({ source }) => `${source} fit`),
    );

    must(await blackHole(lab, 0));
    const cutAt = Date.now();
    await scenario.until('mail out by uplink 2', () => since(cutAt, two.source) >= 40);
    must(await unblock(lab, 0));
    const healedAt = Date.now();
    await scenario.until('mail out by uplink 1 again', () => since(healedAt, one.source) >= 40);

    await scenario.stopSending();
    await scenario.drained();
    assert.deepEqual(
      uplinks.map(({ name }) => [...(callers.get(name) ?? [])]),
      strangers.map(stranger => [stranger]),
      'strangers come as what they are',
    );
    assert.deepEqual(
      [...scenario.bySource(0).keys()].sort(),
      [inside.mailHost, one.source, two.source].sort(),
    );
    await assertSound(scenario);
  } finally {
    await scenario.close();
  }
}

suite('private addresses on the mail host, public ones on the routers', { concurrency: 2 }, () => {
  test('of both providers, configured as the page for operators says', () =>
    survives({
      lines: inner,
      prepare: lab =>
        inOrder(
          () => translate(lab, 0),
          () => translate(lab, 1),
        ),
      uplinksAndDoors: bothBehind,
    }));

  test('of provider 1 only', () =>
    survives({
      lines: [inner[0], plainLines[1]],
      prepare: lab => translate(lab, 0),
      uplinksAndDoors: oneBehind,
    }));
});
