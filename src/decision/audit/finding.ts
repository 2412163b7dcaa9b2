import type { Family } from '../egress/egress.ts';

/**
 * error: mail is lost, refused or unsafe now. warning: some receivers will act on it, or redundancy is only apparent.
 * notice: worth doing. info: explained so that nobody worries. skip: not judged, with the reason.
 */
export type FindingLevel = 'error' | 'warning' | 'notice' | 'info' | 'pass' | 'skip';

/** What a finding is about; what does not apply is left out. */
export type FindingSubject = {
  readonly kind: 'domain' | 'mx' | 'address' | 'egress' | 'host' | 'zone' | 'configuration' | 'certificate';
  readonly name?: string;
  readonly address?: string;
  readonly uplink?: string;
  readonly family?: Family;
};

/** What was asked, and what was answered, in the words of the wire. */
export type Evidence = { readonly asked: string; readonly answer: string };

/** What one rule says of one subject, as `check --json` prints it. */
export type Finding<Id extends string = string> = {
  readonly id: Id;
  readonly level: FindingLevel;
  readonly subject: FindingSubject;
  /** Whole sentences. */
  readonly message: string;
  readonly evidence: readonly Evidence[];
  /** The ground: a clause that is in force, or a large receiver's published rule. */
  readonly reference: string;
  /** A record or setting to paste; null where nothing is to be done. */
  readonly fix: string | null;
  /** A skip because what was asked was not answered: with this the verdict is unknown, and not just narrower. */
  readonly unanswered?: true;
};
