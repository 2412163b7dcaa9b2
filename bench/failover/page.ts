import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Cut, cuts } from '../../lab/cuts.ts';
import { markdownTable } from '../markdown-table.ts';
import { verdictTable } from '../verdict.ts';
import { type Chart, drawChart } from './chart.ts';
import { judge } from './judgement.ts';
import type { TrialResult } from './results.ts';
import { type SystemName, systemNames } from './system.ts';
import { columns, duration, inTableOrder, percent, titles } from './table.ts';

/** The cuts of the chart: dead for all; dead for mail alone; answered at once; fallen through to the other uplink. */
const telling: Readonly<Record<string, string>> = {
  'black-hole': 'the provider takes every packet and none arrives',
  'port-25-dropped': 'the provider drops mail and nothing else: a ping sees no fault',
  'port-25-reset': 'the provider refuses mail and nothing else',
  'interface-down': "packets slip out by the other uplink's route",
};
const chartPerS = 1;

/** Writes `failover.md` and `failover.svg` from full-length results. */
export async function writePage(folder: string, results: readonly TrialResult[]): Promise<void> {
  const ordered = inTableOrder(
    results,
    cuts.map(({ name }) => name),
  );
  await writeFile(join(folder, 'failover.svg'), drawChart(chartOf(ordered)));
  await writeFile(join(folder, 'failover.md'), pageOf(ordered));
}

function chartOf(results: readonly TrialResult[]): Chart {
  const panels = Object.entries(telling).flatMap(([name, subtitle]) => {
    const cut = cuts.find(each => each.name === name);
    const shown = results.filter(result => result.cut === name && result.perS === chartPerS);
    if (cut === undefined || shown.length === 0) return [];
    const series = shown.map(({ system, seconds, addedMs, stillQueued }) => {
      const ms = addedMs?.max ?? 0;
      return { system, seconds, worst: { ms, text: atLeast(stillQueued, duration(ms)) } };
    });
    return [{ title: titleOf(cut), subtitle, cutS: shown[0]?.cutS ?? 0, series }];
  });
  const told = panels.map(({ title, series }) => {
    const worst = series.map(({ system, worst }) => `${titles[system]} ${worst.text}`).join(', ');
    return `${title}: ${worst}.`;
  });
  return {
    title: 'How late is mail when the preferred uplink dies?',
    subtitle:
      'Each dot is a message: when it was accepted, and how long until its delivery began. At the right, the most that the cut added.',
    description: `Four cuts of uplink 1 with one message a second, and the greatest added delay of each system. ${told.join(' ')}`,
    panels,
  };
}

function titleOf({ name }: Cut): string {
  const words = name.replaceAll('-', ' ');
  return `${words[0]?.toUpperCase()}${words.slice(1)}`;
}

function atLeast(stillQueued: number, text: string): string {
  return stillQueued > 0 ? `≥ ${text}` : text;
}

function pageOf(results: readonly TrialResult[]): string {
  const loads = [...new Set(results.map(({ perS }) => perS))];
  const lengths = [...new Set(results.map(({ cutS }) => cutS))];
  return `# The proof: what a dead uplink costs

Two uplinks, the preferred one dies, comes back, and mail flows all the while. How late is it? The same loads and the same
cuts for four ways to do it:

- **${titles.postern}**: \`postern serve\`, with its defaults.
- **${titles.watched}**: a real Postfix, with \`postern postfix apply\` and \`postern postfix watch\`.
- **${titles.opensmtpd}**: with both addresses in the table of its \`src\` and their names in that of \`helo-src\`.
- **${titles.usual}**: the same Postfix with two transports, and a script: every two minutes it pings a well-known address
  twice through uplink 1, moves \`default_transport\` with \`sed\` and reloads when that fails, and moves it back when it answers.

![${chartOf(results).description}](failover.svg)

${verdictTable(judge(results))}

## The worst message of each cut

The most that the cut added to the delay of a message, and in brackets how many messages it made late by more than a second;
what never arrived is told beside. A cut lasts ${lengths.join(' or ')} s.

${loads.map(perS => worstTable(results, perS)).join('\n\n')}

## How it was done

- All four stand in the mail host of the same network (\`lab/README.md\` draws it), each trial in namespaces of its own: two
  providers' routers, policy routing with an \`unreachable\` default in each uplink's table, and three receivers that
  judge address, PTR and EHLO name strictly and remember who said what from where.
- A mail user inside sends ${loads.join(' or ')} messages a second of 1 kB, in turn to the three sites, before, through and after the cut.
- **Names** come from a name server inside, which no cut reaches. That favours nobody, but it spares those who have one resolver
  for both uplinks; here only the sending is compared.
- The cut comes halfway between two looks of the script, which is neither its luck nor its bad luck.
- Postfix and OpenSMTPD have their own defaults for everything else (Postfix: \`minimal_backoff_time\` and \`queue_run_delay\` of 300 s).
- **Added delay**: from the later of cut and acceptance to the start of the session that delivered the message, less the median of
  that step before the cut. It is counted for what was accepted before the healing and not yet sent at the cut.
- **In doubt**: the final dot had left and no answer came, as the system itself tells; such a message counts for no delay. OpenSMTPD
  does not tell.
- **Lost**: accepted, not arrived, and not in the system's queue either. What came back to its sender as a bounce, because a
  receiver refused a wrong name, is lost here too: its reader never saw it. What is still in its queue 25 minutes after the
  healing is counted as *still queued*, and its age stands for its delay (≥).
- **Back after**: from the healing until a message was accepted that left by uplink 1.
- **Strayed**: of the mail of sound times, before the cut and after the return, how much left by uplink 2. OpenSMTPD knows no
  preference and uses its sources by turns, which is no fault of it where both uplinks are equally good.
- **Wrong names**: sessions in which a receiver heard a name that is not the one of the address.
- Trials run side by side. *Busy* is the share of the cores' time that was not idle while the trial ran, *load* the greatest load
  average of one minute. Other work shared the machine, so the trials were given a higher priority (\`echo -15 >
  /proc/self/autogroup\`, for each Postfix too); a busy machine makes all four slower, never quicker.

${[...new Set(results.map(({ on }) => on))].join('; ')}.

## Run it again

As root on Debian 12, after \`lab/servers/install\`:

\`\`\`sh
npm run bench:failover                      # all of it, eight trials at once: some two hours; goes on where it was stopped
npm run bench:failover -- --short           # cuts of 30 s
npm run bench:failover -- --cuts black-hole --systems postern,opensmtpd --loads 20 --again
npm run bench:failover -- --render          # this page and the chart from docs/failover.jsonl
\`\`\`

## All figures

${cuts.flatMap(cut => cutSection(cut, results)).join('\n\n')}
`;
}

function worstTable(results: readonly TrialResult[], perS: number): string {
  const cell = (cut: string, system: SystemName): string => {
    const result = results.find(each => each.cut === cut && each.system === system && each.perS === perS);
    if (result === undefined) return '';
    const { addedMs, stillQueued, lateOver1s, lost } = result;
    const worst = `${atLeast(stillQueued, duration(addedMs?.max ?? null))} (${lateOver1s})`;
    return lost > 0 ? `${worst}, **${lost} lost**` : worst;
  };
  const rows = cuts.map(({ name }) => [name, ...systemNames.map(system => cell(name, system))]);
  const heads = [`${perS} a second`, ...systemNames.map(system => titles[system])];
  return markdownTable(heads, rows);
}

function cutSection(cut: Cut, results: readonly TrialResult[]): string[] {
  const own = results.filter(result => result.cut === cut.name);
  if (own.length === 0) return [];
  const heads = ['', 'per s', ...columns.map(({ head }) => head), 'busy', 'load'];
  const rows = own.map(result => [
    titles[result.system],
    String(result.perS),
    ...columns.map(({ of }) => of(result)),
    percent(result.machine.busy),
    result.machine.load.toFixed(0),
  ]);
  return [`### ${cut.name}: ${cut.means}\n\n${markdownTable(heads, rows)}`];
}
