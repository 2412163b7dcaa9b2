import { isTold, story, until } from './disk-story.ts';

story('what failed is over when it has not come again for a while', async disk => {
  await disk.inject('fsync,fdatasync', 'error=EIO');
  await until('the operator is told', isTold(disk, 'trouble', /./));
  await disk.heal();
  await until(
    'what is left is that the disk is small',
    async () => (await disk.told()).at(-1)?.state === 'low',
  );
});
