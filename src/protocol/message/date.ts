import { civilDate } from './civil-date.ts';

const weekdays = ['Thu', 'Fri', 'Sat', 'Sun', 'Mon', 'Tue', 'Wed'];
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const dayMs = 86_400_000;

/** A date in UTC as RFC 5322 section 3.3 writes it: `Tue, 24 Nov 2026 17:05:09 +0000`. `at` is wall ms. */
export function messageDate(at: number): string {
  const day = Math.floor(at / dayMs);
  const second = Math.floor((at - day * dayMs) / 1000);
  const time = [Math.floor(second / 3600), Math.floor(second / 60) % 60, second % 60].map(twoDigits);
  const { year, month, dayOfMonth } = civilDate(day);
  const weekday = weekdays[((day % 7) + 7) % 7];
  return `${weekday}, ${dayOfMonth} ${months[month]} ${String(year).padStart(4, '0')} ${time.join(':')} +0000`;
}

const twoDigits = (value: number): string => String(value).padStart(2, '0');

/** Wall ms of a date as RFC 5322 section 3.3 writes it; null for what is none. */
export function parseMessageDate(text: string): number | null {
  const match =
    /^(?:[A-Z][a-z]{2}, )?(\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d) (?:([+-])(\d\d)(\d\d)|GMT|UTC)$/.exec(
      text,
    );
  const month = months.indexOf(match?.[2] ?? '');
  if (match === null || month < 0) return null;
  const [, day, , year, hours, minutes, seconds, sign, zoneHours = '0', zoneMinutes = '0'] = match;
  const zone = (sign === '-' ? -1 : 1) * (Number(zoneHours) * 60 + Number(zoneMinutes));
  const days = daysUntil(Number(year), month) + Number(day) - 1;
  return ((days * 24 + Number(hours)) * 60 + Number(minutes) - zone) * 60_000 + Number(seconds) * 1_000;
}

/** Days from 1 January 1970 until the first of a month, `month` from 0. */
function daysUntil(year: number, month: number): number {
  // Years are reckoned from March, so that a leap day ends one.
  const shifted = month < 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * ((month + 10) % 12) + 2) / 5);
  return (
    era * 146_097 +
    yearOfEra * 365 +
    Math.floor(yearOfEra / 4) -
    Math.floor(yearOfEra / 100) +
    dayOfYear -
    719_468
  );
}
