import { rfc3339 } from '../../../protocol/message/rfc3339.ts';

/** The day of a moment (wall ms), in UTC, as in 2026-11-24. */
export const dateText = (at: number): string => rfc3339(at).slice(0, 10);
