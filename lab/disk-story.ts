import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { SickDisk } from './sick-disk.ts';

const patienceMs = 150_000;

/** Waits until it is so. */
export async function until(sentence: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + patienceMs;
  while (!(await isSo())) {
    if (performance.now() > end) assert.fail(`it never came that ${sentence}`);
    await sleep(100);
  }
}

/** Clients are served while the disk is sound, and again once it is, by the same process; and nothing of it is lost. */
export function story(sentence: string, run: (disk: SickDisk) => Promise<void>): void {
  test(sentence, async () => {
    const disk = await SickDisk.start();
    try {
      await moreIsTaken(disk);
      await run(disk);
      await moreIsTaken(disk);
      assert.deepEqual(await disk.missing(), []);
    } finally {
      await disk.close();
    }
  });
}

export async function moreIsTaken(disk: SickDisk): Promise<void> {
  const before = disk.acknowledged;
  await until('more mail is taken', () => disk.acknowledged >= before + 20);
}

/** From when clients are refused on, none is told that its mail is taken. */
export async function refusesAll(disk: SickDisk, reply: RegExp): Promise<void> {
  await until('clients are refused', () => disk.refusals.some(refusal => reply.test(refusal)));
  disk.forgetRefusals();
  const before = disk.acknowledged;
  await until('more clients are refused', () => disk.refusals.length > 0);
  await sleep(2_000);
  assert.equal(disk.acknowledged, before);
  for (const refusal of disk.refusals) assert.match(refusal, reply);
}

export const isTold = (disk: SickDisk, state: string, reason: RegExp) => async () =>
  (await disk.told()).some(told => told.state === state && reason.test(told.reason));
