import type { ConversationFact } from '../../decision/audit/facts.ts';
import { parseMessageDate } from '../../protocol/message/date.ts';

const date =
  /\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d (?:[+-]\d{4}|GMT|UTC)/;

/**
 * How far our clock is ahead of those of the servers that tell the time in their greeting (many do), by the median of
 * them, in ms; null: fewer than two told.
 */
export function clockOffset(
  conversations: readonly Pick<ConversationFact, 'greeting' | 'greetedAt'>[],
): number | null {
  const offsets = conversations
    .flatMap(({ greeting, greetedAt }) => {
      const told = date.exec(greeting?.lines.join(' ') ?? '')?.[0];
      const at = told === undefined ? null : parseMessageDate(told);
      return at === null || greetedAt === null ? [] : [greetedAt - at];
    })
    .toSorted((one, other) => one - other);
  return offsets.length < 2 ? null : (offsets[Math.floor(offsets.length / 2)] ?? null);
}
