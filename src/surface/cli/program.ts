import { Command, CommanderError } from 'commander';
import { addCheck } from './check.ts';
import type { CliParts } from './cli-parts.ts';
import { addCompletion } from './completion.ts';
import { addConfig } from './config-check.ts';
import { addDemo } from './demo.ts';
import { addEvents } from './events.ts';
import { addInit } from './init.ts';
import { addNotify } from './notify.ts';
import { addPostfix } from './postfix.ts';
import { addQueue } from './queue.ts';
import { addRecords } from './records.ts';
import { addServe } from './serve.ts';
import { addTrace } from './trace.ts';
import { addUplinks } from './uplinks.ts';

/** The whole command line. `end` is told the exit code of the command that ran. */
export function buildProgram(parts: CliParts, version: string, end: (code: number) => void): Command {
  const program = new Command('postern')
    .description('The mail gateway for hosts with more than one way to the Internet.')
    .version(version)
    .exitOverride()
    .configureOutput({
      writeOut: text => parts.writeHelp(text),
      writeErr: text => parts.writeError(text),
      outputError: (text, write) => write(usageSentence(text)),
    })
    .addHelpText(
      'before',
      'Examples:\n  postern demo\n  postern config check --config ./postern.yaml\n  postern serve --config ./postern.yaml\n  postern uplinks --watch\n',
    )
    .addHelpText(
      'after',
      '\nExit codes: 0 done; 1 done, and something is wrong; 2 the call or the configuration is unusable; 3 could not finish.',
    );
  for (const add of [
    addServe,
    addConfig,
    addUplinks,
    addQueue,
    addTrace,
    addEvents,
    addNotify,
    addRecords,
    addInit,
    addCheck,
    addPostfix,
    addDemo,
    addCompletion,
  ])
    add(program, parts, end);
  return program;
}

/** Runs one command line; gives the exit code. What cannot be called so is 2. */
export async function runCommandLine(
  args: readonly string[],
  parts: CliParts,
  version: string,
): Promise<number> {
  let code = 0;
  const program = buildProgram(parts, version, result => {
    code = result;
  });
  try {
    await program.parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    throw error;
  }
}

/** `error: unknown command 'x'\n(Did you mean y?)` as one sentence. */
function usageSentence(text: string): string {
  const [what = '', hint = ''] = text.trim().split('\n');
  const said = what.replace(/^error: /, '').replace(/\.$/, '');
  const near = /^\(Did you mean (?<word>.*)\?\)$/.exec(hint)?.groups?.word;
  const rest = near === undefined ? 'see "postern help"' : `did you mean ${near}?`;
  return `postern: ${said}; ${rest}\n`;
}
