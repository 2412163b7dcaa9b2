import { composeMessage } from '../../src/surface/demo/compose.ts';
import { SteadySender } from '../../src/surface/demo/steady-sender.ts';
import { type ReferenceNetwork, remoteDomains } from '../simulation/reference-network.ts';
import type { SimRandom } from '../simulation/sim-random.ts';
import type { Acknowledged } from './outcome.ts';
import type { Plan } from './plan.ts';

/** Those who send; each message has a reverse-path of its own, by which the trace knows it. */
export class Clients {
  readonly acknowledged: Acknowledged[] = [];
  readonly #senders: { readonly sender: SteadySender; readonly everyMs: number }[] = [];

  /** `accepted` hears of each 250, by the message's reverse-path. */
  constructor(world: ReferenceNetwork, plan: Plan, accepted: (reversePath: string) => void) {
    for (const [place, { everyMs, mostRecipients }] of plan.clients.entries()) {
      const random = world.random.fork();
      const offered = new Map<string, Omit<Acknowledged, 'at' | 'monotonicAt'>>();
      const sender = new SteadySender({
        network: world.client,
        clock: world.clock,
        target: { address: '10.20.0.2', port: 25 },
        source: null,
        ehlo: 'client.example.com',
        compose: n => {
          const domain = random.chance(0.2) ? 'bulk.example.com' : 'example.com';
          const reversePath = `s${place}-${n}@${domain}`;
          const sizeBytes = random.chance(0.02) ? 200_000 : random.between(500, 8_000);
          const label = `seed${plan.seed}.${place}`;
          const setting = { label, mailFrom: reversePath, recipients: ['someone'], sizeBytes };
          const message = composeMessage(setting, n, world.clock.now());
          const { messageId, bodyDigest } = message;
          const recipients = recipientsFor(random, mostRecipients);
          offered.set(messageId, { messageId, reversePath, recipients, bodyDigest });
          return { ...message, rcptTo: recipients };
        },
        onAccepted: (messageId, at) => {
          const known = offered.get(messageId);
          if (known === undefined) return;
          accepted(known.reversePath);
          this.acknowledged.push({ ...known, at, monotonicAt: world.clock.monotonic() });
        },
      });
      this.#senders.push({ sender, everyMs });
    }
  }

  start(): void {
    for (const { sender, everyMs } of this.#senders) sender.start(everyMs);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#senders.map(({ sender }) => sender.stop()));
  }
}

/** Mostly the world; now and then our own mail store, or somebody who does not exist. */
function recipientsFor(random: SimRandom, most: number): string[] {
  const one = (): string => {
    if (random.chance(0.1)) return 'user@example.com';
    const domain = random.pick(remoteDomains).name;
    return random.chance(0.03) ? `nobody@${domain}` : `receiver@${domain}`;
  };
  return [...new Set(Array.from({ length: random.between(1, most + 1) }, one))];
}
