import { type Parsed, parsed, unparsed } from './parsed.ts';

const durationUnits: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** Decimal, as disks and mail limits are told; `KiB` and its kin for those who mean 1024. */
const sizeUnits: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KIB: 2 ** 10,
  MIB: 2 ** 20,
  GIB: 2 ** 30,
};

/** `30s`, `5m`, `4h`, `5d`, `2w`, `500ms`, in milliseconds; at most 10 years. */
export function parseDuration(text: string): Parsed<number> {
  const match = /^(?<count>\d{1,9})(?<unit>ms|s|m|h|d|w)$/.exec(text);
  const unit = durationUnits[match?.groups?.unit ?? ''];
  if (unit === undefined) {
    return unparsed(
      'is not a duration: write a whole number and its unit (s, m, h, d or w), as in 30s or 5d',
    );
  }
  const ms = Number(match?.groups?.count) * unit;
  return ms <= 3650 * 86_400_000
    ? parsed(ms)
    : unparsed('is longer than ten years; write a shorter duration');
}

/** `50MB`, `512KB`, `1GB`, in bytes. */
export function parseSize(text: string): Parsed<number> {
  const match = /^(?<count>\d{1,9})(?<unit>B|[KMG]i?B)$/i.exec(text);
  const unit = sizeUnits[(match?.groups?.unit ?? '').toUpperCase()];
  if (unit === undefined) {
    return unparsed('is not a size: write a whole number and its unit (KB, MB or GB), as in 50MB');
  }
  return parsed(Number(match?.groups?.count) * unit);
}

/** `10/s`, `300/m`, `5000/h`, in messages a second. */
export function parseRate(text: string): Parsed<number> {
  const match = /^(?<count>\d{1,9})\/(?<unit>[smh])$/.exec(text);
  const seconds = { s: 1, m: 60, h: 3600 }[match?.groups?.unit ?? ''];
  const count = Number(match?.groups?.count);
  return seconds !== undefined && count > 0
    ? parsed(count / seconds)
    : unparsed('is not a rate: write a whole number of messages and its time (s, m or h), as in 10/s');
}

/** `2%`, `0.5%`, as a share from 0 to 1; at most half. */
export function parseShare(text: string): Parsed<number> {
  const match = /^(?<percent>\d{1,3}(\.\d{1,3})?)%$/.exec(text);
  const percent = Number(match?.groups?.percent);
  return match !== null && percent <= 50
    ? parsed(percent / 100)
    : unparsed('is not a share: write a number up to 50 and a percent sign, as in 2%');
}
