import { jsonOf } from '../json-of.ts';

/** The rows of a fact that was kept as a JSON array of arrays; none where it is not one that we wrote. */
export function* keptRows(text: string): Iterable<readonly unknown[]> {
  const rows = jsonOf(text);
  if (!Array.isArray(rows)) return;
  for (const row of rows as unknown[]) if (Array.isArray(row)) yield row;
}
