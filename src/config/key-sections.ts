import { configJsonSchema, formsOf, itemsOf, type JsonSchema, propertiesOf } from './json-schema.ts';

/** The keys of one map of `postern.yaml`, for pages about them. Words of the file stand in backquotes. */
export type KeySection = {
  /** `''` is the file itself; `uplinks[]` an entry of the list of this name. */
  readonly path: string;
  readonly keys: readonly KeyFacts[];
};

export type KeyFacts = {
  readonly key: string;
  /** What its value may be. */
  readonly kind: string;
  /** `required`, its default, or nothing. */
  readonly standing: string;
  readonly does: string;
};

/** All keys, each map before the maps inside it. */
export function keySections(): KeySection[] {
  return sections('', configJsonSchema());
}

function sections(path: string, schema: JsonSchema): KeySection[] {
  const map = itemsOf(schema) ?? schema;
  const properties = propertiesOf(map);
  if (properties.length === 0) return [];
  const required = new Set(formsOf(map).flatMap(form => form.required ?? []));
  const keys = properties.map(([key, value]) => ({
    key,
    kind: kind(value),
    standing: standing(value, required.has(key)),
    does: value.description ?? '',
  }));
  return [
    { path, keys },
    ...properties.flatMap(([key, value]) =>
      sections(`${path === '' ? '' : `${path}.`}${key}${itemsOf(value) === null ? '' : '[]'}`, value),
    ),
  ];
}

function kind(schema: JsonSchema): string {
  const item = itemsOf(schema);
  if (item !== null) return `list of ${kind(item)}`;
  return formsOf(schema).map(oneKind).join(' or ');
}

function oneKind(schema: JsonSchema): string {
  if (schema.enum) return schema.enum.map(word => `\`${String(word)}\``).join(', ');
  if (schema.const !== undefined) return `\`${String(schema.const)}\``;
  if (schema.type === 'object') return 'map';
  if (schema.type === 'boolean') return '`true`, `false`';
  if (schema.type === 'integer') return `${schema.minimum ?? 0} to ${schema.maximum ?? ''}`;
  const example: unknown = schema.examples?.[0];
  return typeof example === 'string' ? `such as \`${example}\`` : 'text';
}

function standing(schema: JsonSchema, required: boolean): string {
  if (required) return 'required';
  const value = schema.default;
  return value === undefined || typeof value === 'object'
    ? ''
    : `\`${JSON.stringify(value).replaceAll('"', '')}\``;
}
