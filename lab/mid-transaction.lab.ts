import { suite, test } from 'node:test';
import { blackHoleCut } from './cuts.ts';
import { moments, settlesDoubt, survivesInTransaction } from './mid-transaction.ts';

suite('a cut in mid-transaction: the message arrives, once or with its doubt recorded', {
  concurrency: 5,
}, () => {
  for (const moment of moments)
    test(`${blackHoleCut.name}, ${moment.name}`, t => survivesInTransaction(t, blackHoleCut, moment));
  test('the answer to the dot never comes: it is sent again, and that is recorded', () =>
    settlesDoubt(blackHoleCut));
});
