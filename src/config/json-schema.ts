import { z } from 'zod';
import { configSchema } from './schema.ts';

export type JsonSchema = z.core.JSONSchema.JSONSchema;

/** The JSON Schema of `postern.yaml`, as editors use it: what the file may hold as text, before it is parsed. */
export function configJsonSchema(): JsonSchema {
  return z.toJSONSchema(configSchema, { io: 'input' });
}

function isJsonSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The forms that a value may have; one, where there is no choice. */
export function formsOf(schema: JsonSchema): readonly JsonSchema[] {
  return schema.anyOf?.filter(isJsonSchema) ?? [schema];
}

/** The keys of a map, of whatever form. */
export function propertiesOf(schema: JsonSchema): [string, JsonSchema][] {
  return formsOf(schema).flatMap(form =>
    Object.entries(form.properties ?? {}).filter((entry): entry is [string, JsonSchema] =>
      isJsonSchema(entry[1]),
    ),
  );
}

/** What a list holds; null for what is no list. */
export function itemsOf(schema: JsonSchema): JsonSchema | null {
  return isJsonSchema(schema.items) ? schema.items : null;
}
