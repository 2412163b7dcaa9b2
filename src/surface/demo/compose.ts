import { createHash } from 'node:crypto';
import type { OutgoingMessage } from './steady-sender.ts';

export type ComposeSetting = {
  readonly label: string;
  readonly mailFrom: string;
  /** Used in turn; `{n}` in one stands for the number of the message. */
  readonly recipients: readonly string[];
  readonly sizeBytes: number;
};

/** The n-th message of a run, of wall time `at`, with dots at line starts so that stuffing is put to the test. */
export function composeMessage(
  setting: ComposeSetting,
  n: number,
  at: number,
): OutgoingMessage & { readonly bodyDigest: string } {
  const rcptTo = (setting.recipients[n % setting.recipients.length] ?? '').replace('{n}', String(n));
  const messageId = `<${setting.label}.${n}@example.com>`;
  const header = [
    `From: <${setting.mailFrom}>`,
    `To: <${rcptTo}>`,
    `Subject: message ${n}`,
    `Date: ${dateTime(at)}`,
    `Message-ID: ${messageId}`,
    '',
    '',
  ].join('\r\n');
  const line = `.This is line one of message ${n}, and a dot begins it.\r\n`;
  const body = line.repeat(Math.max(1, Math.ceil((setting.sizeBytes - header.length) / line.length)));
  return {
    messageId,
    mailFrom: setting.mailFrom,
    rcptTo: [rcptTo],
    content: Buffer.from(header + body, 'latin1'),
    bodyDigest: createHash('sha256').update(body, 'latin1').digest('hex'),
  };
}

const dateFormat = new Intl.DateTimeFormat('en-GB', {
  timeZone: 'UTC',
  weekday: 'short',
  day: '2-digit',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});

/** `Tue, 24 Nov 2026 16:57:08 +0000` (RFC 5322 section 3.3). */
function dateTime(at: number): string {
  const parts = Object.fromEntries(dateFormat.formatToParts(at).map(part => [part.type, part.value]));
  const { weekday, day, month, year, hour, minute, second } = parts;
  return `${weekday}, ${day} ${month?.slice(0, 3)} ${year} ${hour}:${minute}:${second} +0000`;
}
