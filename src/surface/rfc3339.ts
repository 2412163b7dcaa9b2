/** Wall milliseconds since the epoch as RFC 3339 in UTC, `2026-11-24T17:03:46.120Z`. Days become dates by the civil calendar (400-year eras). */
export function rfc3339(wallMs: number): string {
  const ms = Math.floor(wallMs);
  const day = Math.floor(ms / 86_400_000);
  const time = ms - day * 86_400_000;
  const clock = [time / 3_600_000, (time / 60_000) % 60, (time / 1000) % 60]
    .map(part => two(Math.floor(part)))
    .join(':');
  return `${dateOf(day)}T${clock}.${String(time % 1000).padStart(3, '0')}Z`;
}

let lastDay = Number.NaN;
let lastDate = '';

/** Most calls are about today, so the last answer is kept. */
function dateOf(day: number): string {
  if (day === lastDay) return lastDate;
  // Years begin in March here, so that a leap day is the last day of its year.
  const shifted = day + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  lastDay = day;
  lastDate = `${String(year).padStart(4, '0')}-${two(month)}-${two(dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1)}`;
  return lastDate;
}

function two(part: number): string {
  return String(part).padStart(2, '0');
}
