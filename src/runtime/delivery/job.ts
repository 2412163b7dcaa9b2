import type { BodyRef, LeasedRecipient, QueuedMessage } from '../../decision/queue/queued.ts';
import type { HostList } from './route-choice.ts';

/** RFC 5321 section 4.5.3.1.8: every server takes this many recipients at once. */
export const recipientsPerTransaction = 100;

/** Tries within one attempt after a session that broke; then the message waits like any other that failed. */
const tryLimit = 4;

/** One message for recipients of one receiving site: what one transaction carries. */
export class Job {
  readonly message: QueuedMessage;
  readonly body: BodyRef;
  readonly recipients: readonly [LeasedRecipient, ...LeasedRecipient[]];
  readonly hosts: HostList;
  /** Monotonic ms: when this attempt began. */
  readonly startedAt: number;
  /** Tries of this attempt that came to nothing. */
  tries: number;
  /** An egress whose session went silent under this job: it comes last for this attempt. */
  avoid: string | null = null;
  /** Why this attempt is made once more; null: it is its first try. */
  again: string | null = null;
  /** Its final dot is out without an answer, and the queue knows: a late answer still counts. */
  doubted = false;

  constructor(
    recipients: readonly [LeasedRecipient, ...LeasedRecipient[]],
    hosts: HostList,
    startedAt: number,
    tries = 0,
  ) {
    this.message = recipients[0].message;
    this.body = recipients[0].body;
    this.recipients = recipients;
    this.hosts = hosts;
    this.startedAt = startedAt;
    this.tries = tries;
  }

  get mayTryAgain(): boolean {
    return this.tries < tryLimit;
  }
}
