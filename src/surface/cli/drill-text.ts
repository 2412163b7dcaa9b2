import type { DrillDocument, DrillProgressDocument } from '../control/drill-document.ts';
import { columns, type Output, paintState } from './output.ts';

type Times = DrillDocument['connect_ms'];

/** One line while a drill runs. */
export function drillProgressText({ uplink, ran_ms, ...counts }: DrillProgressDocument): string {
  return `${Math.round(ran_ms / 1_000)} s by ${uplink}: ${countsText(counts)}\n`;
}

/** The report of a drill. */
export function drillText(report: DrillDocument, output: Output): string {
  const { uplink, usual, verdict, stopped, ran_ms } = report;
  const head = `${uplink} for ${Math.round(ran_ms / 1_000)} s beside ${usual}: ${paintState(words[verdict], output)}\n`;
  const rows = [
    ['  verdict', report.reason],
    ...(stopped === null ? [] : [['  ended early', stopped]]),
    ['  messages', countsText(report)],
    ['  connect', timesText(report.connect_ms, report.usual_connect_ms, usual)],
    ['  delivery', timesText(report.delivery_ms, report.usual_delivery_ms, usual)],
    ...report.identity.map(({ egress, fit, reason }) => [
      '  identity',
      `${egress} is ${fit}${reason === '' ? '' : `: ${reason}`}`,
    ]),
    ...report.tests.flatMap(({ egress, steps }) =>
      steps.map(({ step, ok, text }) => [`  ${step}`, `${ok ? 'ok' : 'failed'}, ${egress}: ${text}`]),
    ),
  ];
  return head + columns(rows, output);
}

const words = { carries: 'ok', harm: 'failed', no_mail: 'no mail' } as const;

function countsText(counts: Pick<DrillDocument, 'sent' | 'deferred' | 'refused' | 'unreached'>): string {
  const { sent, deferred, refused, unreached } = counts;
  return `${sent} sent, ${deferred} deferred, ${refused} refused, ${unreached} connects failed`;
}

function timesText(own: Times, other: Times, usual: string): string {
  return `${both(own)} (${usual}: ${both(other)}) ms at the median / 99th percentile`;
}

const both = ({ p50, p99 }: Times): string => `${number(p50)}/${number(p99)}`;
const number = (ms: number | null): string => (ms === null ? '-' : ms.toFixed(0));
