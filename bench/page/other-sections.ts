import type { AuditTime } from '../audit-times.ts';
import { judge } from '../failover/judgement.ts';
import type { TrialResult } from '../failover/results.ts';
import { panelNames, panels } from '../growth/panels.ts';
import { reasonsFor } from '../growth/reasons.ts';
import { flatFrom, type Growth, pointsOf } from '../growth/reckoning.ts';
import { markdownTable } from '../markdown-table.ts';
import { titles } from '../relay/contestants.ts';
import { type Verdict, verdictTable } from '../verdict.ts';
import { msText } from './numbers.ts';
import type { HostileResult, Results } from './results.ts';

const mostPacedMs = 20;

export function pacedSection(paced: Results['paced']): string {
  const rows = paced.map(({ name, perS, messages, undelivered, acceptToDeliver, dueToAccept }) => [
    titles[name],
    Math.round(perS).toLocaleString('en'),
    messages.toLocaleString('en'),
    ...[acceptToDeliver.p50, acceptToDeliver.p99, acceptToDeliver.max, dueToAccept.p99].map(msText),
    String(undelivered),
  ]);
  const verdicts = paced.flatMap(({ name, acceptToDeliver, undelivered }): Verdict[] =>
    name === 'postern'
      ? [
          {
            asked: `accept to deliver: p99 under ${mostPacedMs} ms, all delivered`,
            measured: `${msText(acceptToDeliver.p99)}, ${undelivered} undelivered`,
            isMet: acceptToDeliver.p99 < mostPacedMs && undelivered === 0,
          },
        ]
      : [],
  );
  return `At half of its full rate, message by message on the beat over 20 connections, whatever the gateway makes of it: how long from the
250 that the sender got until the receiver had the whole message. Sender and receiver are one process with one clock. Beside it, how
long a sender waited for its 250 from the moment that its message was due.

${markdownTable(['gateway', 'messages/s', 'messages', 'p50', 'p99', 'max', 'wait for the 250, p99', 'undelivered'], rows)}

${verdictTable(verdicts)}`;
}

export function growthSection(growth: Growth): string {
  const heads = { senders: 'senders', queue: 'waiting messages', destinations: 'destinations' } as const;
  const parts = panelNames.map(name => {
    const points = pointsOf(name, growth);
    const rows = points.map(({ at, perS, ratio, isFlat }) => [
      at.toLocaleString('en') + (at === panels[name].standard ? ' (standard)' : ''),
      Math.round(perS).toLocaleString('en'),
      ratio.toFixed(2),
      isFlat ? 'yes' : 'no',
    ]);
    const reasons = reasonsFor(name, points);
    const table = markdownTable([heads[name], 'messages/s', 'to the standard', 'flat'], rows);
    return reasons.length === 0 ? table : `${table}\n\n${reasons.join(' ')}`;
  });
  return `![${growthDescription(growth)}](growth.svg)

One thing grows and all else stays as it was: 20 senders, an empty queue, one destination. Waiting messages are mail for 50,000 dead
domains that waits for its retry; none falls due meanwhile. Destinations are domains with a mail host and an address each, asked of a
name server on loopback, and written to in turn. Flat is at least ${100 * flatFrom} % of the standard rate in the same round.

${parts.join('\n\n')}`;
}

function growthDescription(growth: Growth): string {
  const told = panelNames.map(name => {
    const rates = pointsOf(name, growth).map(
      ({ at, perS }) => `${Math.round(perS)} a second at ${at.toLocaleString('en')}`,
    );
    return `${name}: ${rates.join(', ')}`;
  });
  return `Messages a second against senders, queue length and destinations. ${told.join('; ')}.`;
}

export function checkSection(rows: readonly AuditTime[]): string {
  const table = rows.map(row => [
    row.audit,
    ...[row.path_ms, row.took_ms, row.limit_ms].map(String),
    row.took_ms <= row.limit_ms ? 'yes' : '**no**',
  ]);
  return `The whole gathering of \`postern check\` on a simulated network, so that the times are exact: 50 ms for every answer of DNS and every
round trip. The path is what no program can do without: nine round trips from outside (two of DNS; connect, greeting, EHLO, STARTTLS,
the handshake, EHLO, the envelope), seven where the configuration names the listeners.

${markdownTable(['audit', 'path ms', 'took ms', 'limit ms', 'met'], table)}`;
}

export function hostileSection({ seconds, crowd, limits, rows }: HostileResult): string {
  const table = rows.map(row => [
    row.connections.toLocaleString('en'),
    `${row.honest - row.unserved} of ${row.honest}`,
    ...[row.p50_ms, row.p99_ms, row.max_ms].map(msText),
    `${row.memory_peak_mib} MiB`,
  ]);
  const verdicts = rows.map(
    (row): Verdict => ({
      asked: `${row.connections.toLocaleString('en')} places: every honest client served within ${msText(limits.servedMs)}, less than ${limits.memoryMiB} MiB`,
      measured: `${row.unserved} unserved, ${msText(row.max_ms)} at most, ${row.memory_peak_mib} MiB`,
      isMet: row.unserved === 0 && row.max_ms < limits.servedMs && row.memory_peak_mib < limits.memoryMiB,
    }),
  );
  return `${crowd.idle.toLocaleString('en')} clients that say EHLO and fall silent, ${crowd.drips.toLocaleString('en')} that send a byte a second and ${crowd.floods.toLocaleString('en')} that flood, for ${seconds} s.
Meanwhile an honest stranger hands over a message each second by a connection of its own: from its call to its 250, the greeting's pause
among it. Once with room for all, once at the default limit of connections.

${markdownTable(['places', 'honest served', 'p50', 'p99', 'max', 'peak memory'], table)}

${verdictTable(verdicts)}`;
}

export function failoverSection(trials: readonly TrialResult[]): string {
  return `Postern, a Postfix that Postern watches, OpenSMTPD and the usual script through ${new Set(trials.map(({ cut }) => cut)).size} ways to lose the preferred uplink. The figures
of all ${trials.length} trials, and how they were taken, are on [the page of the proof](failover.md).

${verdictTable(judge(trials))}`;
}
