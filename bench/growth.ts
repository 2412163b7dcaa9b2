/**
 * `npm run bench:growth`: how Postern's rate changes with the number of senders, the length of the queue and the number of
 * destinations, see `growth/panels.ts`. `npm run bench -- --only growth` writes it into the page.
 *
 *   npm run bench:growth -- [--only senders,queue,destinations] [--rounds 1] [--messages 8000] [--json]
 */
import { parseArgs } from 'node:util';
import { measureGrowth } from './growth/measure-growth.ts';
import { panelNames } from './growth/panels.ts';
import { pointsOf } from './growth/reckoning.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: panelNames.join(',') },
    rounds: { type: 'string', default: '1' },
    messages: { type: 'string', default: '8000' },
    json: { type: 'boolean', default: false },
  },
});

const wanted = values.only.split(',');
const only = panelNames.filter(name => wanted.includes(name));
const unknown = wanted.find(word => !panelNames.some(name => name === word));
if (unknown !== undefined)
  throw new Error(`--only takes some of ${panelNames.join(', ')}, not "${unknown}".`);
const growth = await measureGrowth({
  rounds: Number(values.rounds),
  messages: Number(values.messages),
  only,
  say: line => {
    if (!values.json) console.log(line);
  },
});
if (values.json) console.log(JSON.stringify(growth));
else
  for (const name of only) {
    console.log(name);
    console.table(pointsOf(name, growth));
  }
process.exit();
