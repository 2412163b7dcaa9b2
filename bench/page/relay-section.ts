import { markdownTable } from '../markdown-table.ts';
import { median } from '../median.ts';
import { type Comparison, middle, ratiosTo } from '../relay/comparison.ts';
import { type ContestantName, contestantNames, durability, titles } from '../relay/contestants.ts';
import { type Verdict, verdictTable } from '../verdict.ts';
import { sizeText } from './numbers.ts';

/** What is asked of a relay beside Postfix. */
const timesPostfix = 6;
const mostOfPostfixCpu = 1 / 4;

/** What the tuning of its concurrency costs Postfix in memory: each measured twice in turn, under the standard load. */
const postfixAtOnce = { tuned: 50, tunedMib: 144, byDefault: 20, byDefaultMib: 94 };

/** All contestants under the standard load. */
export function relaySection(comparison: Comparison): string {
  const present = presentIn(comparison);
  const { load, rounds } = comparison;
  return `Messages of ${sizeText(load.sizeBytes)} from ${load.senders} senders on kept sessions, by \`smtp-source\`, through the gateway to
\`smtp-sink\`, on loopback; the clock runs until the sink has the last one. Each gateway as it ships and tuned for this (the settings
are in \`bench/*-gateway.ts\`), with its logs as they are by default. Tuned, Postfix has ${postfixAtOnce.tuned} deliveries at once to the next hop,
where its default is ${postfixAtOnce.byDefault}: it is faster so, and takes some ${postfixAtOnce.tunedMib} MiB in place of ${postfixAtOnce.byDefaultMib}. Each was started afresh in every
round; the medians of ${rounds.length}.

${markdownTable(
  [
    'gateway',
    'messages/s',
    'lowest to highest',
    'CPU µs a message',
    'peak memory MiB',
    'sum of PSS MiB',
    'syncs a message',
    'Postern relays',
  ],
  present.map(name => relayRow(name, comparison)),
)}

CPU and memory are those of all processes of the gateway. Memory is what they would take were the gateway alone on the host: what
they share counts once. The sum of their PSS is less where other programs map the same files, and so books to the bench, a program
for Node itself, a part of what Postern and Haraka have of Node. What the 250 of each is worth:

${present.map(name => `- **${titles[name]}** ${durability[name]}.`).join('\n')}${absentText(present)}

${verdictTable(relayVerdicts(comparison))}`;
}

function absentText(present: readonly ContestantName[]): string {
  const absent = contestantNames.filter(name => !present.includes(name)).map(name => titles[name]);
  return absent.length === 0 ? '' : `\n\nNot measured here: ${absent.join(', ')}.`;
}

function relayRow(name: ContestantName, comparison: Comparison): string[] {
  const rates = comparison.rounds.flatMap(round => round[name]?.messagesPerS ?? []);
  const costs = comparison.costs[name];
  return [
    name === 'postern' ? `**${titles[name]}**` : titles[name],
    whole(middle(comparison, name, 'messagesPerS')),
    `${whole(Math.min(...rates))} to ${whole(Math.max(...rates))}`,
    whole(1_000 * middle(comparison, name, 'cpuMsPerMessage')),
    costs ? mib(costs.peakBytes) : '–',
    costs ? mib(costs.pssPeakBytes) : '–',
    costs ? costs.syncsPerMessage.toFixed(2) : '–',
    name === 'postern' ? '' : `${times(ratiosTo(name, comparison))} as much`,
  ];
}

/** Other loads, of which Postfix alone is the measure. */
export function sizesSection(comparisons: readonly Comparison[]): string {
  const rows = comparisons.map(comparison => [
    loadText(comparison),
    whole(middle(comparison, 'postern', 'messagesPerS')),
    whole(middle(comparison, 'postfix', 'messagesPerS')),
    times(ratiosTo('postfix', comparison)),
    `${whole(1_000 * middle(comparison, 'postern', 'cpuMsPerMessage'))} / ${whole(1_000 * middle(comparison, 'postfix', 'cpuMsPerMessage'))}`,
  ]);
  const verdicts = comparisons.map((comparison): Verdict => {
    const ratio = median(ratiosTo('postfix', comparison));
    return {
      asked: `${loadText(comparison)}: never slower than Postfix`,
      measured: `${ratio.toFixed(1)} times as fast`,
      isMet: ratio >= 1,
    };
  });
  return `The same with larger messages, and with many recipients in each. For those a generator and a sink of our own stand at the ends, and
the clock runs until the sink has every recipient, however many messages a gateway makes of one.

${markdownTable(['load', 'Postern messages/s', 'Postfix messages/s', 'Postern to Postfix', 'CPU µs a message, Postern / Postfix'], rows)}

${verdictTable(verdicts)}`;
}

function relayVerdicts(comparison: Comparison): Verdict[] {
  const others = presentIn(comparison).filter(name => name !== 'postern');
  const ahead = others.map((name): Verdict => {
    const ratio = median(ratiosTo(name, comparison));
    const measured = `${ratio.toFixed(1)} times as fast`;
    return name === 'postfix'
      ? { asked: `at least ${timesPostfix} times Postfix`, measured, isMet: ratio >= timesPostfix }
      : { asked: `ahead of ${titles[name]}`, measured, isMet: ratio > 1 };
  });
  const { postern: ours, postfix: theirs } = comparison.costs;
  if (!others.includes('postfix') || ours === undefined || theirs === undefined) return ahead;
  const cpu =
    middle(comparison, 'postern', 'cpuMsPerMessage') / middle(comparison, 'postfix', 'cpuMsPerMessage');
  return [
    ...ahead,
    {
      asked: 'CPU a message: at most a quarter of Postfix’s',
      measured: `${(100 * cpu).toFixed(0)} % of it`,
      isMet: cpu <= mostOfPostfixCpu,
    },
    {
      asked: 'peak memory below Postfix’s, by the sum of PSS',
      measured: `${mib(ours.pssPeakBytes)} MiB to ${mib(theirs.pssPeakBytes)} MiB`,
      isMet: ours.pssPeakBytes < theirs.pssPeakBytes,
    },
    {
      asked: 'and as if each were alone on the host',
      measured: `${mib(ours.peakBytes)} MiB to ${mib(theirs.peakBytes)} MiB`,
      isMet: ours.peakBytes < theirs.peakBytes,
    },
  ];
}

function presentIn({ rounds }: Comparison): ContestantName[] {
  const order = ['postern', ...contestantNames.filter(name => name !== 'postern')] as const;
  return order.filter(name => rounds.some(round => round[name] !== undefined));
}

function loadText({ load }: Comparison): string {
  const size = sizeText(load.sizeBytes);
  return load.recipients > 1 ? `${size}, ${load.recipients} recipients a message` : size;
}

/** `4.9 times (4.7 to 5.8)`, of the rounds' own. */
function times(all: readonly number[]): string {
  const range = `${Math.min(...all).toFixed(1)} to ${Math.max(...all).toFixed(1)}`;
  return `${median(all).toFixed(1)} times${all.length > 1 ? ` (${range})` : ''}`;
}

const mib = (bytes: number): string => whole(bytes / 2 ** 20);

const whole = (value: number): string => Math.round(value).toLocaleString('en');
