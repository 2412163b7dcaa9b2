import type { Egress } from '../../decision/egress/egress.ts';
import type { ClientTransaction } from '../../protocol/smtp/client-session-types.ts';
import { needsHeldDot } from './body-feed.ts';
import type { ConnectTerms } from './connect-terms.ts';
import type { Job } from './job.ts';

/** What the session's machine is told of a job that leaves by this egress. */
export function transactionOf(job: Job, egress: Egress, terms: ConnectTerms): ClientTransaction {
  const { message, recipients, body } = job;
  const { client, smtpUtf8, dsn } = message;
  const plain = {
    reversePath: message.reversePath,
    forwardPaths: recipients.map(({ recipient }) => recipient.forwardPath),
    sizeBytes: message.sizeBytes,
    bodyType: message.bodyType,
    holdDot: needsHeldDot(body, egress),
  };
  const asked = recipients.some(({ recipient }) => recipient.dsn !== undefined);
  if (!terms.xclient && !asked && smtpUtf8 === undefined && dsn === undefined) return plain;
  return {
    ...plain,
    ...(terms.xclient ? { client } : {}),
    ...(smtpUtf8 === undefined ? {} : { smtpUtf8 }),
    ...(dsn === undefined ? {} : { dsn }),
    ...(asked ? { recipientDsn: recipients.map(({ recipient }) => recipient.dsn) } : {}),
  };
}
