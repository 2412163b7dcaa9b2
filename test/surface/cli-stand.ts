import { realNetwork } from '../../src/runtime/net/real-network.ts';
import { realWeb } from '../../src/runtime/net/real-web.ts';
import { realClock, realRandom } from '../../src/runtime/real-clock.ts';
import { realFiles } from '../../src/runtime/real-files.ts';
import type { CliParts } from '../../src/surface/cli/cli-parts.ts';
import { runCommandLine } from '../../src/surface/cli/program.ts';
import { noPrograms, nothingOutside } from '../fakes.ts';

/** What a command wrote, and how it ended. */
export type CommandResult = { readonly code: number; readonly out: string; readonly err: string };

/** Parts for commands that run in this process; what they write is kept. */
export function cliStand(more: Partial<CliParts> = {}): {
  parts: CliParts;
  result: (code: number) => CommandResult;
} {
  const out: Buffer[] = [];
  const err: string[] = [];
  const parts: CliParts = {
    clock: realClock,
    random: realRandom,
    files: realFiles(),
    web: realWeb(),
    writeHelp: text => void out.push(Buffer.from(text)),
    writeError: text => void err.push(text),
    output: {
      terminal: false,
      colour: false,
      write: async bytes => void out.push(Buffer.from(bytes)),
      error: text => void err.push(`${text}\n`),
    },
    network: realNetwork,
    processes: nothingOutside.processes,
    programs: noPrograms,
    journal: false,
    notifySocket: null,
    startGateway: async () => ({ ok: false, error: 'No gateway is started in this test.' }),
    runDemo: async () => 0,
    ...more,
  };
  return {
    parts,
    result: code => ({ code, out: Buffer.concat(out).toString('utf8'), err: err.join('') }),
  };
}

/** Runs one command line in this process. */
export async function runHere(args: readonly string[], more: Partial<CliParts> = {}): Promise<CommandResult> {
  const { parts, result } = cliStand(more);
  return result(await runCommandLine(args, parts, '0.0.0'));
}
