import assert from 'node:assert/strict';
import test from 'node:test';
import type { Condition } from '../../src/decision/notice/condition.ts';
import { realClock } from '../../src/runtime/real-clock.ts';
import { type RunningReceiver, startReceiver } from '../../src/surface/demo/receiver.ts';
import { primaryDomain } from '../settings.ts';
import { eventually, House } from './house.ts';

test('scenario of a backup: mail is taken and kept while the primary is away, and handed over when it is back', async () => {
  const house = await House.build();
  const { address, port } = house.mailStore;
  let back: RunningReceiver | null = null;
  try {
    await house.mailStore.close();
    await house.open(usual => ({
      ...usual,
      domains: [
        {
          ...primaryDomain('example.com', address, port),
          role: 'backup',
          recipients: { kind: 'callout' },
          whenUnknown: 'accept',
          expireMs: 21 * 86_400_000,
        },
      ],
    }));
    const told: Condition[] = [];
    house.gateway.events.subscribe(event => {
      if (event.kind === 'condition') told.push(event.condition);
    });
    for (let n = 0; n < 8; n++) {
      const said = await house.submit(
        {
          reversePath: 'sender@remote.example',
          forwardPaths: ['user@example.com'],
          content: `Message-ID: <${n}@remote.example>\r\n\r\nHello.`,
        },
        'mx',
      );
      assert.match(said.dot ?? '', /^250/);
    }
    await eventually('the operator hears of it', () =>
      told.some(({ kind, state }) => kind === 'primary' && state === 'trouble'),
    );
    const started = await startReceiver(house.network, {
      address,
      port,
      name: 'store.example.com',
      clock: realClock,
    });
    assert.ok(started.ok);
    back = started.value;
    await eventually('all is handed over', () => back?.deliveries.length === 8);
    await eventually('the queue is empty', async () => {
      const counts = await house.gateway.queue.counts();
      return counts.ok && counts.value.recipients === 0;
    });
    assert.equal(new Set(back.deliveries.map(({ messageId }) => messageId)).size, 8);
    assert.equal(back.deliveries[0]?.messageId, '<0@remote.example>', 'the oldest goes first');
  } finally {
    await house.close();
    await back?.close();
  }
});
