import { setTimeout as sleep } from 'node:timers/promises';
import type { Delivery } from '../src/surface/demo/receiver-session.ts';
import { sites } from './addresses.ts';
import type { Scenario } from './scenario.ts';

/** So long that a steady sender sends one message and no second. */
const onceMs = 600_000;

/** One message that the gateway has taken; `sentAt` is wall ms, before a word of it was said. */
export type HandedOver = {
  readonly messageId: string;
  readonly forwardPath: string;
  readonly sentAt: number;
};

/** Hands one message to the gateway, of a label of its own, and waits for the 250. */
export async function handOver(
  scenario: Scenario,
  label: string,
  message: { readonly domain?: string; readonly sizeBytes?: number } = {},
): Promise<HandedOver> {
  const { domain = sites[0].domain, sizeBytes = 1000 } = message;
  const [messageId, forwardPath, sentAt] = [`<${label}.0@example.com>`, `${label}@${domain}`, Date.now()];
  await scenario.send(onceMs, { label, recipients: [forwardPath], sizeBytes });
  const end = performance.now() + 30_000;
  while (!scenario.digests.has(messageId)) {
    if (performance.now() > end) throw new Error(`${messageId} was not taken\n${scenario.gateway.tail()}`);
    await sleep(5);
  }
  await scenario.stopSending();
  return { messageId, forwardPath, sentAt };
}

/** Waits for its arrival; gives its first delivery. */
export async function arrival(
  scenario: Scenario,
  { messageId }: HandedOver,
  limitMs?: number,
): Promise<Delivery> {
  const found = (): Delivery | undefined =>
    scenario.deliveries.find(delivery => delivery.messageId === messageId);
  await scenario.until(`${messageId} to arrive`, () => found() !== undefined, limitMs);
  const delivery = found();
  if (delivery === undefined) throw new Error(`${messageId} has not arrived`);
  return delivery;
}

/** A little mail to each site, and then quiet: hosts and paces are known, and sessions are kept. */
export async function acquaint(scenario: Scenario): Promise<void> {
  await scenario.send(50, { label: 'first' });
  await scenario.until('mail to each site', () => scenario.deliveries.length >= 4 * sites.length);
  await scenario.stopSending();
  await scenario.drained();
}

/** Waits until nothing is left in the queue, doubts included. */
export async function emptied(scenario: Scenario): Promise<void> {
  const end = performance.now() + 90_000;
  for (;;) {
    const { out } = await scenario.command('queue', 'list', '--json');
    if (out.trim() === '') return;
    if (performance.now() > end) throw new Error(`the queue is not empty:\n${out}${scenario.gateway.tail()}`);
    await sleep(1_000);
  }
}
