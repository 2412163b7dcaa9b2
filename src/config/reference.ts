import { configJsonSchema, formsOf, itemsOf, type JsonSchema, propertiesOf } from './json-schema.ts';
import { laterKeys } from './later-keys.ts';

const head = `# Configuration

Every key of \`postern.yaml\`. The file is YAML 1.2; durations are written \`30s\`, \`5m\`, \`4h\`, \`5d\`, \`2w\`, sizes \`50MB\`.
\`postern config check\` tells every mistake of a file at once, each with its line and column. For editors there is
\`postern.schema.json\`: put \`# yaml-language-server: $schema=postern.schema.json\` at the top of the file.

This page is generated from the schema.
`;

/** The reference page of all keys. */
export function configurationReference(): string {
  const later = [...laterKeys].map(key => `\`${key}\``).join(', ');
  const tail = `## Keys of later versions\n\nRefused until they do something: ${later}; and \`role: submission\`, \`role: backup\`, \`store: postgres://…\`.\n`;
  return [head, ...sections('', configJsonSchema()), tail].join('\n');
}

/** A table for the map at `path`, and after it those for the maps inside. */
function sections(path: string, schema: JsonSchema): string[] {
  const map = itemsOf(schema) ?? schema;
  const keys = propertiesOf(map);
  if (keys.length === 0) return [];
  const required = new Set(formsOf(map).flatMap(form => form.required ?? []));
  const rows = keys.map(
    ([key, value]) =>
      `| \`${key}\` | ${kind(value)} | ${standing(value, required.has(key))} | ${value.description ?? ''} |`,
  );
  const title = path === '' ? '## The file' : `## ${path}`;
  const table = `${title}\n\n| key | value | default | what it does |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n`;
  return [
    table,
    ...keys.flatMap(([key, value]) =>
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
