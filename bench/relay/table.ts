import { median } from '../median.ts';
import { type Comparison, middle, ratiosTo } from './comparison.ts';
import { type ContestantName, contestantNames } from './contestants.ts';

/** A comparison as lines for a terminal. */
export function textTable(comparison: Comparison): string {
  const { load, rounds } = comparison;
  const present = contestantNames.filter(name => rounds.some(round => round[name] !== undefined));
  return [
    `${load.messages} messages of ${load.sizeBytes} bytes, ${load.senders} senders${load.recipients > 1 ? `, ${load.recipients} recipients each` : ''}${load.tls ? ', TLS on both sides' : ''}, medians of ${rounds.length} rounds`,
    'gateway     delivered/s           range    accepted/s    CPU µs/msg    peak MiB     PSS MiB   syncs/message',
    ...present.map(name => row(name, comparison)),
    ...present.flatMap(name => (name === 'postern' ? [] : ratioLine(name, comparison))),
  ].join('\n');
}

function row(name: ContestantName, comparison: Comparison): string {
  const rates = comparison.rounds.flatMap(round => round[name]?.messagesPerS ?? []);
  const costs = comparison.costs[name];
  return [
    name.padEnd(9),
    median(rates).toFixed(0).padStart(12),
    `${Math.min(...rates).toFixed(0)}…${Math.max(...rates).toFixed(0)}`.padStart(14),
    middle(comparison, name, 'acceptedPerS').toFixed(0).padStart(12),
    (1_000 * middle(comparison, name, 'cpuMsPerMessage')).toFixed(0).padStart(12),
    ((costs?.peakBytes ?? 0) / 1_048_576).toFixed(0).padStart(10),
    ((costs?.pssPeakBytes ?? 0) / 1_048_576).toFixed(0).padStart(10),
    (costs?.syncsPerMessage.toFixed(3) ?? '-').padStart(14),
  ].join('  ');
}

function ratioLine(name: ContestantName, comparison: Comparison): string[] {
  const all = ratiosTo(name, comparison);
  if (all.length === 0) return [];
  const rounds = all.map(ratio => ratio.toFixed(1)).join(', ');
  return [`Postern relays ${median(all).toFixed(1)} times as much as ${name} (rounds: ${rounds}).`];
}
