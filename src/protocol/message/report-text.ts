import { domainOf } from '../smtp/address.ts';
import { replyText } from '../smtp/reply.ts';
import { messageDate } from './date.ts';
import { headerWord, unicodeHeaderPath } from './header.ts';
import type { ReportAction, ReportedRecipient, ReportFacts } from './report-facts.ts';

const width = 72;
/** Of a reply, people are shown so much; the rest stands in the part for machines. */
const replyLimit = 1_000;

/** What a person reads first of all. */
export const reportSubjects: Readonly<Record<ReportAction, string>> = {
  failed: 'Your message could not be delivered',
  delayed: 'Your message is delayed, and is being tried again',
  delivered: 'Your message was delivered',
  relayed: 'Your message was passed on',
};

/**
 * The part of a report that people read: what happened, who said so in which words, and what to do; one paragraph for
 * all recipients of whom the same is to be said. Lines in CRLF of at most some 72 characters, UTF-8.
 */
export function reportText(facts: ReportFacts): string {
  const { hostname, original, action, recipients } = facts;
  const host = headerWord(hostname);
  const sent = messageDate(original.receivedAt);
  const lines = [
    `This is the mail server ${host}.`,
    '',
    ...wrap(opening(action, sent, recipients.length), ''),
    '',
    ...groupsOf(recipients).flatMap(group => paragraph(group, action)),
    ...(action === 'failed' || action === 'delayed'
      ? wrap(`For help, write to postmaster@${host} and name the message ${headerWord(original.id)}.`, '')
      : wrap('You asked for this report; nothing needs to be done.', '')),
    '',
  ];
  return lines.map(plain).join('\r\n');
}

function opening(action: ReportAction, sent: string, count: number): string {
  const them = count === 1 ? 'this recipient' : 'these recipients';
  switch (action) {
    case 'failed':
      return `Your message of ${sent} could not be delivered to ${them}. It will not be tried again.`;
    case 'delayed':
      return `Your message of ${sent} has not reached ${them} yet. You need not send it again: it is still being tried.`;
    case 'delivered':
      return `Your message of ${sent} was delivered to ${them}.`;
    case 'relayed':
      return `Your message of ${sent} was passed on for ${them}, to a server that sends no reports. Whether it arrives is not told any more.`;
    default:
      return action satisfies never;
  }
}

/** Recipients of whom the same is to be said. */
function groupsOf(recipients: readonly ReportedRecipient[]): ReportedRecipient[][] {
  const groups = new Map<string, ReportedRecipient[]>();
  for (const recipient of recipients) {
    const { reason, reply, host, status, retryUntil, forwardPath } = recipient;
    const domain = adviceNamesDomain(status) ? domainOf(forwardPath) : '';
    const key = JSON.stringify([reason, reply, host, status, retryUntil, domain]);
    const group = groups.get(key);
    if (group) group.push(recipient);
    else groups.set(key, [recipient]);
  }
  return [...groups.values()];
}

function paragraph(group: readonly ReportedRecipient[], action: ReportAction): string[] {
  const [first] = group;
  if (first === undefined) return [];
  const { reply, host, reason, retryUntil } = first;
  const said =
    reply === null || action === 'delivered' || action === 'relayed'
      ? []
      : [
          `    ${headerWord(host ?? 'The other side').replaceAll('?', ' ')} said:`,
          ...wrap(replyText(reply).slice(0, replyLimit), '      '),
        ];
  const until =
    retryUntil === null ? [] : wrap(`It is tried until ${messageDate(retryUntil)}, then given up.`, '    ');
  const advice = action === 'failed' ? wrap(adviceFor(first), '    ') : [];
  return [
    ...group.map(({ forwardPath }) => `<${unicodeHeaderPath(forwardPath)}>`),
    ...wrap(reason, '    '),
    ...said,
    ...until,
    ...advice,
    '',
  ];
}

const adviceNamesDomain = (status: string): boolean => /^\d\.1\.(2|10)$/.test(status);

/** What the sender can do, by the status code (RFC 3463). */
function adviceFor({ status, forwardPath }: ReportedRecipient): string {
  const detail = status.slice(2);
  if (adviceNamesDomain(status))
    return `What you can do: look for a mistake in "${domainOf(forwardPath)}", and send the message again to the right address.`;
  if (detail.startsWith('1.'))
    return 'What you can do: look for a mistake in the address, and send the message again to the right one.';
  if (detail === '2.2')
    return 'What you can do: the mailbox is full. Tell its owner in another way, and send the message again later.';
  if (detail === '3.4' || detail === '2.3')
    return 'What you can do: the message is too large there. Make it smaller, or pass the files on in another way.';
  if (detail === '4.7' || detail.startsWith('4.1') || detail === '4.3' || detail === '4.2')
    return 'What you can do: reach the recipient in another way, and send the message again when their server works.';
  if (detail === '4.6')
    return 'What you can do: nothing is wrong with your message. The settings of the domain lead mail in a circle; tell its owner.';
  if (detail === '6.7')
    return 'What you can do: ask the recipient for an address in plain Latin letters, for their server knows no others.';
  if (detail.startsWith('6.'))
    return 'What you can do: their server cannot take the form of the message. Send it as plain text without special characters, or put those into an attachment.';
  if (detail.startsWith('7.'))
    return 'What you can do: it was refused by a rule of theirs. Ask the recipient in another way to have it allowed, and show this report to whoever runs your mail.';
  return 'What you can do: read what the other side said, and send the message again when the cause is gone.';
}

/** Breaks text at spaces into lines; a longer word is cut. */
function wrap(text: string, indent: string): string[] {
  const room = width - indent.length;
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/).flatMap(long => long.match(new RegExp(`.{1,${room}}`, 'gsu')) ?? [])) {
    if (line !== '' && line.length + 1 + word.length > room) {
      lines.push(indent + line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, indent + line];
}

/** Nothing of a line ends it, or hides or turns what stands around it. */
const plain = (line: string): string => line.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '?');
