/**
 * `npm run bench:paced`: how long from a sender's 250 until the receiver has the message, at half of the full rate.
 *
 * 4 KiB over 20 connections, each message when it is due (`--per-s`; default: half of what a run of `bench:relay` just gave),
 * for 10 s (`--seconds`). `--only postern,postfix` chooses. Sender and receiver share one process and its clock.
 */
import { parseArgs } from 'node:util';
import { measurePaced } from './paced/measure-paced.ts';
import { measure } from './relay/comparison.ts';
import { chosenContestants, contestants } from './relay/contestants.ts';
import { standardLoad } from './relay/load.ts';

const { values } = parseArgs({
  options: {
    'per-s': { type: 'string' },
    seconds: { type: 'string', default: '10' },
    only: { type: 'string', default: 'postern' },
    json: { type: 'boolean', default: false },
  },
});

for (const name of chosenContestants(values.only)) {
  const contestant = contestants[name];
  const perS = Number(values['per-s'] ?? (await measure(contestant, standardLoad)).messagesPerS / 2);
  const { senders: connections, sizeBytes } = standardLoad;
  const latency = await measurePaced(contestant, {
    perS,
    seconds: Number(values.seconds),
    connections,
    sizeBytes,
  });
  if (values.json) console.log(JSON.stringify({ name, perS, ...latency }));
  else {
    const { acceptToDeliver, dueToAccept, messages, undelivered } = latency;
    console.log(`${name}: ${messages} messages at ${perS.toFixed(0)} a second, ${undelivered} undelivered`);
    console.table({ 'accept to deliver, ms': acceptToDeliver, 'due to accept, ms': dueToAccept });
  }
}
