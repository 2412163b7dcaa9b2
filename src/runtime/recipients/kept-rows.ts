/** The rows of a fact that was kept as a JSON array of arrays; none where it is not one that we wrote. */
export function* keptRows(text: string): Iterable<readonly unknown[]> {
  let rows: unknown;
  try {
    rows = JSON.parse(text);
  } catch {
    return;
  }
  if (!Array.isArray(rows)) return;
  for (const row of rows as unknown[]) if (Array.isArray(row)) yield row;
}
