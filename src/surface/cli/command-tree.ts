import type { Command, Option } from 'commander';

/** One command as pages and completions need it. */
export type CommandNode = {
  /** `postern uplinks drain`. */
  readonly path: string;
  readonly does: string;
  /** As written after the path: ` <name>`. */
  readonly operands: string;
  /** What an operand may be, where that is fixed. */
  readonly words: readonly string[];
  readonly options: readonly OptionNode[];
  readonly children: readonly CommandNode[];
  readonly command: Command;
};

export type OptionNode = {
  /** `--for <duration>`. */
  readonly flags: string;
  /** `--for`. */
  readonly name: string;
  readonly does: string;
  /** What it takes: nothing, one of these words, a file, or some text. */
  readonly takes: 'nothing' | 'file' | 'text' | readonly string[];
};

/** All commands of a program; the help options are left out. */
export function commandTree(program: Command): CommandNode {
  return node(program, program.name());
}

/** A command and all below it, each before its children. */
export function withAllBelow(tree: CommandNode): readonly CommandNode[] {
  return [tree, ...tree.children.flatMap(withAllBelow)];
}

function node(command: Command, path: string): CommandNode {
  const help = command.createHelp();
  return {
    path,
    does: command.description(),
    operands: command.registeredArguments
      .map(argument => (argument.required ? ` <${argument.name()}>` : ` [${argument.name()}]`))
      .join(''),
    words: command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []),
    options: help
      .visibleOptions(command)
      .filter(option => option.long !== '--help')
      .map(option => ({
        flags: option.flags,
        name: option.long ?? option.short ?? '',
        does: help.optionDescription(option),
        takes: taken(option),
      })),
    children: command.commands.map(child => node(child, `${path} ${child.name()}`)),
    command,
  };
}

function taken(option: Option): OptionNode['takes'] {
  if (!option.required && !option.optional) return 'nothing';
  if (option.argChoices !== undefined) return option.argChoices;
  return /<(?:file|dir)>/.test(option.flags) ? 'file' : 'text';
}
