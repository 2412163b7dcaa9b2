import type { TrialResult } from './results.ts';
import { type SystemName, systemNames } from './system.ts';

/** What people call the systems. */
export const titles: Readonly<Record<SystemName, string>> = {
  postern: 'Postern',
  usual: 'Postfix, usual remedy',
  watched: 'Postfix, Postern watching',
  opensmtpd: 'OpenSMTPD',
};

type Column = { readonly head: string; readonly of: (result: TrialResult) => string };

export const columns: readonly Column[] = [
  { head: 'accepted', of: ({ accepted }) => String(accepted) },
  { head: 'late > 1 s', of: ({ lateOver1s }) => String(lateOver1s) },
  { head: 'p50', of: ({ addedMs }) => duration(addedMs?.p50 ?? null) },
  { head: 'p99', of: ({ addedMs }) => duration(addedMs?.p99 ?? null) },
  {
    head: 'max',
    of: ({ addedMs, stillQueued }) => `${stillQueued > 0 ? '≥ ' : ''}${duration(addedMs?.max ?? null)}`,
  },
  { head: 'in doubt', of: ({ doubted }) => (doubted === null ? 'not told' : String(doubted)) },
  { head: 'lost', of: ({ lost }) => String(lost) },
  { head: 'twice', of: ({ duplicates }) => String(duplicates) },
  { head: 'still queued', of: ({ stillQueued }) => String(stillQueued) },
  { head: 'back after', of: ({ backMs }) => (backMs === null ? 'not seen' : duration(backMs)) },
  { head: 'strayed', of: ({ strayed }) => percent(strayed) },
  { head: 'wrong names', of: ({ wrongNames }) => String(wrongNames) },
];

/** `12 ms`, `3.4 s`, `345 s`; null: –. */
export function duration(ms: number | null): string {
  if (ms === null) return '–';
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  return ms < 10_000 ? `${(ms / 1_000).toFixed(1)} s` : `${Math.round(ms / 1_000)} s`;
}

export function percent(share: number): string {
  if (share === 0) return '0 %';
  return share < 0.01 ? `${(100 * share).toFixed(1)} %` : `${Math.round(100 * share)} %`;
}

/** By cut in the order of their first appearance, then load, then system. */
export function inTableOrder(results: readonly TrialResult[], cuts: readonly string[]): TrialResult[] {
  const rank = ({ cut, perS, system }: TrialResult): readonly number[] => [
    cuts.indexOf(cut),
    perS,
    systemNames.indexOf(system),
  ];
  return results.toSorted((a, b) => {
    const [left, right] = [rank(a), rank(b)];
    return left.map((value, at) => value - (right[at] ?? 0)).find(difference => difference !== 0) ?? 0;
  });
}

/** A table in columns for a terminal. */
export function textTable(results: readonly TrialResult[], cuts: readonly string[]): string {
  const heads = ['cut', 'per s', 'system', ...columns.map(({ head }) => head), 'busy'];
  const lines = inTableOrder(results, cuts).map(result => [
    result.cut,
    String(result.perS),
    titles[result.system],
    ...columns.map(({ of }) => of(result)),
    percent(result.machine.busy),
  ]);
  const widths = heads.map((head, at) =>
    Math.max(...[heads, ...lines].map(line => line[at]?.length ?? head.length)),
  );
  return [heads, ...lines]
    .map(line =>
      line
        .map((text, at) => text.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
