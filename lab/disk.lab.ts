import assert from 'node:assert/strict';
import { suite } from 'node:test';
import { isTold, moreIsTaken, refusesAll, story, until } from './disk-story.ts';

suite("the queue's disk is sick: nothing is lost, and it goes on when the disk is well", {
  concurrency: 5,
}, () => {
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

  story('slow, a second for each sync: mail is taken as before, and the operator is told', async disk => {
    await disk.inject('fsync,fdatasync', 'delay_exit=1000000');
    await moreIsTaken(disk);
    await until('the operator is told', isTold(disk, 'slow', /seconds for one write/));
    assert.deepEqual(disk.refusals, []);
    await disk.heal();
  });
});
