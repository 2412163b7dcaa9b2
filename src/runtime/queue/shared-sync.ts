/**
 * One sync for all who ask for it while another runs: a sync covers what was done before it began, so theirs is the
 * next. A sync that fails, fails for all who share it, and not for those after them.
 */
export class SharedSync {
  readonly #sync: () => Promise<void>;
  #underWay: Promise<void> = Promise.resolve();
  #toCome: Promise<void> | null = null;

  constructor(sync: () => Promise<void>) {
    this.#sync = sync;
  }

  ask(): Promise<void> {
    this.#toCome ??= this.#underWay
      .catch(() => undefined)
      .then(() => {
        this.#toCome = null;
        this.#underWay = this.#sync();
        return this.#underWay;
      });
    return this.#toCome;
  }
}
