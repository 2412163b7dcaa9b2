import { median, ratios } from '../median.ts';
import { type PanelName, panels } from './panels.ts';

/** Messages a second at one place of a panel, round by round. */
export type Measured = { readonly at: number; readonly perS: readonly number[] };

export type Growth = Readonly<Record<PanelName, readonly Measured[]>>;

/** One place of a panel; `ratio`: to its standard place, the median of the rounds' own. */
export type Point = {
  readonly at: number;
  readonly perS: number;
  readonly ratio: number;
  readonly isFlat: boolean;
};

/** A rate that is at least this part of the standard one counts as flat. */
export const flatFrom = 0.8;

export function pointsOf(name: PanelName, growth: Growth): Point[] {
  const { standard } = panels[name];
  const base = growth[name].find(({ at }) => at === standard)?.perS ?? [];
  return growth[name].map(({ at, perS }) => {
    const ratio = median(ratios(perS.map((rate, round) => [rate, base[round]])));
    return { at, perS: median(perS), ratio, isFlat: ratio >= flatFrom };
  });
}
