import { resolve } from 'node:path';
import type { Command } from 'commander';
import { mistakeText } from '../../config/mistake.ts';
import { readSettings } from '../../config/read-settings.ts';
import type { CareFolder } from '../../runtime/postfix/care-record.ts';
import { PostfixHost } from '../../runtime/postfix/postfix-host.ts';
import { lockHolder, takeLock } from '../../runtime/real-lock.ts';
import { type CliParts, defaultConfigFile } from './cli-parts.ts';
import { addCommand, optionsOf, withConfig, withJson } from './command.ts';
import { jsonLine } from './output.ts';
import type { Called } from './postfix-called.ts';
import { appliedText, planDocument, planHint, planText, undoneText } from './postfix-text.ts';

type PostfixOptions = { postfixConfig?: string; yes?: boolean; undo?: boolean };

const defaultDirectory = '/etc/postfix';

/** `postern postfix`. */
export function addPostfix(program: Command, parts: CliParts, end: (code: number) => void): void {
  const postfix = addCommand(program, 'postfix', 'care for an existing Postfix, which keeps sending itself', [
    'postern postfix plan',
    'postern postfix plan --config ./postern.yaml --postfix-config /etc/postfix',
  ]);
  const plan = withWhere(
    addCommand(postfix, 'plan', 'what Postfix needs, as a diff with reasons; nothing is changed', [
      'postern postfix plan',
      'postern postfix plan --json',
    ]),
  );
  withJson(plan, 'one JSON document').action(async (_options, command: Command) => {
    end(await showPlan(command, parts));
  });
  const apply = withWhere(
    addCommand(
      postfix,
      'apply',
      'make the changes of the plan, with a backup; asks first, and puts all back if Postfix does not take them',
      ['postern postfix apply', 'postern postfix apply --yes', 'postern postfix apply --undo'],
    ),
  );
  withJson(apply, 'one JSON document')
    .option('--yes', 'do not ask')
    .option('--undo', 'give back what was there before Postern first wrote')
    .action(async (_options, command: Command) => {
      end(await applyPlan(command, parts));
    });
  withWhere(
    addCommand(
      postfix,
      'watch',
      'move mail to another uplink when one dies, and back when it has proved itself; in the foreground',
      ['postern postfix watch', 'postern postfix watch --config ./postern.yaml'],
    ).addHelpText(
      'after',
      '\nSIGHUP takes a changed configuration into use. SIGTERM or SIGINT ends it, and Postfix goes on by the uplink it has.',
    ),
  ).action(async (_options, command: Command) => {
    const called = await begin(command, parts);
    if (called === null) return end(2);
    const { watchPostfix } = await import('./postfix-watch.ts');
    end(await watchPostfix(called, parts));
  });
}

function withWhere(command: Command): Command {
  return withConfig(command).option(
    '--postfix-config <directory>',
    `where main.cf and master.cf are (default: ${defaultDirectory})`,
  );
}

async function showPlan(command: Command, parts: CliParts): Promise<number> {
  const called = await begin(command, parts);
  if (called === null) return 2;
  const { settings, host, isNamed, json } = called;
  const { makePlan } = await import('../../runtime/postfix/make-plan.ts');
  const made = await makePlan(host, settings, parts.network(), isNamed);
  if (!made.ok) {
    parts.output.error(made.error);
    return 2;
  }
  const { facts, plan } = made.value;
  const hint = plan.edits.length > 0 && plan.blocked === null ? `\n${planHint}` : '';
  await parts.output.write(
    json ? jsonLine(planDocument(facts, plan)) : planText(facts, plan, parts.output) + hint,
  );
  const isWrong = plan.edits.length > 0 || plan.findings.some(({ level }) => level === 'error');
  return plan.blocked !== null || isWrong ? 1 : 0;
}

async function applyPlan(command: Command, parts: CliParts): Promise<number> {
  const { yes = false, undo = false } = optionsOf<PostfixOptions>(command);
  const called = await begin(command, parts);
  if (called === null) return 2;
  const { output } = parts;
  const asks = !yes;
  if (asks && (called.json || !output.terminal || !process.stdin.isTTY)) {
    output.error('Nobody can be asked here; look at "postern postfix plan", then write --yes.');
    return 2;
  }
  const { CareFolder } = await import('../../runtime/postfix/care-record.ts');
  const folder = new CareFolder(called.host.configDirectory);
  const opened = await folder.open();
  if (!opened.ok) {
    output.error(opened.error);
    return 2;
  }
  const lock = await takeLock(folder.lockPath('edit'));
  if (!lock.ok) {
    output.error(
      'holder' in lock.error
        ? `Another postern (process ${lock.error.holder}) is changing this Postfix now; wait until it has ended.`
        : lock.error.trouble,
    );
    return 2;
  }
  try {
    return undo ? await takeBack(called, folder, asks, parts) : await carryOut(called, folder, asks, parts);
  } finally {
    await lock.value.release();
  }
}

async function carryOut(
  { settings, host, isNamed, json }: Called,
  folder: CareFolder,
  asks: boolean,
  { output, network, clock }: CliParts,
): Promise<number> {
  const [{ makePlan }, { applyCare }] = await Promise.all([
    import('../../runtime/postfix/make-plan.ts'),
    import('../../runtime/postfix/apply-care.ts'),
  ]);
  const plan = (): ReturnType<typeof makePlan> => makePlan(host, settings, network(), isNamed);
  const seen = await folder.texts();
  const made = await plan();
  if (!seen.ok || !made.ok) {
    output.error(made.ok ? (seen.ok ? '' : seen.error) : made.error);
    return 2;
  }
  if (!json) await output.write(planText(made.value.facts, made.value.plan, output));
  if (made.value.plan.blocked !== null) {
    if (json) output.error(made.value.plan.blocked);
    return 2;
  }
  if (asks && made.value.plan.edits.length > 0 && !(await isYes('Make these changes?'))) {
    await output.write('Nothing is changed.\n');
    return 1;
  }
  const applied = await applyCare({ host, folder, clock, plan }, made.value, seen.value);
  if (!applied.ok) {
    output.error(applied.error);
    return 3;
  }
  const { facts, plan: carried } = made.value;
  await output.write(
    json
      ? jsonLine({ ...planDocument(facts, carried), ...applied.value })
      : appliedText(applied.value, host.configDirectory),
  );
  return 0;
}

async function takeBack(
  { host, json }: Called,
  folder: CareFolder,
  asks: boolean,
  { output }: CliParts,
): Promise<number> {
  const watcher = await lockHolder(folder.lockPath('watch'));
  if (watcher !== null) {
    output.error(`"postern postfix watch" (process ${watcher}) cares for this Postfix; stop it first.`);
    return 2;
  }
  if (asks && !(await isYes(`Take back what Postern wrote in ${host.configDirectory}?`))) {
    await output.write('Nothing is changed.\n');
    return 1;
  }
  const { undoCare } = await import('../../runtime/postfix/undo-care.ts');
  const undone = await undoCare(host, folder);
  if (!undone.ok) {
    output.error(undone.error);
    return 3;
  }
  await output.write(json ? jsonLine(undone.value) : undoneText(undone.value, host.configDirectory, output));
  return 0;
}

async function isYes(question: string): Promise<boolean> {
  const { createInterface } = await import('node:readline/promises');
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await lines.question(`${question} [y/N] `)).trim());
  } finally {
    lines.close();
  }
}

/** Reads the configuration; null: it is unusable, and that was said. */
async function begin(command: Command, { output, programs }: CliParts): Promise<Called | null> {
  const { config = defaultConfigFile, json = false, postfixConfig } = optionsOf<PostfixOptions>(command);
  const read = await readSettings(config);
  if (!read.ok) {
    for (const mistake of read.error) output.error(mistakeText(mistake));
    return null;
  }
  const host = new PostfixHost(resolve(postfixConfig ?? defaultDirectory), programs);
  return { settings: read.value.settings, host, isNamed: postfixConfig !== undefined, file: config, json };
}
