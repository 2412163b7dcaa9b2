import type { AuditFacts } from '../../decision/audit/facts.ts';
import type { Finding, FindingLevel } from '../../decision/audit/finding.ts';
import { levels, type Report } from '../../decision/audit/judge.ts';
import { rfc3339 } from '../../protocol/message/rfc3339.ts';
import { escapeMarkup } from './markup.ts';
import { conclusion, failureText, subjectText } from './text.ts';
import { topologyOf } from './topology.ts';
import { topologySvg } from './topology-svg.ts';

const style = `
:root { color-scheme: light dark; --ink: #1c1c1c; --paper: #fff; --line: #767676; --soft: #f3f3f1; --error: #b00020; --warning: #8a4b00; --notice: #005a8c; --pass: #1b6e2c; }
@media (prefers-color-scheme: dark) { :root { --ink: #ececec; --paper: #161616; --line: #9a9a9a; --soft: #242424; --error: #ff8a94; --warning: #ffb866; --notice: #7cc4f5; --pass: #7bd88f; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 62rem; padding: 1.5rem; font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
h1 { font-size: 1.6rem; margin: 0; } h2 { font-size: 1.2rem; margin: 2rem 0 .5rem; }
.verdict { font-size: 1.1rem; border-left: .4rem solid var(--line); padding: .4rem .8rem; background: var(--soft); }
.verdict.error { border-color: var(--error); } .verdict.warning, .verdict.unknown { border-color: var(--warning); } .verdict.pass { border-color: var(--pass); }
figure { margin: 1rem 0; } .wide { overflow-x: auto; } svg { min-width: 40rem; width: 100%; height: auto; font: 12px system-ui, sans-serif; }
svg rect { fill: var(--soft); stroke: var(--line); } svg text { fill: var(--ink); } svg .heading { font-weight: 600; }
.edge { fill: none; stroke-width: 2.5; stroke: var(--pass); } .edge.error { stroke: var(--error); stroke-width: 4; stroke-dasharray: 3 5; } .edge.warning { stroke: var(--warning); stroke-width: 3; stroke-dasharray: 10 5; } .edge.notice { stroke: var(--notice); }
.finding { border: 1px solid var(--line); border-radius: .3rem; padding: .6rem .9rem; margin: .6rem 0; break-inside: avoid; }
.finding h3 { font-size: 1rem; margin: 0; } .level { font-weight: 700; } .level.error { color: var(--error); } .level.warning { color: var(--warning); } .level.notice, .level.info, .level.skip { color: var(--notice); } .level.pass { color: var(--pass); }
p { margin: .3rem 0; } dl { margin: .3rem 0; display: grid; grid-template-columns: max-content 1fr; gap: .3rem .8rem; align-items: baseline; } dt { font-weight: 600; } dd { margin: 0; overflow-wrap: anywhere; }
pre { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; font: 14px/1.4 ui-monospace, monospace; background: var(--soft); padding: .4rem; }
table { border-collapse: collapse; width: 100%; min-width: 36rem; } th:nth-child(1) { width: 24%; } th:nth-child(3) { width: 27%; } th:nth-child(4) { width: 17%; } td { overflow-wrap: anywhere; } th, td { border: 1px solid var(--line); padding: .35rem .5rem; text-align: left; vertical-align: top; } th { background: var(--soft); }
summary { cursor: pointer; } :focus-visible { outline: 3px solid var(--notice); outline-offset: 2px; }
@page { margin: 15mm; }
@media print { :root { --ink: #000; --paper: #fff; --line: #767676; --soft: #f3f3f1; --error: #b00020; --warning: #8a4b00; --notice: #005a8c; --pass: #1b6e2c; } body { max-width: none; padding: 0; font-size: 10.5pt; } h2, h3 { break-after: avoid; } tr { break-inside: avoid; } svg { min-width: 0; } table { min-width: 0; } .verdict, pre, th, svg rect { print-color-adjust: exact; } details:not([open]) > *:not(summary) { display: none; } a { color: inherit; } }
`;

const headings: Readonly<Record<FindingLevel, string>> = {
  error: 'Mail is lost, refused or unsafe',
  warning: 'Some receivers act on it, or help in need is only apparent',
  notice: 'Worth doing',
  info: 'Explained, so that nobody worries',
  skip: 'Not judged',
  pass: 'Passed',
};

/** The whole report as one page that needs nothing else: no script, no font, no picture from elsewhere. */
export function reportHtml(facts: AuditFacts, report: Report): string {
  const { domain } = facts;
  const title = escapeMarkup(`Mail of ${domain}`);
  const sections = levels.map(level => section(level, report.findings)).join('');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>${title}</h1>
<p>Seen by Postern on ${escapeMarkup(whenText(facts.startedAt))}.</p>
<p class="verdict ${report.verdict}">${escapeMarkup(conclusion(facts, report))}</p>
<figure><div class="wide" tabindex="0" role="region" aria-label="Picture">${topologySvg(topologyOf(facts, report.findings))}</div><figcaption>Solid lines are sound; dashed ones have a finding: long dashes a warning, short ones an error.</figcaption></figure>
${sections}${matrix(report)}
</main>
</body>
</html>
`;
}

/** What needs nobody's attention is folded. */
function section(level: FindingLevel, all: readonly Finding[]): string {
  const findings = all.filter(finding => finding.level === level);
  if (findings.length === 0) return '';
  const body = findings.map(article).join('');
  const heading = `${escapeMarkup(headings[level])} (${findings.length})`;
  if (level === 'pass' || level === 'skip')
    return `<h2>${heading}</h2><details><summary>Show them</summary>${body}</details>`;
  return `<h2>${heading}</h2>${body}`;
}

function article({ id, level, subject, message, evidence, reference, fix }: Finding): string {
  const seen = evidence.map(({ asked, answer }) => `${asked}: ${answer}`).join('\n');
  const rows = [
    ...(seen === '' ? [] : [`<dt>Seen</dt><dd><pre>${escapeMarkup(seen)}</pre></dd>`]),
    `<dt>Ground</dt><dd>${escapeMarkup(reference)}</dd>`,
    ...(fix === null ? [] : [`<dt>Fix</dt><dd><pre>${escapeMarkup(fix)}</pre></dd>`]),
  ];
  return `<section class="finding"><h3><span class="level ${level}">${level}</span> ${escapeMarkup(id)}: ${escapeMarkup(subjectText(subject))}</h3><p>${escapeMarkup(message)}</p><dl>${rows.join('')}</dl></section>`;
}

function matrix({ whatIf }: Report): string {
  if (whatIf.length === 0) return '';
  const rows = whatIf.map(({ failure, incoming, outgoing, reasons }) => {
    const cells = [incoming, outgoing].map(
      ({ state, message }) => `<td><strong>${state}</strong>. ${escapeMarkup(message)}</td>`,
    );
    return `<tr><th scope="row">${escapeMarkup(failureText(failure))}</th>${cells.join('')}<td>${escapeMarkup(reasons.join(', '))}</td></tr>`;
  });
  return `<h2>What if one of these fails?</h2><div class="wide" tabindex="0" role="region" aria-label="What if one of these fails?"><table><thead><tr><th scope="col">Fails</th><th scope="col">Mail in</th><th scope="col">Mail out</th><th scope="col">Because of</th></tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
}

/** `2026-11-24 12:00 UTC`. */
const whenText = (at: number): string => `${rfc3339(at).slice(0, 16).replace('T', ' ')} UTC`;
