import type { CarePlan } from '../../decision/postfix/care-plan.ts';
import type { PostfixEdit } from '../../decision/postfix/postfix-edit.ts';
import type { PostfixFacts } from '../../decision/postfix/postfix-facts.ts';
import type { PostfixFinding } from '../../decision/postfix/postfix-finding.ts';
import type { Applied } from '../../runtime/postfix/apply-care.ts';
import type { Undone } from '../../runtime/postfix/undo-care.ts';
import { printable } from '../printable.ts';
import type { Output } from './output.ts';

/** The plan as a diff with its reasons, and what is wrong with what there is. */
export function planText(facts: PostfixFacts, plan: CarePlan, output: Output): string {
  const lines: string[] = [`Postfix ${facts.versionText} in ${facts.configDirectory}`, ''];
  for (const file of ['master.cf', 'main.cf'] as const) {
    const edits = plan.edits.filter(edit => edit.file === file);
    if (edits.length === 0) continue;
    lines.push(`--- ${facts.configDirectory}/${file}`, `+++ ${facts.configDirectory}/${file}, as planned`);
    for (const edit of edits) lines.push(...editLines(edit, output));
    lines.push('');
  }
  if (plan.edits.length === 0) lines.push('Every setting is as it should be; nothing is to be changed.', '');
  for (const finding of plan.findings) lines.push(...findingLines(finding, output));
  for (const lack of plan.lacks) lines.push(`Note: ${lack}`);
  if (plan.blocked !== null) lines.push(`It cannot be applied: ${plan.blocked}`);
  return `${lines.join('\n').trimEnd()}\n`;
}

function editLines({ name, before, after, reason }: PostfixEdit, output: Output): string[] {
  const stays = new Set(after.map(({ text }) => text).filter(text => before.includes(text)));
  const lines = [`@@ ${printable(name)}: ${reason}`];
  for (const text of before) if (!stays.has(text)) lines.push(painted(`-${printable(text)}`, '31', output));
  for (const { text, reason: why, id } of after) {
    const isNew = !stays.has(text);
    lines.push(isNew ? painted(`+${printable(text)}`, '32', output) : ` ${printable(text)}`);
    if (isNew && why !== null && why !== reason) lines.push(`#       ${why}${id === null ? '' : ` [${id}]`}`);
    else if (isNew && id !== null) lines.push(`#       [${id}]`);
  }
  return lines;
}

const levelColours: Readonly<Record<PostfixFinding['level'], string>> = {
  error: '31',
  warning: '33',
  notice: '36',
  info: '2',
};

function findingLines({ id, level, message, fix }: PostfixFinding, output: Output): string[] {
  const head = painted(level.padEnd(7), levelColours[level], output);
  const fixes = fix === null ? [] : fix.split('\n').map(line => `         ${printable(line)}`);
  return [`${head}  ${printable(message)}${id === null ? '' : ` [${id}]`}`, ...fixes];
}

function painted(text: string, colour: string, output: Output): string {
  return output.colour ? `\u001b[${colour}m${text}\u001b[0m` : text;
}

/** The plan for programs. */
export function planDocument(facts: PostfixFacts, plan: CarePlan): object {
  return {
    postfix: { version: facts.versionText, config_directory: facts.configDirectory },
    edits: plan.edits.map(({ file, name, was, value, before, after, reason }) => ({
      file,
      name,
      was,
      value,
      reason,
      before,
      after: after.map(({ text, reason: why, id }) => ({ text, reason: why, id })),
    })),
    findings: plan.findings,
    lacks: plan.lacks,
    blocked: plan.blocked,
    transports: plan.transports.map(({ uplink, name }) => ({ uplink, name })),
  };
}

export function appliedText({ changed, reloaded, backup }: Applied, directory: string): string {
  if (!changed) return 'Nothing was to be done.\n';
  const use = reloaded ? 'and Postfix has it in use' : 'and is in use when Postfix is started';
  return [
    `All is written to ${directory}, checked, ${use}. The files of before are in ${backup}.`,
    '"postern postfix watch" moves mail to another uplink when one dies; "postern postfix apply --undo" takes all back.',
    '',
  ].join('\n');
}

export function undoneText(
  { how, reloaded, kept, difference }: Undone,
  directory: string,
  output: Output,
): string {
  if (how === 'nothing') return `Postern has written nothing in ${directory}; nothing is changed.\n`;
  const use = reloaded ? ', and Postfix has it in use' : '';
  const lines = [
    how === 'files'
      ? `main.cf and master.cf are as they were before, byte for byte${use}.`
      : `Others have written in ${directory} since, so only Postern's own settings are taken out${use}.`,
  ];
  for (const name of kept) lines.push(`${name} was changed by somebody since, and stays.`);
  for (const [file, differing] of Object.entries(difference)) {
    lines.push(
      '',
      'What is still unlike the time before:',
      `--- ${directory}/${file}, before`,
      `+++ ${directory}/${file}`,
    );
    for (const line of differing)
      lines.push(painted(printable(line), line.startsWith('-') ? '31' : '32', output));
  }
  return `${lines.join('\n')}\n`;
}

export const planHint = '"postern postfix apply" makes these changes; it asks first.\n';
