import { withoutChoice } from '../../decision/postfix/care-undo.ts';
import type { ConfigFile, ConfigTexts } from './care-record.ts';

/** Byte for byte. */
export function sameFiles(one: ConfigTexts, other: ConfigTexts): boolean {
  return one['main.cf'] === other['main.cf'] && one['master.cf'] === other['master.cf'];
}

/**
 * Nobody but us has written this file: it is as it was before our first time, or as our last time made it but for which of
 * our transports is the default one, which the watch changes. `foreseen`: our last time did not come to its end, so `after`
 * is what was to come out; postconf adds new parameters in no certain order.
 */
export function isAsWeLeft(
  file: ConfigFile,
  now: ConfigTexts,
  { before, after, foreseen }: OurCopies,
): boolean {
  if (before !== null && before[file] === now[file]) return true;
  if (after === null) return false;
  if (foreseen) return sameLines(after[file], now[file]);
  return file === 'main.cf'
    ? withoutChoice(after[file]) === withoutChoice(now[file])
    : after[file] === now[file];
}

export type OurCopies = {
  readonly before: ConfigTexts | null;
  readonly after: ConfigTexts | null;
  readonly foreseen: boolean;
};

/** In whatever order. */
export function sameLines(one: string, other: string): boolean {
  return one.split('\n').sort().join('\n') === other.split('\n').sort().join('\n');
}
