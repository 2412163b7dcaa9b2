import { suite, test } from 'node:test';
import { cuts } from './cuts.ts';
import { moments, survivesInTransaction } from './mid-transaction.ts';

for (const cut of cuts) {
  suite(`${cut.name} in mid-transaction: the message arrives, once or with its doubt recorded`, {
    concurrency: 4,
  }, () => {
    for (const moment of moments) test(moment.name, t => survivesInTransaction(t, cut, moment));
  });
}
