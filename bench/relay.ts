/**
 * `npm run bench:relay`: Postern and others relay the same load in turn, on this machine: a tuned Postfix, OpenSMTPD and
 * Exim of Debian (lab/servers/install), and Haraka from npm. `--only postern,postfix` chooses.
 *
 * smtp-source → gateway → smtp-sink, on loopback, without DNS. With `--tls` or `--recipients` a generator and a sink of our
 * own stand in their places. TLS is STARTTLS on both sides, certificates of the tests, sessions resumed and kept. Each round
 * starts each gateway afresh, warms it up, then measures from the first message sent until the sink has the last one. The
 * ratio is the median of the rounds' own ratios, for a machine's mood changes from minute to minute. Syncs and memory are
 * taken in a round of their own, for looking slows the gateway.
 */
import { parseArgs } from 'node:util';
import { median } from './median.ts';
import { hasTool } from './relay/available.ts';
import { compare, ratiosTo } from './relay/comparison.ts';
import { type ContestantName, chosenContestants, contestantNames } from './relay/contestants.ts';
import { standardLoad } from './relay/load.ts';
import { textTable } from './relay/table.ts';

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '10000' },
    rounds: { type: 'string', default: '5' },
    size: { type: 'string', default: '4096' },
    recipients: { type: 'string', default: '1' },
    senders: { type: 'string', default: '20' },
    only: { type: 'string' },
    tls: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});

/** Postern goes with Postfix by default where there is TLS, for the others have no part in that; else all go. */
function chosen(only: string | undefined): readonly ContestantName[] {
  if (only === undefined) return values.tls ? ['postfix', 'postern'] : contestantNames;
  return chosenContestants(only);
}

const names = chosen(values.only);
const tools = [
  ...(values.tls ? [] : ['smtp-source', 'smtp-sink']),
  'strace',
  ...(names.includes('postfix') ? ['postfix'] : []),
];
for (const tool of tools)
  if (!hasTool(tool)) throw new Error(`${tool} is missing: on Debian, apt-get install postfix strace.`);
const load = {
  ...standardLoad,
  messages: Number(values.messages),
  senders: Number(values.senders),
  sizeBytes: Number(values.size),
  recipients: Number(values.recipients),
  tls: values.tls,
};
const say = (line: string): void => {
  if (!values.json) console.log(line);
};
const comparison = await compare({ names, load, rounds: Number(values.rounds), withCosts: true, say });
if (values.json) {
  const others = names.filter(name => name !== 'postern');
  const medians = others.map(name => [name, median(ratiosTo(name, comparison))] as const);
  console.log(JSON.stringify({ ...comparison, ratios: Object.fromEntries(medians) }));
} else console.log(`\n${textTable(comparison)}`);
