import type { BodyType } from '../smtp/envelope.ts';
import { messageDate } from './date.ts';
import { deliveryStatus } from './delivery-status.ts';
import { headerPath, headerSection, headerWord, unicodeHeaderPath } from './header.ts';
import { quotedPrintable } from './quoted-printable.ts';
import type { ReportFacts } from './report-facts.ts';
import { reportSubjects, reportText } from './report-text.ts';

/** How much of the original's header goes back. */
const headerLimitBytes = 16 * 1024;
/** RFC 5322 section 2.1.1. */
const longestLine = 998;

/** A report, ready to be sent with the null reverse-path. */
export type DeliveryReport = {
  readonly bytes: Buffer;
  readonly bodyType: BodyType;
  /** It can only be sent by SMTPUTF8, for the sender's own address is UTF-8. */
  readonly smtpUtf8: boolean;
};

type Part = { readonly header: readonly string[]; readonly body: Buffer };

/**
 * The whole message that tells a sender what became of its own (RFC 6522, RFC 3464, RFC 3834): for people, for machines,
 * and the original or its header. ASCII alone unless the sender's address itself is UTF-8 (RFC 6533). The original goes
 * back whole where that was asked and it is ASCII (or the report is UTF-8), else its header.
 */
export function deliveryReport(facts: ReportFacts): DeliveryReport {
  const unicode = !/^[ -~]*$/.test(facts.reversePath);
  const parts = [textPart(facts, unicode), statusPart(facts, unicode), originalPart(facts, unicode)];
  const boundary = unusedBoundary(facts.id, parts);
  const host = headerWord(facts.hostname);
  const to = unicode ? unicodeHeaderPath(facts.reversePath) : headerPath(facts.reversePath);
  const header = [
    `Date: ${messageDate(facts.at)}`,
    `From: Mail Delivery System <MAILER-DAEMON@${host}>`,
    `To: <${to}>`,
    `Subject: ${reportSubjects[facts.action]}`,
    `Message-ID: <${headerWord(facts.id)}@${host}>`,
    'Auto-Submitted: auto-replied',
    'MIME-Version: 1.0',
    'Content-Type: multipart/report; report-type=delivery-status;',
    `\tboundary="${boundary}"`,
    `Content-Transfer-Encoding: ${unicode ? '8bit' : '7bit'}`,
    '',
    'This is a report in several parts (MIME).',
  ];
  const pieces = [
    Buffer.from(`${header.join('\r\n')}\r\n`),
    ...parts.flatMap(part => [
      Buffer.from(`\r\n--${boundary}\r\n${part.header.join('\r\n')}\r\n\r\n`),
      part.body,
    ]),
    Buffer.from(`\r\n--${boundary}--\r\n`),
  ];
  return {
    bytes: Buffer.concat(pieces),
    bodyType: unicode ? '8bitmime' : '7bit',
    smtpUtf8: unicode,
  };
}

function textPart(facts: ReportFacts, unicode: boolean): Part {
  const body = Buffer.from(reportText(facts));
  const header = 'Content-Type: text/plain; charset=utf-8';
  if (isAscii(body)) return { header: [header], body };
  if (unicode) return { header: [header, 'Content-Transfer-Encoding: 8bit'], body };
  return {
    header: [header, 'Content-Transfer-Encoding: quoted-printable'],
    body: Buffer.from(quotedPrintable(body)),
  };
}

function statusPart(facts: ReportFacts, unicode: boolean): Part {
  const body = Buffer.from(deliveryStatus(facts, unicode));
  return unicode
    ? { header: ['Content-Type: message/global-delivery-status', 'Content-Transfer-Encoding: 8bit'], body }
    : { header: ['Content-Type: message/delivery-status'], body };
}

function originalPart({ original }: ReportFacts, unicode: boolean): Part {
  const { start, whole, smtpUtf8 } = original;
  if (whole && isFit(start, unicode)) {
    const header = [`Content-Type: message/${smtpUtf8 && unicode ? 'global' : 'rfc822'}`];
    return { header: isAscii(start) ? header : [...header, 'Content-Transfer-Encoding: 8bit'], body: start };
  }
  const section = headerSection(start, headerLimitBytes);
  const isPlain = isAscii(section);
  const type =
    smtpUtf8 && !isPlain ? 'Content-Type: message/global-headers' : 'Content-Type: text/rfc822-headers';
  if (isFit(section, unicode)) {
    return { header: isPlain ? [type] : [type, 'Content-Transfer-Encoding: 8bit'], body: section };
  }
  return {
    header: [type, 'Content-Transfer-Encoding: quoted-printable'],
    body: Buffer.from(quotedPrintable(section)),
  };
}

/** May it stand in the report as it is: ASCII, unless the report is UTF-8, in lines that every server takes? */
function isFit(bytes: Buffer, unicode: boolean): boolean {
  if (!unicode && !isAscii(bytes)) return false;
  if (bytes.includes(0)) return false;
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf('\r\n', start);
    const line = bytes.subarray(start, end < 0 ? bytes.length : end);
    if (line.length > longestLine || line.includes(13) || line.includes(10)) return false;
    if (end < 0) break;
    start = end + 2;
  }
  return true;
}

const isAscii = (bytes: Buffer): boolean => bytes.every(byte => byte < 128);

/** A line that none of the parts holds (RFC 2046 section 5.1.1). */
function unusedBoundary(id: string, parts: readonly Part[]): string {
  const stem = `=_postern_${headerWord(id).replace(/\W/g, '')}`;
  for (let count = 0; ; count++) {
    const boundary = `${stem}_${count}`;
    if (!parts.some(({ body }) => body.includes(boundary))) return boundary;
  }
}
