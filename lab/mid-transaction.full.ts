import { suite, test } from 'node:test';
import { cuts } from './cuts.ts';
import { moments, survivesInTransaction } from './mid-transaction.ts';

suite('each cut in mid-transaction: the message arrives, once or with its doubt recorded', {
  concurrency: 4,
}, () => {
  for (const cut of cuts)
    for (const moment of moments)
      test(`${cut.name}, ${moment.name}`, t => survivesInTransaction(t, cut, moment));
});
