/**
 * How much a finding matters. `error`: mail is lost, refused or unsafe now. `warning`: some receivers will act on it, or
 * redundancy is only apparent. `notice`: worth doing. `info`: explained so that nobody worries. `skip`: not judged, with
 * the reason.
 */
export type FindingLevel = 'error' | 'warning' | 'notice' | 'info' | 'pass' | 'skip';

/** What a finding is about; fields that do not apply are left out. */
export type FindingSubject = {
  readonly kind: 'domain' | 'mx' | 'address' | 'egress' | 'host' | 'zone' | 'configuration' | 'certificate';
  readonly name?: string;
  readonly address?: string;
  readonly uplink?: string;
  readonly family?: 4 | 6;
};

/** One thing that the audit says, as `check --json` prints it. */
export type Finding = {
  /** Of the catalogue, as in `EGRESS-NO-PTR`. */
  readonly id: string;
  readonly level: FindingLevel;
  readonly subject: FindingSubject;
  /** Whole sentences: what is so, and what it means for mail. */
  readonly message: string;
  /** What was asked and what came: a query with its answer, a reply line. */
  readonly evidence: readonly string[];
  /** The ground: an RFC with its section, or a large receiver's published rule. */
  readonly reference: string;
  /** The record or setting to paste, or the step to take; null where there is nothing to do. */
  readonly fix: string | null;
};
