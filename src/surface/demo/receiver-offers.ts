import type { ReceiverBehaviour } from './receiver-behaviour.ts';

/** What a receiver offers now: STARTTLS before the cipher, a login after it (RFC 3207 section 4.2, RFC 4954 section 4). */
export function offersOf(behaviour: ReceiverBehaviour, maxSizeBytes: number, secured: boolean): string[] {
  const offers = ['PIPELINING', `SIZE ${maxSizeBytes}`];
  if (behaviour.eightBitMime) offers.push('8BITMIME');
  if (behaviour.chunking) offers.push('CHUNKING');
  if (behaviour.smtpUtf8) offers.push('SMTPUTF8');
  if (behaviour.dsn) offers.push('DSN');
  if (behaviour.xclient) offers.push('XCLIENT NAME ADDR PROTO HELO');
  if (behaviour.startTls !== null && !secured) offers.push('STARTTLS');
  if (behaviour.login !== null && secured) offers.push('AUTH PLAIN LOGIN');
  offers.push('ENHANCEDSTATUSCODES');
  return offers;
}

/** A reply that refuses the parameters of MAIL, or null. */
export function refusedOfMail(
  parameters: readonly string[],
  behaviour: ReceiverBehaviour,
  maxSizeBytes: number,
): string | null {
  for (const parameter of parameters) {
    const size = /^SIZE=(\d{1,20})$/i.exec(parameter);
    if (size !== null && Number(size[1]) > maxSizeBytes) return '552 5.3.4 Too large';
    const known =
      size !== null ||
      (behaviour.eightBitMime && /^BODY=(?:7BIT|8BITMIME)$/i.test(parameter)) ||
      (behaviour.smtpUtf8 && /^SMTPUTF8$/i.test(parameter)) ||
      (behaviour.dsn && /^(?:RET=(?:FULL|HDRS)|ENVID=[!-~]{1,100})$/i.test(parameter));
    if (!known) return '555 5.5.4 No such parameter here';
  }
  return null;
}

/** A reply that refuses the parameters of RCPT, or null. */
export function refusedOfRecipient(parameters: readonly string[], { dsn }: ReceiverBehaviour): string | null {
  const known =
    /^(?:NOTIFY=(?:NEVER|(?:SUCCESS|FAILURE|DELAY)(?:,(?:SUCCESS|FAILURE|DELAY))*)|ORCPT=[\w-]+;[!-~]+)$/i;
  return parameters.every(parameter => dsn && known.test(parameter))
    ? null
    : '555 5.5.4 No such parameter here';
}
