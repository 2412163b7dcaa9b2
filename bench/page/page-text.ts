import type { TrialResult } from '../failover/results.ts';
import {
  checkSection,
  failoverSection,
  growthSection,
  hostileSection,
  pacedSection,
} from './other-sections.ts';
import type { Provenance } from './provenance.ts';
import { relaySection, sizesSection } from './relay-section.ts';
import type { Kept, KeptResults } from './results.ts';

/** `benchmarks.md`: a section for each result that is there. */
export function pageOf(kept: KeptResults, trials: readonly TrialResult[]): string {
  const all = Object.values(kept).map(({ ran }) => ran);
  const on = all.toSorted((a, b) => a.at.localeCompare(b.at)).at(-1);
  const section = <Result>(
    title: string,
    one: Kept<Result> | undefined,
    text: (result: Result) => string,
  ): string => (one === undefined ? '' : `## ${title}\n\n${text(one.result)}\n\n${ranText(one.ran, on)}`);
  const sections = [
    section('How much it relays', kept.relay, relaySection),
    section('Larger messages, more recipients', kept.sizes, sizesSection),
    section('How soon a message is delivered', kept.paced, pacedSection),
    section('How it grows', kept.growth, growthSection),
    section('How long a complete audit takes', kept.check, checkSection),
    section('Among a crowd that does its worst', kept.hostile, hostileSection),
    ...(trials.length === 0 ? [] : [`## When an uplink dies\n\n${failoverSection(trials)}`]),
  ];
  return `# Benchmarks

What Postern does beside the mail servers that one would otherwise run, and how far it carries. Rates depend on the machine: compare
within a table, where all took turns on the same one, round by round; a ratio is the median of the rounds' own. What is asked of a
figure stands beside it, met or not. [Other measurements](measurements.md) tell of cuts, sudden death and long queues.
${on ? `\nMeasured on ${on.machine}; with ${on.versions}.\n` : ''}
\`\`\`sh
npm run bench                # relaying, latency, the audit and growth: under 15 minutes, as root, after lab/servers/install
npm run bench -- --quick     # the same in short, into a folder of its own
npm run bench:hostile -- --page
npm run bench:failover       # some two hours
\`\`\`

${sections.filter(text => text !== '').join('\n\n')}
`;
}

/** When and how a section was measured, and on what where that is not what the page says at its top. */
function ranText(ran: Provenance, on: Provenance | undefined): string {
  const { at, command, machine, versions } = ran;
  const when = `${at.slice(0, 16).replace('T', ' ')} UTC`;
  const other = [machine, versions].filter(text => text !== on?.machine && text !== on?.versions);
  const told = [`\`${command}\`, ${when}${quietText(ran)}.`, ...other.map(text => `${text}.`)];
  return `*Measured by ${told.join(' ')}*`;
}

/** How much else the machine had to do. */
function quietText({ busy, load }: Provenance): string {
  if (busy !== undefined)
    return `, the machine ${Math.round(100 * busy)} % busy with other work at the begin`;
  return load === undefined ? '' : `, load average ${load.toFixed(1)} at the begin`;
}
