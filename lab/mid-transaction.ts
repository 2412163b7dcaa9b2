import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ReceiverBehaviour } from '../src/surface/demo/receiver-behaviour.ts';
import { sites, uplinks } from './addresses.ts';
import { type Cut, heal } from './cuts.ts';
import { acquaint, arrival, emptied, type HandedOver, handOver } from './hand-over.ts';
import { must, Scenario } from './scenario.ts';
import { assertSound, isRecordedInDoubt } from './sound.ts';

const [, two] = uplinks;
const [site] = sites;
/** A reply that is due so late comes after the cut. */
const replyMs = 8_000;
/** At 1 Mbit/s it is under way for some four seconds. */
const largeBytes = 500_000;

/** Where in its transaction a message is when the cut comes. */
export type Moment = {
  readonly name: string;
  /** What makes the transaction wait there. */
  readonly hinder: (scenario: Scenario) => Promise<void>;
  readonly sizeBytes: number;
  /** It is there now; `before`: the MAILs that the receivers had taken before. */
  readonly isThere: (scenario: Scenario, before: number) => Promise<boolean>;
};

function slow(behaviour: Partial<ReceiverBehaviour>): Moment['hinder'] {
  return scenario => scenario.behave(site.address, behaviour);
}

const hasBegun: Moment['isThere'] = async (scenario, before) => (await scenario.counts()).begun > before;

/** Bytes that have left the router of provider 1 toward the Internet. */
async function bytesOut(scenario: Scenario): Promise<number> {
  const { namespace } = scenario.lab.providers[0];
  const told = must(await namespace.run('ip', ['-json', '-stats', 'link', 'show', 'dev', 'core']));
  const [link]: { stats64: { tx: { bytes: number } } }[] = JSON.parse(told);
  return link?.stats64.tx.bytes ?? 0;
}

/** Uplink 1 carries 1 Mbit/s from now on. */
async function narrow(scenario: Scenario): Promise<void> {
  const shape = 'qdisc replace dev core root tbf rate 1mbit burst 16kb latency 400ms'.split(' ');
  must(await scenario.lab.providers[0].namespace.run('tc', shape));
}

export const moments: readonly Moment[] = [
  { name: 'after MAIL', hinder: slow({ mailDelayMs: replyMs }), sizeBytes: 1000, isThere: hasBegun },
  { name: 'after RCPT', hinder: slow({ rcptDelayMs: replyMs }), sizeBytes: 1000, isThere: hasBegun },
  {
    name: 'in the body',
    hinder: narrow,
    sizeBytes: largeBytes,
    isThere: async scenario => (await bytesOut(scenario)) >= largeBytes / 4,
  },
  {
    name: 'after the final dot',
    hinder: slow({ dotDelayMs: replyMs }),
    sizeBytes: 1000,
    isThere: async scenario => scenario.tally.missing().length === 0,
  },
];

/** Hands over a message that waits at its moment when this returns. */
async function caughtAt(scenario: Scenario, moment: Moment): Promise<HandedOver> {
  const before = (await scenario.counts()).begun;
  await moment.hinder(scenario);
  const message = await handOver(scenario, 'caught', { sizeBytes: moment.sizeBytes });
  await scenario.until(`the message to be ${moment.name}`, () => moment.isThere(scenario, before));
  // What was pipelined behind MAIL is there too.
  await sleep(100);
  await scenario.behave(site.address, { mailDelayMs: 0, rcptDelayMs: 0, dotDelayMs: 0 });
  return message;
}

/** Uplink 1 is cut while the transaction of one message waits. */
export async function survivesInTransaction(t: TestContext, cut: Cut, moment: Moment): Promise<void> {
  const scenario = await Scenario.start({ proveS: 2 });
  try {
    await acquaint(scenario);
    const message = await caughtAt(scenario, moment);
    const dotIsOut = scenario.tally.missing().length === 0;
    assert.equal(dotIsOut, moment.name === 'after the final dot');
    must(await cut.apply(scenario.lab));
    const cutAt = Date.now();
    if (dotIsOut) {
      await sleep(replyMs + 500);
      const recorded = await isRecordedInDoubt(scenario, message.forwardPath);
      t.diagnostic(`${cut.name}, ${moment.name}: ${recorded ? 'in doubt' : 'no doubt'}`);
    } else if (cut.connect === 'slow') {
      await sleep(3_000);
    } else {
      const delivery = await arrival(scenario, message);
      t.diagnostic(`${cut.name}, ${moment.name}: it arrived ${delivery.at - cutAt} ms after the cut`);
      assert.equal(delivery.remoteAddress, two.source);
    }
    must(await heal(scenario.lab));
    await arrival(scenario, message, 90_000);
    await emptied(scenario);
    await assertSound(scenario);
    assert.equal(await scenario.stopServing(), 0, 'postern serve ends in order');
  } finally {
    await scenario.close();
  }
}

/** The answer to the dot never comes: the message is in doubt, and sent again when the wait is over. */
export async function settlesDoubt(cut: Cut): Promise<void> {
  const scenario = await Scenario.start({ proveS: 2 });
  try {
    await acquaint(scenario);
    await scenario.behave(site.address, { muteAt: 'dot' });
    const message = await handOver(scenario, 'caught');
    await arrival(scenario, message);
    await scenario.behave(site.address, { muteAt: null });
    must(await cut.apply(scenario.lab));
    await emptied(scenario);
    const came = scenario.deliveries.filter(({ messageId }) => messageId === message.messageId);
    assert.deepEqual(
      came.map(({ remoteAddress }) => remoteAddress),
      uplinks.map(({ source }) => source),
    );
    assert.ok(await isRecordedInDoubt(scenario, message.forwardPath));
    await assertSound(scenario);
  } finally {
    await scenario.close();
  }
}
