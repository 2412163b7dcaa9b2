import { withoutChoice } from '../../decision/postfix/care-undo.ts';
import type { ConfigTexts } from './care-record.ts';

/** Byte for byte. */
export function sameFiles(one: ConfigTexts, other: ConfigTexts): boolean {
  return one['main.cf'] === other['main.cf'] && one['master.cf'] === other['master.cf'];
}

/** But for which of our transports is the default one, which the watch changes. */
export function sameButForChoice(one: ConfigTexts, other: ConfigTexts): boolean {
  return (
    withoutChoice(one['main.cf']) === withoutChoice(other['main.cf']) &&
    one['master.cf'] === other['master.cf']
  );
}
