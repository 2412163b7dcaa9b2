import type { Command } from 'commander';
import { type KeySection, keySections } from '../../config/key-sections.ts';
import { examplesOf } from './command.ts';
import { type CommandNode, commandTree, withAllBelow } from './command-tree.ts';

/*
 * Manual pages in the macros of man(7). A word in backquotes becomes bold.
 */

/** postern(8): all commands. */
export function commandsPage(program: Command): string {
  const tree = commandTree(program);
  const nodes = withAllBelow(tree).filter(
    ({ children, path }) => path.includes(' ') && children.length === 0,
  );
  const groups = withAllBelow(tree).filter(
    ({ children, options }) => children.length > 0 && options.length > 0,
  );
  const commands = [...groups.filter(({ path }) => path.includes(' ')), ...nodes].toSorted((one, other) =>
    one.path < other.path ? -1 : 1,
  );
  return page('POSTERN', 8, [
    '.SH NAME',
    `postern \\- ${text('the mail gateway for hosts with more than one way to the Internet')}`,
    '.SH SYNOPSIS',
    ...commands
      .flatMap(({ path, operands }) => ['.br', `.B ${text(path)}`, text(`${operands} [options]`.trim())])
      .slice(1),
    '.SH DESCRIPTION',
    text(
      'Postern takes mail, keeps it durably, and delivers it through the right uplink under the right name. `postern serve` is the gateway; the other commands ask the running one over the Unix socket `control.sock` in its `state_dir`, which they find by `--config`. Every command that reports takes `--json`.',
    ),
    '.SH COMMANDS',
    ...commands.flatMap(commandLines),
    '.SH EXIT STATUS',
    ...tagged('0', 'Done, and nothing wrong.'),
    ...tagged('1', 'Done, and something is wrong.'),
    ...tagged('2', 'The call or the configuration is unusable.'),
    ...tagged('3', 'Postern could not finish.'),
    '.SH SIGNALS',
    ...tagged(
      'SIGTERM, SIGINT',
      'End `postern serve` cleanly: what is in flight is finished or handed back.',
    ),
    ...tagged(
      'SIGHUP',
      'Takes a changed configuration into use without dropping a connection, and opens `log.file` anew. A bad configuration is not taken.',
    ),
    '.SH ENVIRONMENT',
    ...tagged('NO_COLOR', 'No colour, where it is set to anything.'),
    ...tagged(
      'NOTIFY_SOCKET, JOURNAL_STREAM',
      'Set by systemd: readiness is told, and the journal gets priorities.',
    ),
    '.SH FILES',
    ...tagged('/etc/postern/postern.yaml', 'The configuration, where `--config` names no other.'),
    ...tagged(
      '/var/lib/postern',
      'Queue, spool, trace and control socket, where `state_dir` names no other.',
    ),
    '.SH SEE ALSO',
    '.BR postern.yaml (5)',
  ]);
}

/** postern.yaml(5): all keys. */
export function configurationPage(): string {
  return page('POSTERN.YAML', 5, [
    '.SH NAME',
    `postern.yaml \\- ${text('the configuration of the mail gateway Postern')}`,
    '.SH DESCRIPTION',
    text(
      'The file is YAML 1.2. Durations are written `30s`, `5m`, `4h`, `5d`, `2w`, sizes `50MB`. `postern config check` tells every mistake of a file at once, each with its line and column. SIGHUP takes a changed file into use.',
    ),
    ...keySections().flatMap(sectionLines),
    '.SH FILES',
    ...tagged('/etc/postern/postern.yaml', 'Where the commands look, unless `--config` names another.'),
    ...tagged('postern.schema.json', 'The JSON Schema of the file, for editors; it is in the package.'),
    '.SH SEE ALSO',
    '.BR postern (8)',
  ]);
}

function page(name: string, section: number, lines: readonly string[]): string {
  const head = ['.\\" Generated from the program itself.', `.TH ${name} ${section} "" Postern "Postern"`];
  return `${[...head, ...lines].join('\n')}\n`;
}

function commandLines({ path, operands, does, options, command }: CommandNode): string[] {
  const examples = examplesOf(command);
  return [
    `.SS ${text(`${path}${operands}`)}`,
    text(`${does.charAt(0).toUpperCase()}${does.slice(1)}.`),
    ...options.flatMap(option => tagged(option.flags, option.does)),
    ...(examples.length === 0 ? [] : ['.PP', '.EX', ...examples.map(text), '.EE']),
  ];
}

function sectionLines({ path, keys }: KeySection): string[] {
  const title = path === '' ? 'KEYS' : `KEYS OF ${path}`;
  return [
    `.SH "${text(title)}"`,
    ...keys.flatMap(({ key, kind, standing, does }) => {
      const value =
        standing === '' ? kind : `${kind}; ${standing === 'required' ? '' : 'default '}${standing}`;
      return ['.TP', `.B ${text(key)}`, text(value), '.br', text(does === '' ? 'See below.' : does)];
    }),
  ];
}

function tagged(tag: string, does: string): string[] {
  return ['.TP', `.B ${text(tag)}`, text(does)];
}

/** Text that roff takes as it is: no escape, no request at the start of a line. */
function text(plain: string): string {
  const safe = plain
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('…', '...')
    .replaceAll('"', '\\(dq')
    .replace(/`([^`]*)`/g, '\\fB$1\\fR')
    .replaceAll('`', '\\(ga');
  return /^[.']/.test(safe) ? `\\&${safe}` : safe;
}
