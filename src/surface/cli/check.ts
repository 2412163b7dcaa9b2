import { type Command, Option } from 'commander';
import { readBlocklist, readIds, readPort, readSelector, readTimeout, readUplink } from './check-options.ts';
import { type CliParts, defaultConfigFile } from './cli-parts.ts';
import { addCommand, optionsOf, withJson } from './command.ts';

/** `postern check`. */
export function addCheck(program: Command, parts: CliParts, end: (code: number) => void): void {
  const check = addCommand(
    program,
    'check',
    'what the world sees of your mail, what of it matters, and how to mend it',
    [
      'postern check example.com',
      'postern check example.com --uplink 198.51.100.30=mail.example.com --uplink 203.0.113.40=mail2.example.com',
      'postern check --config ./postern.yaml',
      'postern check --explain GREETING-NAME',
    ],
  );
  withJson(
    check
      .argument('[domains...]', 'the domains; default: those of the configuration')
      .option(
        '--config <file>',
        `look as the gateway of this configuration, with its host (default, where no domain is named: ${defaultConfigFile})`,
      ),
    'one JSON document a line, for each domain',
  )
    .option(
      '--uplink <address=name>',
      'an address that mail leaves from, and its EHLO name; may be repeated',
      readUplink,
    )
    .option('--explain <id>', 'what a check means, who acts on it, and what other testers say')
    .option('--only <ids>', 'only these checks, with commas between', readIds)
    .option('--skip <ids>', 'all but these checks', readIds)
    .addOption(
      new Option('--fail-on <level>', 'exit with 1 at this level or worse')
        .choices(['error', 'warning', 'notice'])
        .default('error'),
    )
    .option(
      '--selector <name>',
      'a DKIM selector to look at; with =FILE behind it the key that signs, to compare; may be repeated',
      readSelector,
    )
    .option(
      '--blocklist <zone>',
      'a blocklist to ask, as in dnsbl.example; with =policy behind it where it lists by policy',
      readBlocklist,
    )
    .option('--intrusive', 'also try what a stranger would not: relaying through hosts that are not yours')
    .option(
      '--timeout <duration>',
      'the whole check, with all its domains and what the host is asked (default: 30s)',
      readTimeout,
    )
    .option('--port <port>', 'the port of mail hosts, for tests (default: 25)', readPort)
    .addOption(
      new Option('--format <format>', 'text for people, one JSON document a line, or a page').choices([
        'text',
        'json',
        'html',
      ]),
    )
    .option('--watch', 'tell how mail stands, look again and again, and tell what changes')
    .option('--every <duration>', 'between two looks of --watch (default: 5m)', readTimeout)
    .option('--save-facts <file>', 'write down what was seen')
    .option('--facts <file>', 'judge what was written down before, and ask nobody')
    .action(async (domains: string[], _options, command: Command) => {
      // Of all commands it has the most code, and a gateway needs none of it.
      const { runCheck } = await import('./check-run.ts');
      end(await runCheck(domains, optionsOf(command), parts));
    });
}
