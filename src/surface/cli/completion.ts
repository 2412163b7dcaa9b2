import { Argument, type Command } from 'commander';
import type { CliParts } from './cli-parts.ts';
import { addCommand } from './command.ts';
import { type CommandNode, commandTree, type OptionNode, withAllBelow } from './command-tree.ts';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/** `postern completion`. */
export function addCompletion(program: Command, parts: CliParts, end: (code: number) => void): void {
  addCommand(program, 'completion', 'print what a shell needs to complete the commands', [
    'postern completion bash > /etc/bash_completion.d/postern',
    'postern completion zsh > /usr/local/share/zsh/site-functions/_postern',
    'postern completion fish > ~/.config/fish/completions/postern.fish',
  ])
    .addArgument(new Argument('<shell>', 'for which').choices(shells))
    .action(async (shell: Shell) => {
      await parts.output.write(completionScript(program, shell));
      end(0);
    });
}

/** The commands, options and fixed words, as this shell completes them. */
export function completionScript(program: Command, shell: Shell): string {
  const nodes = withAllBelow(commandTree(program));
  if (shell === 'bash') return bashScript(nodes);
  return shell === 'zsh' ? zshScript(nodes) : fishScript(nodes);
}

const generated = '# Generated from the commands of postern.';

/** A text between single quotes, as bash and zsh read it. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
/** The same for fish, which knows escapes there. */
const fishQuoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

const deeper = (nodes: readonly CommandNode[]): CommandNode[] =>
  nodes.filter(({ path }) => path.includes(' '));

/** Options by what they take, each once: one name means the same everywhere. */
function optionsThatTake(nodes: readonly CommandNode[]): OptionNode[] {
  const byName = new Map<string, OptionNode>();
  for (const { options } of nodes)
    for (const option of options) if (option.takes !== 'nothing') byName.set(option.name, option);
  return [...byName.values()];
}

const lastWord = (path: string): string => path.slice(path.lastIndexOf(' ') + 1);

function wordsAfter({ children, words, options }: CommandNode): string {
  return [...children.map(({ path }) => lastWord(path)), ...words, ...options.map(({ name }) => name)].join(
    ' ',
  );
}

function bashScript(nodes: readonly CommandNode[]): string {
  const values = optionsThatTake(nodes).map(({ name, takes }) => {
    const found =
      takes === 'file'
        ? '$(compgen -f -- "$current")'
        : typeof takes === 'string'
          ? ''
          : `$(compgen -W ${quoted(takes.join(' '))} -- "$current")`;
    return `    ${name}) COMPREPLY=(${found}); return ;;`;
  });
  const cases = nodes.map(
    node =>
      `    ${quoted(node.path)}) COMPREPLY=($(compgen -W ${quoted(wordsAfter(node))} -- "$current")) ;;`,
  );
  return `${generated}
# shellcheck shell=bash disable=SC2207
_postern() {
  local current=\${COMP_WORDS[COMP_CWORD]} at=postern word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$at $word" in
    ${deeper(nodes)
      .map(({ path }) => quoted(path))
      .join(' | ')}) at="$at $word" ;;
    esac
  done
  COMPREPLY=()
  case "\${COMP_WORDS[COMP_CWORD-1]}" in
${values.join('\n')}
  esac
  case "$at" in
${cases.join('\n')}
  esac
}
complete -o filenames -F _postern postern
`;
}

function zshScript(nodes: readonly CommandNode[]): string {
  const values = optionsThatTake(nodes).map(({ name, takes }) => {
    const found =
      takes === 'file'
        ? '_files; return'
        : typeof takes === 'string'
          ? 'return'
          : `compadd ${takes.join(' ')}; return`;
    return `    (${name}) ${found} ;;`;
  });
  const cases = nodes.map(({ path, children, words, options }) => {
    const found = [
      ...words.map(quoted),
      ...children.map(child => quoted(`${lastWord(child.path)}:${child.does}`)),
      ...options.map(option => quoted(`${option.name}:${option.does}`)),
    ];
    return `    (${quoted(path)}) found=(${found.join(' ')}) ;;`;
  });
  return `#compdef postern
${generated}
_postern() {
  local at=postern word
  local -a found
  for word in \${words[2,CURRENT-1]}; do
    case "$at $word" in
    (${deeper(nodes)
      .map(({ path }) => quoted(path))
      .join('|')}) at="$at $word" ;;
    esac
  done
  case $words[CURRENT-1] in
${values.join('\n')}
  esac
  case $at in
${cases.join('\n')}
  esac
  _describe 'postern' found
}
_postern "$@"
`;
}

function fishScript(nodes: readonly CommandNode[]): string {
  const rules = nodes.flatMap(({ path, children, words, options }) => {
    const at = `complete -c postern -n '__postern_at ${path}'`;
    return [
      ...words.map(word => `${at} -a ${word}`),
      ...children.map(child => `${at} -a ${lastWord(child.path)} -d ${fishQuoted(child.does)}`),
      ...options.map(
        ({ name, does, takes }) =>
          `${at} -l ${name.replace(/^--/, '')}${fishValue(takes)} -d ${fishQuoted(does)}`,
      ),
    ];
  });
  return `${generated}
function __postern_at
    set -l at postern
    for word in (commandline -opc)[2..]
        switch "$at $word"
            case ${deeper(nodes)
              .map(({ path }) => fishQuoted(path))
              .join(' ')}
                set at "$at $word"
        end
    end
    test "$at" = "$argv"
end
complete -c postern -f
${rules.join('\n')}
`;
}

function fishValue(takes: OptionNode['takes']): string {
  if (takes === 'nothing') return '';
  if (takes === 'file') return ' -r -F';
  return takes === 'text' ? ' -x' : ` -x -a ${fishQuoted(takes.join(' '))}`;
}
