import { join } from 'node:path';
import type { Command } from 'commander';
import { mistakeText } from '../../config/mistake.ts';
import { readStateDir } from '../../config/read-settings.ts';
import { askGateway } from '../control/client.ts';
import { type ControlRequest, controlRequest, socketName } from '../control/protocol.ts';
import { type CliParts, defaultConfigFile } from './cli-parts.ts';

const examplesByCommand = new WeakMap<Command, readonly string[]>();

/** Adds a command: what it does in a line, and examples, which its help shows first. */
export function addCommand(
  parent: Command,
  usage: string,
  does: string,
  examples: readonly string[],
): Command {
  const lines = examples.map(example => `  ${example}\n`).join('');
  const command = parent.command(usage).description(does).addHelpText('before', `Examples:\n${lines}`);
  examplesByCommand.set(command, examples);
  return command;
}

export function examplesOf(command: Command): readonly string[] {
  return examplesByCommand.get(command) ?? [];
}

export function withConfig(command: Command): Command {
  return command.option('--config <file>', `the configuration (default: ${defaultConfigFile})`);
}

export function withJson(command: Command, what: string): Command {
  return command.option('--json', what);
}

/** Options of this command and those above it, for an option may stand before or after a subcommand's name. */
export function optionsOf<Options extends object>(
  command: Command,
): Options & { config?: string; json?: boolean } {
  return command.optsWithGlobals<Options & { config?: string; json?: boolean }>();
}

/** Asks the gateway of the configuration named on the command line; gives the exit code. */
export async function callGateway<Data>(
  command: Command,
  parts: CliParts,
  request: ControlRequest,
  hear: (data: Data) => void | Promise<void>,
): Promise<number> {
  const tooLong = controlRequest.safeParse(request).error?.issues.find(issue => issue.code === 'too_big');
  if (tooLong) {
    const what = String(tooLong.path.at(-1));
    parts.output.error(`The ${what} is longer than ${tooLong.maximum} characters; shorten it.`);
    return 2;
  }
  const stateDir = await readStateDir(optionsOf(command).config ?? defaultConfigFile);
  if (!stateDir.ok) {
    for (const mistake of stateDir.error) parts.output.error(mistakeText(mistake));
    return 2;
  }
  const outcome = await askGateway(join(stateDir.value, socketName), request, hear);
  if (outcome.error !== null) parts.output.error(outcome.error);
  return outcome.code;
}
