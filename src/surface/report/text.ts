import type { AuditFacts } from '../../decision/audit/facts.ts';
import type { Finding, FindingLevel, FindingSubject } from '../../decision/audit/finding.ts';
import { levels, type Report } from '../../decision/audit/judge.ts';
import type { WhatIf } from '../../decision/audit/what-if.ts';
import { printable } from '../printable.ts';

const colours: Readonly<Record<FindingLevel, string>> = {
  error: '31',
  warning: '33',
  notice: '36',
  info: '34',
  skip: '35',
  pass: '32',
};

/** The report for people: by subject, the worst first, and a sentence at the end that needs no expert. */
export function reportText(facts: AuditFacts, report: Report, colour: boolean): string {
  const paint = (level: FindingLevel): string => {
    const word = level.padEnd(7);
    return colour ? `\u001b[${colours[level]}m${word}\u001b[0m` : word;
  };
  const told = report.findings.filter(({ level }) => level !== 'pass');
  const groups = [...Map.groupBy(told, ({ subject }) => subjectText(subject))].toSorted(
    ([, one], [, other]) => worst(one) - worst(other),
  );
  const lines = [`${facts.domain}`, ''];
  for (const [subject, findings] of groups) {
    lines.push(subject);
    for (const { id, level, message, evidence, reference, fix } of findings) {
      lines.push(`  ${paint(level)} ${id}`, ...wrap(message, '          '));
      if (level === 'error' || level === 'warning' || level === 'notice') {
        for (const { asked, answer } of evidence)
          lines.push(`          seen: ${clean(asked)}: ${clean(answer)}`);
        lines.push(...wrap(`ground: ${reference}`, '          '));
        if (fix !== null)
          lines.push('          fix:', ...fix.split('\n').map(line => `            ${clean(line)}`));
      }
    }
    lines.push('');
  }
  if (report.whatIf.length > 0) {
    lines.push('What if one of these fails?');
    for (const { failure, incoming, outgoing, reasons } of report.whatIf) {
      lines.push(`  ${failureText(failure)}`);
      lines.push(...wrap(`in: ${incoming.state}. ${incoming.message}`, '          '));
      lines.push(...wrap(`out: ${outgoing.state}. ${outgoing.message}`, '          '));
      if (reasons.length > 0) lines.push(`          because of ${reasons.join(', ')}`);
    }
    lines.push('');
  }
  const passed = report.findings.length - told.length;
  lines.push(`${passed} ${passed === 1 ? 'check is' : 'checks are'} passed.`, conclusion(facts, report));
  return `${lines.join('\n')}\n`;
}

/** What a manager wants to know. */
export function conclusion({ domain }: AuditFacts, { verdict, findings }: Report): string {
  const count = (level: FindingLevel): number => findings.filter(finding => finding.level === level).length;
  const errors = count('error');
  const warnings = count('warning');
  switch (verdict) {
    case 'error':
      return `Mail of ${domain} is lost, refused or unsafe now: ${counted(errors, 'fault')} to mend.`;
    case 'unknown':
      return `Not everything could be asked, so nobody can promise that mail of ${domain} is safe; run this again.`;
    case 'warning':
      return `Mail of ${domain} flows, but some receivers act on ${counted(warnings, 'weakness', 'weaknesses')}, or help in need is only apparent.`;
    case 'pass':
      return `Nothing that was seen puts mail of ${domain} at risk.`;
    default:
      return verdict satisfies never;
  }
}

/** The failure of a row of the matrix, in words. */
export function failureText({ kind, name }: WhatIf['failure']): string {
  const words = {
    uplink: 'Uplink',
    mail_host: 'The mail host',
    backup: 'The backup',
    name_server: 'Name server',
    certificate: 'The certificate of',
  } as const satisfies Record<WhatIf['failure']['kind'], string>;
  return kind === 'certificate' ? `${words[kind]} ${name} ends` : `${words[kind]} ${name}`;
}

export function subjectText({ kind, name, address, uplink }: FindingSubject): string {
  const words: Readonly<Record<FindingSubject['kind'], string>> = {
    domain: 'The domain',
    mx: 'Mail server',
    address: 'Address',
    egress: 'Outgoing mail',
    host: 'This host',
    zone: 'The zone',
    configuration: 'The configuration',
    certificate: 'Certificate',
  };
  const what = kind === 'egress' ? [uplink, address] : [name, address];
  const named = what.filter(part => part !== undefined);
  return [words[kind], ...named].join(' ');
}

const worst = (findings: readonly Finding[]): number =>
  Math.min(...findings.map(({ level }) => levels.indexOf(level)));

const clean = (text: string): string => printable(text);

/** Lines of at most 96 characters, broken at spaces. */
function wrap(text: string, indent: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of clean(text).split(' ')) {
    if (line !== '' && indent.length + line.length + 1 + word.length > 96) {
      lines.push(indent + line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, indent + line];
}

function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
