import { MessageIds } from '../../src/decision/queue/message-id.ts';
import type { BodyRef } from '../../src/decision/queue/queued.ts';
import type { QueueStore } from '../../src/runtime/ports.ts';
import { openSqliteStore } from '../../src/runtime/queue/sqlite-store.ts';
import { must } from './queue-store.contract.ts';

/** A process that appends without end and says each ID after its commit: to be killed. */
async function load(directory: string): Promise<void> {
  const store = must(await openSqliteStore({ directory }));
  const ids = new MessageIds(must(await store.lastId()));
  const say = (id: string): void => {
    process.send?.(id);
  };
  await Promise.all(Array.from({ length: 20 }, (_, producer) => produce(store, ids, producer, say)));
}

/** Every fourth producer's messages have large bodies. */
async function produce(store: QueueStore, ids: MessageIds, producer: number, say: (id: string) => void) {
  for (;;) {
    const id = ids.next(Date.now());
    const bytes = Buffer.alloc(producer % 4 === 0 ? 100_000 : 4_000, 65);
    const body = producer % 4 === 0 ? await spooled(store, bytes) : ({ kind: 'inline', bytes } as const);
    must(
      await store.append({
        message: {
          id,
          receivedAt: Date.now(),
          reversePath: 'sender@example.com',
          sizeBytes: bytes.length,
          bodyType: '7bit',
          client: null,
        },
        body,
        forwardPaths: ['someone@remote.example'],
        lease: { owner: 'mail.example.com', until: Date.now() + 60_000 },
      }),
    );
    say(id);
  }
}

async function spooled(store: QueueStore, bytes: Buffer): Promise<BodyRef> {
  const writer = must(await store.openBody());
  must(await writer.write([bytes]));
  return must(await writer.finish());
}

await load(process.argv[2] ?? '');
