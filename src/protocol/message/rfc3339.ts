import { civilDate } from './civil-date.ts';

/** Wall milliseconds since the epoch as RFC 3339 in UTC, `2026-11-24T17:03:46.120Z`. */
export function rfc3339(wallMs: number): string {
  const ms = Math.floor(wallMs);
  const day = Math.floor(ms / 86_400_000);
  const time = ms - day * 86_400_000;
  const clock = [time / 3_600_000, (time / 60_000) % 60, (time / 1000) % 60]
    .map(part => two(Math.floor(part)))
    .join(':');
  return `${dateOf(day)}T${clock}.${String(time % 1000).padStart(3, '0')}Z`;
}

/** The day of a moment (wall ms), in UTC, as in 2026-11-24: RFC 3339's full-date. */
export const dateText = (wallMs: number): string => dateOf(Math.floor(wallMs / 86_400_000));

let lastDay = Number.NaN;
let lastDate = '';

/** Most calls are about today, so the last answer is kept. */
function dateOf(day: number): string {
  if (day === lastDay) return lastDate;
  const { year, month, dayOfMonth } = civilDate(day);
  lastDay = day;
  lastDate = `${String(year).padStart(4, '0')}-${two(month + 1)}-${two(dayOfMonth)}`;
  return lastDate;
}

function two(part: number): string {
  return String(part).padStart(2, '0');
}
