import type { DnsFact } from './dns-fact.ts';
import type { HostFact } from './facts.ts';
import type { Evidence, Finding } from './finding.ts';
import type { AuditView } from './view.ts';

/** One check of the catalogue: pure, from the facts to what it says of them. */
export type Rule = {
  readonly id: string;
  readonly article: Article;
  /** Nothing: the check has no subject here. A sound subject is a `pass`, one that cannot be judged a `skip`. */
  judge(view: AuditView): readonly Judgement[];
};

/** What `--explain` prints of a check. Whole sentences. */
export type Article = {
  /** What it means, in one sentence that a manager understands. */
  readonly title: string;
  readonly meaning: string;
  /** Who acts on it, and how. */
  readonly actedOn: string;
  /** The ground, as in `RFC 5321 section 5.1`. */
  readonly ground: string;
  readonly fix: string;
  /** What well-known testing sites say of it, and whether they are right; null where nothing is known. */
  readonly others: string | null;
};

/** A finding, and what its fix would change, so that the fix can be tried before it is printed. */
export type Judgement = Omit<Finding, 'id' | 'reference' | 'evidence' | 'fix'> & {
  readonly evidence?: readonly Evidence[];
  readonly fix?: string;
  /** Where it is not the article's ground. */
  readonly reference?: string;
  /** What DNS would say after the fix, by question; left out where no record is the fix. */
  readonly change?: Readonly<Record<string, DnsFact>>;
  /** What the host would say of itself after the fix; left out where that is not known. */
  readonly hostAfter?: HostFact;
};
