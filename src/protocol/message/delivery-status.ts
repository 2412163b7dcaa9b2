import type { Reply } from '../smtp/reply.ts';
import { messageDate } from './date.ts';
import type { ReportAction, ReportedRecipient, ReportFacts } from './report-facts.ts';

/** A field is folded into lines of about this length, and its value cut at this one. */
const lineWidth = 76;
const valueLimit = 2_000;

/**
 * The part of a report that machines read (RFC 3464 section 2): fields of the message, then a block for each recipient,
 * lines in CRLF. `unicode`: it is a message/global-delivery-status (RFC 6533 section 4), else ASCII alone, with addresses
 * in UTF-8 written out (section 3).
 */
export function deliveryStatus(facts: ReportFacts, unicode: boolean): string {
  const { hostname, original, action, recipients } = facts;
  const perMessage = [
    field('Reporting-MTA', `dns; ${hostname}`, unicode),
    ...optional('Original-Envelope-Id', original.envelopeId, unicode),
    field('Arrival-Date', messageDate(original.receivedAt), unicode),
  ];
  const blocks = recipients.map(recipient => recipientFields(recipient, action, unicode));
  return [perMessage, ...blocks].map(lines => `${lines.join('\r\n')}\r\n`).join('\r\n');
}

function recipientFields(recipient: ReportedRecipient, action: ReportAction, unicode: boolean): string[] {
  const { forwardPath, originalRecipient, status, reply, host, lastAttemptAt, retryUntil } = recipient;
  return [
    ...optional('Original-Recipient', originalRecipient && typedAddress(originalRecipient, unicode), unicode),
    field('Final-Recipient', finalRecipient(forwardPath, unicode), unicode),
    field('Action', action, unicode),
    field('Status', status, unicode),
    ...optional('Remote-MTA', host && `dns; ${host}`, unicode),
    ...optional('Diagnostic-Code', reply && `smtp; ${diagnostic(reply)}`, unicode),
    ...optional('Last-Attempt-Date', lastAttemptAt === null ? null : messageDate(lastAttemptAt), unicode),
    ...optional('Will-Retry-Until', retryUntil === null ? null : messageDate(retryUntil), unicode),
  ];
}

/** The reply with the code on each of its lines, as the far side said it (RFC 3464 section 2.3.6). */
function diagnostic({ code, enhancedStatus, lines }: Reply): string {
  const status = enhancedStatus === null ? '' : `${enhancedStatus} `;
  return lines
    .map((line, place) => `${code}${place < lines.length - 1 ? '-' : ' '}${status}${line}`)
    .join(' ');
}

function finalRecipient(path: string, unicode: boolean): string {
  return /^[ -~]*$/.test(path) ? `rfc822; ${path}` : `utf-8; ${unicode ? path : writtenOut(path)}`;
}

/** `type;address`, of which the type is a word. */
function typedAddress(text: string, unicode: boolean): string {
  const [, type, address] = /^([\w-]{1,40});(.*)$/s.exec(text) ?? [null, 'rfc822', text];
  if (/^[ -~]*$/.test(address ?? '')) return `${type}; ${address}`;
  return `utf-8; ${unicode ? address : writtenOut(address ?? '')}`;
}

/** RFC 6533 section 3: utf-8-addr-unitext, with all that is not ASCII as `\x{…}`. */
function writtenOut(address: string): string {
  return Array.from(address.normalize(), letter =>
    /^[!-*,-<>-[\]-~]$/.test(letter) ? letter : `\\x{${letter.codePointAt(0)?.toString(16).toUpperCase()}}`,
  ).join('');
}

function optional(name: string, value: string | null, unicode: boolean): string[] {
  return value === null ? [] : [field(name, value, unicode)];
}

/** One field, folded at spaces; whatever the value, it is one field of short lines. */
function field(name: string, value: string, unicode: boolean): string {
  const clean = value
    .slice(0, valueLimit)
    .replace(unicode ? /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]+/gu : /[^ -~]/g, unicode ? ' ' : '?')
    .trim();
  const lines: string[] = [];
  let line = `${name}:`;
  for (const word of clean.split(/ +/).flatMap(long => long.match(/.{1,900}/gsu) ?? [])) {
    if (line.length + 1 + word.length > lineWidth && line !== '' && !line.endsWith(':')) {
      lines.push(line);
      line = '';
    }
    line += ` ${word}`;
  }
  return [...lines, line].join('\r\n');
}
