import { execFile } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from '../../lab/loopback/free-port.ts';
import { launcher, startPostern } from '../../lab/loopback/gateway.ts';
import { LetterReceiver } from '../../lab/loopback/letter-receiver.ts';
import { Copies, digestOf, sentPart } from '../../lab/loopback/letters.ts';
import type { StoredMessage } from '../../src/runtime/ports.ts';
import { openSqliteStore, type SqliteStore } from '../../src/runtime/queue/sqlite-store.ts';
import type { Owed } from './expectation.ts';
import type { Standing } from './power-disk.ts';

/** What was found after the power came back. */
export type Found = {
  /** A sentence for each message that is lost, or for what makes all of them so. */
  readonly losses: readonly string[];
  /** Recipients found in the queue, or that had their message after the restart. */
  readonly recipients: number;
};

const pageMessages = 500;

/** Puts a folder on the disk as it stood. */
export async function layOut(standing: Standing, directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  for (const [path, bytes] of standing) {
    const place = join(directory, path);
    if (bytes === null) await mkdir(place, { recursive: true });
    else {
      await mkdir(dirname(place), { recursive: true });
      await writeFile(place, bytes);
    }
  }
}

/** Opens the queue by the store's own recovery, and looks for all that is owed. */
export async function findInStore(stateDirectory: string, owed: readonly Owed[]): Promise<Found> {
  const opened = await openSqliteStore({ directory: stateDirectory, reserveBytes: 0 });
  if (!opened.ok) return { losses: [`The queue does not open: ${opened.error.message}`], recipients: 0 };
  const store = opened.value;
  try {
    const recovered = await store.recover('mail.example.com', Date.now());
    if (!recovered.ok) return { losses: [recovered.error.message], recipients: 0 };
    return await look(store, owed);
  } finally {
    await store.close();
  }
}

async function look(store: SqliteStore, owed: readonly Owed[]): Promise<Found> {
  const losses: string[] = [];
  const kept = new Map<string, { readonly digest: string; readonly forwardPaths: ReadonlySet<string> }>();
  let after: string | null = null;
  let recipients = 0;
  for (;;) {
    const page = await store.list({}, pageMessages, after);
    if (!page.ok) return { losses: [`The queue cannot be read: ${page.error.message}`], recipients };
    for (const stored of page.value) {
      const body = await store.readRange(stored.body, 0, sizeOf(stored));
      if (!body.ok)
        losses.push(`${stored.message.id} is in the queue without its body: ${body.error.message}`);
      else if (body.value.length !== stored.message.sizeBytes)
        losses.push(`${stored.message.id} is cut short.`);
      else {
        const forwardPaths = new Set(stored.recipients.map(({ forwardPath }) => forwardPath));
        recipients += forwardPaths.size;
        kept.set(stored.message.id, { digest: digestOf(sentPart(body.value)), forwardPaths });
      }
    }
    after = page.value.at(-1)?.message.id ?? null;
    if (after === null) break;
  }
  for (const { letter, forwardPaths } of owed) {
    const found = kept.get(letter.id);
    const missing = forwardPaths.filter(path => !found?.forwardPaths.has(path));
    if (missing.length > 0) losses.push(`${letter.id} is gone for ${missing.join(', ')}.`);
    else if (found?.digest !== letter.digest) losses.push(`${letter.id} is not what was sent.`);
  }
  return { losses, recipients };
}

function sizeOf({ body, message }: StoredMessage): number {
  return body.kind === 'inline' ? body.bytes.length : message.sizeBytes;
}

const run = promisify(execFile);
const patienceMs = 60_000;

/** Starts the real gateway, whose receivers take all now, and waits for all that is owed. */
export async function findByServing(directory: string, owed: readonly Owed[]): Promise<Found> {
  const place = { directory, port: await freePort(), sinkPort: await freePort() };
  const receiver = await LetterReceiver.start(place.sinkPort, { defers: false });
  const letters = owed.map(({ letter, forwardPaths }) => ({ ...letter, forwardPaths }));
  const missing = (): readonly string[] => new Copies(receiver.arrivals).missing(letters);
  try {
    const gateway = await startPostern(place).catch((error: unknown) => String(error));
    if (typeof gateway === 'string') return { losses: [gateway], recipients: 0 };
    try {
      const end = performance.now() + patienceMs;
      while (missing().length > 0 && performance.now() < end) {
        await run(launcher, ['queue', 'retry', '--all', '--config', join(directory, 'postern.yaml')]);
        await sleep(200);
      }
      const losses = missing().map(loss => `${loss} did not come after the restart.`);
      return { losses, recipients: new Copies(receiver.arrivals).recipients };
    } finally {
      await gateway.stop();
    }
  } finally {
    await receiver.stop();
  }
}
