import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fillDeferredQueue } from '../deferred-queue.ts';
import { startPostern } from '../postern-gateway.ts';
import { measure } from '../relay/comparison.ts';
import type { Contestant } from '../relay/contestants.ts';
import { type Load, standardLoad } from '../relay/load.ts';
import { serveDomains } from './destinations.ts';
import { type PanelName, panelNames, panels } from './panels.ts';
import type { Growth, Measured } from './reckoning.ts';

export type GrowthPlan = {
  readonly rounds: number;
  /** At each place; a sender alone sends a quarter, and more than 250 so many more that opening them does not count. */
  readonly messages: number;
  readonly only: readonly PanelName[];
  readonly say: (line: string) => void;
};

/** What is measured at one place of a panel. */
type Place = {
  readonly name: PanelName;
  readonly at: number;
  readonly load: Load;
  readonly contestant: Contestant;
};

/** Nothing of the queue falls due while it is measured. */
const dueInMs = 3_600_000;
const deadDomains = 50_000;
/** All senders share one address. */
const roomForAll = 'limits: { per_client: 1000 }';

/** Messages a second at each place, all places in each round, forth and back in turn. */
export async function measureGrowth(plan: GrowthPlan): Promise<Growth> {
  const folder = await mkdtemp(join(tmpdir(), 'postern-bench-queues-'));
  const most = Math.max(...panels.destinations.values);
  const names = await serveDomains(plan.only.includes('destinations') ? most : 1);
  try {
    const places = await prepare(plan, folder, names.port);
    const rates = new Map(places.map(place => [place, [] as number[]]));
    for (let round = 0; round < plan.rounds; round++)
      for (const place of round % 2 === 0 ? places : places.toReversed()) {
        const { messagesPerS } = await measure(place.contestant, place.load);
        rates.get(place)?.push(messagesPerS);
        plan.say(`${place.name} ${place.at}: ${messagesPerS.toFixed(0)} messages/s`);
      }
    const of = (name: PanelName): Measured[] =>
      places.flatMap(place => (place.name === name ? [{ at: place.at, perS: rates.get(place) ?? [] }] : []));
    return { senders: of('senders'), queue: of('queue'), destinations: of('destinations') };
  } finally {
    await names.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function prepare(plan: GrowthPlan, folder: string, namesPort: number): Promise<Place[]> {
  const load = { ...standardLoad, messages: plan.messages };
  const places: Place[] = [];
  for (const name of panelNames.filter(each => plan.only.includes(each)))
    for (const at of panels[name].values) places.push(await placeOf(name, at, load, folder, namesPort));
  return places;
}

async function placeOf(
  name: PanelName,
  at: number,
  load: Load,
  folder: string,
  namesPort: number,
): Promise<Place> {
  const plain = { name, at, load };
  switch (name) {
    case 'senders': {
      const messages = load.messages * (at === 1 ? 1 / 4 : Math.max(1, at / 250));
      return { ...plain, load: { ...load, senders: at, messages }, contestant: posternWith(roomForAll) };
    }
    case 'queue': {
      if (at === 0) return { ...plain, contestant: posternWith('') };
      const state = join(folder, String(at));
      await mkdir(state);
      await fillDeferredQueue(state, at, Math.min(at, deadDomains), 'dead.example', dueInMs);
      return { ...plain, contestant: posternOn(state) };
    }
    case 'destinations': {
      const contestant: Contestant = {
        share: 1,
        start: post =>
          startPostern({
            ...post,
            more: `dns: { servers: ["127.0.0.1:${namesPort}"] }\ndelivery: { port: ${post.sinkPort} }`,
          }),
      };
      return { ...plain, load: { ...load, domains: at }, contestant };
    }
  }
}

function posternWith(more: string): Contestant {
  return { share: 1, start: post => startPostern({ ...post, more }) };
}

/** On a queue that is there, the same in each round: what is relayed leaves it. */
function posternOn(state: string): Contestant {
  return {
    share: 1,
    start: async post => {
      await symlink(state, join(post.directory, 'state'));
      return startPostern(post);
    },
  };
}
