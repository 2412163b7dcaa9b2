import type { z } from 'zod';
import { configJsonSchema, formsOf, itemsOf, type JsonSchema, propertiesOf } from './json-schema.ts';
import { laterKeys, laterValue } from './later-keys.ts';
import { nearWord } from './near-word.ts';
import type { ConfigPath } from './yaml-file.ts';

/** A mistake before it has its line: at the value of `path`, or at the key `key` of the map there. */
export type Explained = { readonly path: ConfigPath; readonly key: string | null; readonly message: string };

/** What stands there may be a secret, so it is not shown. */
const secretKeys: ReadonlySet<string> = new Set(['webhook']);

/**
 * What a schema issue means in whole sentences; one issue may be several mistakes (unknown keys).
 * Values are shown only where a schema knows their key: what stands under an unknown key may be a secret.
 */
export function explainIssue(issue: z.core.$ZodIssue, whole: unknown): Explained[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map(key => ({ path: issue.path, key, message: explainKey(issue.path, key) }));
  }
  if (issue.code === 'invalid_union') {
    const later = laterValue(plainPath(issue.path), valueAt(whole, issue.path));
    if (later !== null)
      return [{ path: issue.path, key: null, message: `${pathText(issue.path)}: ${later}.` }];
    const inner = nearestBranch(issue.errors);
    return inner.flatMap(nested => explainIssue({ ...nested, path: [...issue.path, ...nested.path] }, whole));
  }
  return [{ path: issue.path, key: null, message: explainValue(issue, whole) }];
}

/** `uplinks[1].source[0].address`. */
export function pathText(path: ConfigPath): string {
  return path
    .map((part, index) =>
      typeof part === 'number' ? `[${part}]` : `${index > 0 ? '.' : ''}${printable(String(part))}`,
    )
    .join('');
}

/** The value for a sentence: short, on one line, control characters escaped. */
export function shown(value: unknown): string {
  if (typeof value === 'string')
    return JSON.stringify(printable(value.length > 60 ? `${value.slice(0, 60)}…` : value));
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'the list' : 'a list';
  return typeof value === 'object' ? 'a map' : JSON.stringify(value);
}

function explainValue(issue: z.core.$ZodIssue, whole: unknown): string {
  const where = pathText(issue.path) || 'the file';
  const value = valueAt(whole, issue.path);
  const later = laterValue(plainPath(issue.path), value);
  if (later !== null) return `${where}: ${later}.`;
  if (value === undefined) return `${where} is missing; write it${exampleFor(issue.path)}.`;
  const near =
    issue.code === 'invalid_value' && typeof value === 'string'
      ? nearWord(value, issue.values.map(String))
      : null;
  const named = secretKeys.has(String(issue.path.at(-1))) ? 'this' : shown(value);
  return `${where}: ${named} ${issue.message}${near === null ? '' : `; did you mean ${near}?`}`.replace(
    /(?<!\?)$/,
    '.',
  );
}

function explainKey(path: ConfigPath, key: string): string {
  const plain = plainPath([...path, key]);
  const whole = pathText([...path, key]);
  if (laterKeys.has(plain)) return `${whole} comes with a later version of Postern; take it out until then.`;
  const known = keysAt(path);
  const near = nearWord(key, known);
  if (near !== null) return `${whole} is not a key that Postern knows; did you mean ${near}?`;
  const elsewhere =
    path.length > 0 && keysAt([]).includes(key) ? `; ${key} stands at the top of the file` : '';
  return `${whole} is not a key that Postern knows${elsewhere || `; here it knows ${known.join(', ')}`}.`;
}

/** The branch that the value was meant for: the one that it fails inside of, not at its door. */
function nearestBranch(branches: readonly (readonly z.core.$ZodIssue[])[]): readonly z.core.$ZodIssue[] {
  const fits = branches.find(issues => !issues.some(isAtDoor));
  return fits ?? branches[0] ?? [];
}

function isAtDoor({ code, path }: z.core.$ZodIssue): boolean {
  return path.length === 0 && (code === 'invalid_type' || code === 'invalid_value');
}

function plainPath(path: ConfigPath): string {
  return path.filter(part => typeof part === 'string').join('.');
}

function valueAt(whole: unknown, path: ConfigPath): unknown {
  let value = whole;
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = Reflect.get(value, part);
  }
  return value;
}

function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\u{fffd}');
}

let wholeSchema: JsonSchema | null = null;

/** The schema of the value at `path`; null where there is none. */
function schemaAt(path: ConfigPath): JsonSchema | null {
  wholeSchema ??= configJsonSchema();
  let schema: JsonSchema | null = wholeSchema;
  for (const part of path) {
    if (schema === null) return null;
    schema = typeof part === 'number' ? itemsOf(schema) : keyOf(schema, String(part));
  }
  return schema;
}

function keyOf(schema: JsonSchema, key: string): JsonSchema | null {
  return propertiesOf(schema).find(([name]) => name === key)?.[1] ?? null;
}

/** The keys known in the map at `path`. */
function keysAt(path: ConfigPath): string[] {
  const schema = schemaAt(path);
  return schema === null ? [] : propertiesOf(schema).map(([key]) => key);
}

function exampleFor(path: ConfigPath): string {
  const schema = schemaAt(path);
  if (schema === null) return '';
  const key = String(path.at(-1));
  const example: unknown = schema.examples?.[0] ?? schema.enum?.[0];
  if (typeof example === 'string') return `, as in ${key}: ${example}`;
  const item = itemsOf(schema);
  const listed: unknown = item === null ? null : formsOf(item)[0]?.examples?.[0];
  return typeof listed === 'string' ? `, as in ${key}: ["${listed}"]` : '';
}
