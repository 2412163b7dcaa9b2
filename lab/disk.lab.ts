import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { SickDisk } from './sick-disk.ts';

const patienceMs = 150_000;

/** Waits until it is so. */
async function until(sentence: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + patienceMs;
  while (!(await isSo())) {
    if (performance.now() > end) assert.fail(`it never came that ${sentence}`);
    await sleep(100);
  }
}

/** Clients are served while the disk is sound, and again once it is, by the same process; and nothing of it is lost. */
function story(sentence: string, run: (disk: SickDisk) => Promise<void>): void {
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

async function moreIsTaken(disk: SickDisk): Promise<void> {
  const before = disk.acknowledged;
  await until('more mail is taken', () => disk.acknowledged >= before + 20);
}

/** From when clients are refused on, none is told that its mail is taken. */
async function refusesAll(disk: SickDisk, reply: RegExp): Promise<void> {
  await until('clients are refused', () => disk.refusals.some(refusal => reply.test(refusal)));
  disk.forgetRefusals();
  const before = disk.acknowledged;
  await until('more clients are refused', () => disk.refusals.length > 0);
  await sleep(2_000);
  assert.equal(disk.acknowledged, before);
  for (const refusal of disk.refusals) assert.match(refusal, reply);
}

const isTold = (disk: SickDisk, state: string, reason: RegExp) => async () =>
  (await disk.told()).some(told => told.state === state && reason.test(told.reason));

story('full: 452 4.3.1, also when not a byte is free for what is under way', async disk => {
  await disk.fill(60);
  await refusesAll(disk, /^452 4\.3\.1 /);
  await until('the operator is told', isTold(disk, 'trouble', /New mail is put off|only \d+ MB free/));
  await disk.fill(0);
  await refusesAll(disk, /^452 4\.3\.1 /);
  await disk.empty();
});

for (const [name, calls, error] of [
  ['read-only', 'pwrite64', 'EROFS'],
  ['I/O errors as it writes', 'pwrite64', 'EIO'],
  ['I/O errors as it syncs', 'fsync,fdatasync', 'EIO'],
] as const) {
  story(`${name}: 451 4.3.0, and it is logged and told`, async disk => {
    await disk.inject(calls, `error=${error}`);
    await refusesAll(disk, /^451 4\.3\.0 /);
    await until('the operator is told', isTold(disk, 'trouble', /see whether its disk is sound/));
    assert.match(await disk.log(), /New mail is put off because the queue cannot store it/);
    await disk.heal();
  });
}

story('what failed is over when it has not come again for a while', async disk => {
  await disk.inject('fsync,fdatasync', 'error=EIO');
  await until('the operator is told', isTold(disk, 'trouble', /./));
  await disk.heal();
  await until(
    'what is left is that the disk is small',
    async () => (await disk.told()).at(-1)?.state === 'low',
  );
});

story('slow, a second for each sync: mail is taken as before, and the operator is told', async disk => {
  await disk.inject('fsync,fdatasync', 'delay_exit=1000000');
  await moreIsTaken(disk);
  await until('the operator is told', isTold(disk, 'slow', /seconds for one write/));
  assert.deepEqual(disk.refusals, []);
  await disk.heal();
});
