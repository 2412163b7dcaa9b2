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
