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
