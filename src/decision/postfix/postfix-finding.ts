/** Something that Postfix has now and that an operator should know of. */
export type PostfixFinding = {
  /** The check of the audit that finds the same from outside; null: there is none. */
  readonly id: string | null;
  /** error: it cannot be cared for so, or mail is lost. warning: mail leaves wrongly. notice: worth knowing. info: explained so that nobody worries. */
  readonly level: 'error' | 'warning' | 'notice' | 'info';
  /** Whole sentences. */
  readonly message: string;
  /** What to write or run; null where nothing is to be done. */
  readonly fix: string | null;
};
