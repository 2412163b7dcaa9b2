import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isPair,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
} from 'yaml';
import type { ConfigMistake } from './mistake.ts';

/** Where a value stands: keys and list places from the top. */
export type ConfigPath = readonly PropertyKey[];

export type YamlFile = {
  /** The plain value; undefined where the syntax is too broken to go on. */
  readonly value: unknown;
  readonly mistakes: readonly ConfigMistake[];
  /** Where the value of `path` begins; where it is missing, its nearest parent that is there. */
  locate(path: ConfigPath): { readonly line: number; readonly column: number };
  /** Where the key `key` of the map at `path` stands. */
  locateKey(path: ConfigPath, key: string): { readonly line: number; readonly column: number };
};

const largestFile = 1_000_000;
const mostAliases = 100;

/** What the parser's codes mean to somebody who has the file before them. */
const sentences: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: 'this key stands twice in one map; keep one of them',
  TAB_AS_INDENT: 'a tab is used as indentation; write spaces',
  MULTIPLE_DOCS: 'a second document begins here; keep all in one, without ---',
  BAD_INDENT: 'the indentation does not fit the lines above; keys of one map begin in one column',
  MULTILINE_IMPLICIT_KEY: 'this key goes over several lines; a colon or a quote is probably missing',
  MISSING_CHAR: 'a colon, comma, quote or bracket is missing here',
  BLOCK_AS_IMPLICIT_KEY:
    'a map begins where a value was expected; look for a second colon in the line, and quote the value',
  BAD_ALIAS: 'this alias is not valid; write the value itself',
  UNEXPECTED_TOKEN:
    'something is written here that YAML does not expect; look for a missing quote or wrong indentation',
  BAD_SCALAR_START: 'a plain value cannot begin with this character; put it in quotes',
  BAD_DQ_ESCAPE: 'this escape is not known in double quotes; use single quotes or double the backslash',
  TAG_RESOLVE_FAILED: 'this tag is not known; write the plain value',
};

/** Reads YAML 1.2 with the place of every value. Never throws; bounded in size and aliases. */
export function readYaml(file: string, source: string): YamlFile {
  const lines = new LineCounter();
  const at = (offset: number): { line: number; column: number } => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const broken = (mistakes: readonly ConfigMistake[]): YamlFile => ({
    value: undefined,
    mistakes,
    locate: () => ({ line: 1, column: 1 }),
    locateKey: () => ({ line: 1, column: 1 }),
  });
  if (source.length > largestFile) {
    return broken([
      {
        file,
        line: 1,
        column: 1,
        message: 'the file is larger than 1 MB; this is not a configuration of Postern.',
      },
    ]);
  }
  const document = parseDocument(source, { lineCounter: lines, prettyErrors: false, stringKeys: true });
  const mistakes = [...document.errors, ...document.warnings].map(error => ({
    file,
    ...at(error.pos[0]),
    message: `${sentenceOf(error)}.`,
  }));
  const readable = document.errors.every(error => error.code === 'DUPLICATE_KEY');
  if (!readable) return broken(mistakes);
  const lost = aliasMistakes(document).map(({ offset, message }) => ({ file, ...at(offset), message }));
  if (lost.length > 0) return broken([...mistakes, ...lost]);
  const value = plainValue(document);
  if (!value.ok) {
    return broken([
      ...mistakes,
      {
        file,
        line: 1,
        column: 1,
        message:
          'an anchor holds an alias to itself, or aliases multiply without end; write the values themselves.',
      },
    ]);
  }
  return {
    value: value.value,
    mistakes,
    locate: path => at(offsetOf(document, path)),
    locateKey: (path, key) => at(keyOffset(document, path, key)),
  };
}

function sentenceOf({ code, message }: { readonly code: string; readonly message: string }): string {
  const unclosed = /must be sufficiently indented and end with a (?<bracket>\S)/.exec(message)?.groups
    ?.bracket;
  if (unclosed !== undefined)
    return `what was opened above is not closed before this line; write the missing ${unclosed}`;
  return sentences[code] ?? firstLine(message);
}

function firstLine(text: string): string {
  return (text.split('\n')[0] ?? '').replace(/[.:]$/, '');
}

/** Aliases that lead to nothing, and the first one beyond the bound. */
function aliasMistakes(document: Document): { offset: number; message: string }[] {
  const found: { offset: number; message: string }[] = [];
  let count = 0;
  visit(document, {
    Alias(_, alias) {
      const offset = alias.range?.[0] ?? 0;
      if (++count > mostAliases) {
        found.push({
          offset,
          message: `there are more than ${mostAliases} aliases; write the values themselves.`,
        });
        return visit.BREAK;
      }
      if (alias.resolve(document) === undefined) {
        found.push({
          offset,
          message: 'no anchor of this name stands before the alias; write the value itself.',
        });
      }
      return undefined;
    },
  });
  return found;
}

/** `toJS` throws where aliases multiply; a value that holds itself cannot be written as JSON. */
function plainValue(document: Document): { ok: true; value: unknown } | { ok: false } {
  try {
    const value: unknown = document.toJS({ maxAliasCount: mostAliases });
    JSON.stringify(value);
    return { ok: true, value };
  } catch {
    return { ok: false };
  }
}

function resolved(document: Document, node: unknown): Node | null {
  if (isAlias(node)) return node.resolve(document) ?? null;
  return isNode(node) ? node : null;
}

function child(
  document: Document,
  parent: Node,
  key: PropertyKey,
): { key: Node | null; value: Node | null; alias: Node | null } | null {
  if (isSeq(parent) && typeof key === 'number') {
    const item = parent.items[key];
    return isNode(item)
      ? { key: null, value: resolved(document, item), alias: isAlias(item) ? item : null }
      : null;
  }
  if (!isMap(parent)) return null;
  const pair = parent.items.find(item => isPair(item) && keyText(item.key) === String(key));
  if (!pair) return null;
  return {
    key: isNode(pair.key) ? pair.key : null,
    value: resolved(document, pair.value),
    alias: isAlias(pair.value) ? pair.value : null,
  };
}

function keyText(key: unknown): string {
  return isNode(key) && 'value' in key ? String(key.value) : String(key);
}

function start(node: Node | null): number | null {
  return node?.range?.[0] ?? null;
}

/** The place of the last part of the path that is there. An alias is told where it is used. */
function offsetOf(document: Document, path: ConfigPath): number {
  let node = resolved(document, document.contents);
  let offset = start(node) ?? 0;
  for (const key of path) {
    const next = node && child(document, node, key);
    if (!next) return offset;
    // An empty value has no place of its own worth showing: its key has.
    const own = next.alias ?? next.value;
    const empty = own?.range !== undefined && own.range !== null && own.range[0] === own.range[1];
    offset = (empty ? start(next.key) : start(own)) ?? offset;
    node = next.value;
  }
  return offset;
}

function keyOffset(document: Document, path: ConfigPath, key: string): number {
  let node = resolved(document, document.contents);
  for (const step of path) node = node && (child(document, node, step)?.value ?? null);
  const found = node && child(document, node, key);
  return start(found?.key ?? null) ?? offsetOf(document, path);
}
