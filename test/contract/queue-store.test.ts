import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../src/runtime/ports.ts';
import { openSqliteStore } from '../../src/runtime/queue/sqlite-store.ts';
import { MemoryDisk, MemoryStore } from '../simulation/memory-store.ts';
import { must, queueStoreContract } from './queue-store.contract.ts';

queueStoreContract('SQLite', async options => {
  const directory = await mkdtemp(join(tmpdir(), 'postern-queue-'));
  const maxBytes = options?.capacityBytes;
  const open = async () =>
    must(
      await openSqliteStore({ directory, reserveBytes: 0, ...(maxBytes === undefined ? {} : { maxBytes }) }),
    );
  let current = await open();
  return {
    store: current,
    restart: async () => {
      await current.close();
      current = await open();
      return current;
    },
    spoolFiles: async () => (await readdir(join(directory, 'spool'))).length,
    remove: async () => {
      await current.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
});

/** A clock whose every timer is over at once. */
const promptClock: Clock = {
  now: () => 0,
  monotonic: () => 0,
  timer(_, fire) {
    const handle = setImmediate(fire);
    return { cancel: () => clearImmediate(handle) };
  },
  sleep: async () => undefined,
};

queueStoreContract('memory', async options => {
  const disk = new MemoryDisk(options?.capacityBytes);
  let current = new MemoryStore({ clock: promptClock, disk });
  return {
    store: current,
    restart: async () => {
      current.crash();
      current = new MemoryStore({ clock: promptClock, disk });
      return current;
    },
    spoolFiles: async () => disk.files.size,
    remove: async () => current.close(),
  };
});
