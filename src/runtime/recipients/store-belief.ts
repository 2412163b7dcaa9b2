import type { RecipientAnswer } from '../../decision/admission/recipient-verdict.ts';

const testEveryMs = 3_600_000;
/** A test that is asked for early comes no sooner. */
const testAgainMs = 60_000;
/** So many refusals without a mailbox that is taken ask for a test: each costs a sender its mail, a test costs little. */
const refusalsToTest = 2;
/** So many questions without an answer are told. */
const silencesToTell = 5;

/** What one test has shown: of a mailbox that cannot exist, of postmaster, and of one that the store took before. */
export type BeliefTest = {
  readonly random: RecipientAnswer;
  readonly postmaster: RecipientAnswer;
  readonly before: RecipientAnswer | null;
};

/**
 * How far the word of a mail store is believed for one domain. A store that takes a mailbox which cannot exist takes all:
 * what it takes is then no sign that it exists. One that refuses postmaster (RFC 5321 section 4.5.1) and all that it
 * took before refuses all, for a reason that has nothing to do with the recipients: what it refuses is then no sign that
 * it does not exist. Times are wall ms.
 */
export class StoreBelief {
  takesAll = false;
  /** It takes some mailbox, so its refusals count. */
  takesSome = false;
  /** A recipient that it took. */
  lastKnown: string | null = null;
  /** When it last answered. */
  heardAt = 0;
  #testedAt: number | null = null;
  #refusals = 0;
  #silences = 0;
  #silentWhy = '';

  isTestDue(now: number): boolean {
    if (this.#testedAt === null) return true;
    const age = Math.abs(now - this.#testedAt);
    if (age >= testEveryMs) return true;
    return age >= testAgainMs && (this.#refusals >= refusalsToTest || !this.takesSome);
  }

  /** A mailbox that it took is refused now: has it lost one, or its mind? */
  testSoon(): void {
    this.#refusals = refusalsToTest;
  }

  tested({ random, postmaster, before }: BeliefTest, now: number): void {
    if (random === 'unsure' && postmaster === 'unsure' && (before ?? 'unsure') === 'unsure') return;
    this.#testedAt = now;
    this.#refusals = 0;
    if (random !== 'unsure') this.takesAll = random === 'known';
    const controls = before === null ? [postmaster] : [postmaster, before];
    if (controls.includes('known')) this.takesSome = true;
    else if (!controls.includes('unsure')) this.takesSome = false;
  }

  heard(answer: RecipientAnswer, forwardPath: string, now: number): void {
    this.heardAt = now;
    this.#silences = 0;
    if (answer === 'unknown') this.#refusals += 1;
    if (answer !== 'known' || this.takesAll) return;
    this.#refusals = 0;
    this.takesSome = true;
    this.lastKnown = forwardPath;
  }

  /** No answer, or one that says nothing of the mailbox. */
  silent(why: string): void {
    this.#silences += 1;
    this.#silentWhy = why;
  }

  /** What the operator should hear of `domain`; null: all is well. */
  trouble(domain: string): { readonly what: string; readonly sentence: string } | null {
    if (this.takesAll)
      return {
        what: 'takes all',
        sentence:
          `The mail store of ${domain} takes every recipient, also one that cannot exist, so unknown ones are taken here ` +
          'and bounce later. Let the store refuse them at RCPT (on Exchange: recipient validation on the server that is ' +
          'asked, its front end takes all), or give recipients a file.',
      };
    if (this.#testedAt !== null && !this.takesSome)
      return {
        what: 'refuses all',
        sentence:
          `The mail store of ${domain} refuses every recipient that it was asked about, postmaster too, so its refusals are ` +
          'not believed and when_unknown holds. See whether it serves the domain and lets this server ask.',
      };
    if (this.#silences >= silencesToTell)
      return {
        what: 'silent',
        sentence:
          `The mail store of ${domain} does not tell which recipients exist (${this.#silentWhy}); what was learnt before is ` +
          'used, and for others when_unknown holds.',
      };
    return null;
  }
}
