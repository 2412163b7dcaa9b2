import { resolve } from 'node:path';
import type { Command } from 'commander';
import { mistakeText } from '../../config/mistake.ts';
import { readSettings } from '../../config/read-settings.ts';
import type { Settings } from '../../config/settings.ts';
import { PostfixHost } from '../../runtime/postfix/postfix-host.ts';
import { type CliParts, defaultConfigFile } from './cli-parts.ts';
import { addCommand, optionsOf, withConfig, withJson } from './command.ts';
import { jsonLine } from './output.ts';
import { planDocument, planText } from './postfix-text.ts';

type PostfixOptions = { postfixConfig?: string };

/** What every command of `postern postfix` begins with. */
type Called = {
  readonly settings: Settings;
  readonly host: PostfixHost;
  readonly isNamed: boolean;
  readonly json: boolean;
};

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
  await parts.output.write(json ? jsonLine(planDocument(facts, plan)) : planText(facts, plan, parts.output));
  const isWrong = plan.edits.length > 0 || plan.findings.some(({ level }) => level === 'error');
  return plan.blocked !== null || isWrong ? 1 : 0;
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
  return { settings: read.value.settings, host, isNamed: postfixConfig !== undefined, json };
}
