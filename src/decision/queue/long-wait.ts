import type { QueueSetting } from './settings.ts';

const withoutNoticeMs = 3_600_000;

/** From when on mail waits long (ms since it came): before its senders are told, so that there is time to act. */
export function longWaitMs({ delayNoticeMs }: QueueSetting): number {
  return delayNoticeMs === null ? withoutNoticeMs : delayNoticeMs / 2;
}
