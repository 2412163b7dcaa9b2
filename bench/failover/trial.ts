import { setTimeout as sleep } from 'node:timers/promises';
import { uplinks } from '../../lab/addresses.ts';
import { type Cut, heal } from '../../lab/cuts.ts';
import { must } from '../../lab/scenario.ts';
import type { PeerCounts } from '../../src/surface/demo/peer-protocol.ts';
import { BusyMeter } from './busy-meter.ts';
import { startOpenSmtpdSystem } from './opensmtpd-system.ts';
import { startPosternSystem } from './postern-system.ts';
import { startUsualRemedy, startWatchedPostfix } from './postfix-system.ts';
import { delaysBySecond, reckonEffect, type Seen } from './reckoning.ts';
import type { TrialResult } from './results.ts';
import type { Post, RunningSystem, SystemName } from './system.ts';
import { messageIdOf, numbersIn, World } from './world.ts';

export type Trial = {
  readonly system: SystemName;
  readonly cut: Cut;
  readonly perS: number;
  readonly cutS: number;
  /** The machine and the versions, in words. */
  readonly on: string;
};

const preferred = uplinks[0].source;
const flowS = 20;
/** The cut comes halfway between two looks of the script, which is neither its luck nor its bad luck. */
const script = { everyS: 120, halfS: 60 };
const backLimitS = 300;
const flowBackS = 30;
/** After the healing; what a system holds longer is told as still queued. */
const drainLimitS = 1_500;
const queueLookMs = 5_000;
/** The news of a delivery may come after the queue is rid of it. */
const newsMs = 2_000;

/** Runs one trial. Failures are thrown. `alone` lets one trial at a time set itself up. */
export async function runTrial(
  trial: Trial,
  alone: <Value>(act: () => Promise<Value>) => Promise<Value>,
): Promise<TrialResult> {
  const { world, system } = await alone(() => setUp(trial));
  try {
    return await measure(trial, world, system);
  } catch (error) {
    throw new Error(`${String(error)}\n${await system.tail()}`);
  } finally {
    await world.close();
  }
}

async function setUp({ system, perS }: Trial): Promise<{ world: World; system: RunningSystem }> {
  const world = await World.build();
  try {
    const running = await startSystem(system, world);
    await world.send(1_000 / perS);
    return { world, system: running };
  } catch (error) {
    await world.close();
    throw error;
  }
}

function startSystem(name: SystemName, post: Post): Promise<RunningSystem> {
  switch (name) {
    case 'postern':
      return startPosternSystem(post);
    case 'usual':
      return startUsualRemedy(post, { firstS: flowS + script.halfS, everyS: script.everyS });
    case 'watched':
      return startWatchedPostfix(post);
    case 'opensmtpd':
      return startOpenSmtpdSystem(post);
  }
}

async function measure(trial: Trial, world: World, system: RunningSystem): Promise<TrialResult> {
  const { tally, network } = world;
  const startedAt = new Date();
  const busy = new BusyMeter();
  await sleep(flowS * 1_000);
  const at = Date.now();
  must(await trial.cut.apply(network));
  await sleep(trial.cutS * 1_000);
  const healedAt = Date.now();
  must(await heal(network));
  const isBack = (): boolean =>
    tally.passages().some(({ source, acceptedAt }) => source === preferred && acceptedAt >= healedAt);
  await untilTime(healedAt + backLimitS * 1_000, isBack);
  await sleep(flowBackS * 1_000);
  await world.stopSending();
  let queue = '';
  await untilTime(
    healedAt + drainLimitS * 1_000,
    async () => {
      if (system.ended()) throw new Error('the system ended');
      queue = await system.queue();
      return numbersIn(queue).size === 0;
    },
    queueLookMs,
  );
  await sleep(newsMs);
  const endedAt = Date.now();
  const doubted = await system.doubted();
  for (const number of doubted ?? []) tally.doubted(messageIdOf(number));
  const queued = new Set([...numbersIn(queue)].map(messageIdOf));
  const missing = tally.missing();
  const seen: Seen = {
    passages: tally.passages(),
    queuedSince: missing.filter(id => queued.has(id)).flatMap(id => tally.acceptedAt(id) ?? []),
    endedAt,
    cut: { at, healedAt },
    preferred,
  };
  const { accepted, duplicates } = tally.reckon(null);
  return {
    cut: trial.cut.name,
    system: trial.system,
    perS: trial.perS,
    cutS: trial.cutS,
    startedAt: startedAt.toISOString(),
    accepted,
    lost: missing.filter(id => !queued.has(id)).length,
    stillQueued: seen.queuedSince.length,
    duplicates,
    doubted: doubted?.size ?? null,
    ...reckonEffect(seen),
    wrongNames: wrongNames(await world.counts()),
    machine: busy.read(),
    on: trial.on,
    seconds: delaysBySecond(seen),
  };
}

/** Sessions that gave a name which is not the one of their address. */
function wrongNames({ identities }: PeerCounts): number {
  return identities
    .filter(({ address, ehlo }) => uplinks.find(({ source }) => source === address)?.ehlo !== ehlo)
    .reduce((sum, { sessions }) => sum + sessions, 0);
}

/** Looks from time to time until it holds or the wall time is over. */
async function untilTime(
  endMs: number,
  holds: () => boolean | Promise<boolean>,
  everyMs = 1_000,
): Promise<void> {
  while (!(await holds()) && Date.now() < endMs) await sleep(everyMs);
}
