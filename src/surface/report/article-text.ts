import type { Rule } from '../../decision/audit/rule.ts';

/** The article on one check, for `check --explain`. */
export function articleText({ id, article }: Rule): string {
  const parts: readonly (readonly [string, string | null])[] = [
    ['What it means', article.meaning],
    ['Who acts on it', article.actedOn],
    ['Ground', article.ground],
    ['What to do', article.fix],
    ['What other testers say', article.others],
  ];
  const told = parts.flatMap(([heading, text]) => (text === null ? [] : [`${heading}\n${wrap(text)}`]));
  return `${[`${id}: ${article.title}`, ...told].join('\n\n')}\n`;
}

/** Lines of at most 80 characters, two spaces in. */
function wrap(text: string): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > 78) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].map(each => `  ${each}`).join('\n');
}
