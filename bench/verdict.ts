import { markdownTable } from './markdown-table.ts';

/** What was asked of a figure, what it was, and whether that is enough. */
export type Verdict = { readonly asked: string; readonly measured: string; readonly isMet: boolean };

export function verdictTable(verdicts: readonly Verdict[]): string {
  const rows = verdicts.map(({ asked, measured, isMet }) => [asked, measured, isMet ? 'yes' : '**no**']);
  return markdownTable(['asked', 'measured', 'met'], rows);
}
