import type { Job } from './job.ts';

/**
 * Jobs of one site, in turns: one of each sender, so that a sender of thousands keeps nobody else waiting. Jobs of one
 * sender keep their order.
 */
export class FairQueue {
  /** In the order of their turns. */
  readonly #senders = new Map<string, Turns>();
  /** They had their turn and come again. */
  readonly #again: Job[] = [];
  #length = 0;
  #fresh = 0;

  get length(): number {
    return this.#length;
  }

  /** Some of them are tried for the first time. */
  get hasFresh(): boolean {
    return this.#fresh > 0;
  }

  /** Whose turn it is. */
  get first(): Job | undefined {
    const [again] = this.#again;
    if (again !== undefined) return again;
    for (const turns of this.#senders.values()) return turns.first;
    return undefined;
  }

  add(job: Job): void {
    this.#count(job, 1);
    const sender = senderOf(job);
    const turns = this.#senders.get(sender);
    if (turns) turns.add(job);
    else this.#senders.set(sender, new Turns(job));
  }

  /** It comes before all that wait. */
  addFirst(job: Job): void {
    this.#count(job, 1);
    this.#again.unshift(job);
  }

  /** Takes out `first`, and its sender waits for the next turn. */
  shift(): Job | undefined {
    const job = this.#again.shift() ?? this.#shiftSender();
    if (job !== undefined) this.#count(job, -1);
    return job;
  }

  takeAll(): Job[] {
    const jobs: Job[] = [];
    for (let job = this.shift(); job !== undefined; job = this.shift()) jobs.push(job);
    return jobs;
  }

  #shiftSender(): Job | undefined {
    for (const [sender, turns] of this.#senders) {
      const job = turns.shift();
      if (turns.isEmpty) this.#senders.delete(sender);
      else if (this.#senders.size > 1) {
        this.#senders.delete(sender);
        this.#senders.set(sender, turns);
      }
      return job;
    }
    return undefined;
  }

  #count(job: Job, sign: 1 | -1): void {
    this.#length += sign;
    if (job.recipients[0].recipient.attempts === 0) this.#fresh += sign;
  }
}

/** The jobs of one sender; taking the first of thousands costs nothing. */
class Turns {
  #jobs: Job[];
  #at = 0;

  constructor(job: Job) {
    this.#jobs = [job];
  }

  get first(): Job | undefined {
    return this.#jobs[this.#at];
  }

  get isEmpty(): boolean {
    return this.#at >= this.#jobs.length;
  }

  add(job: Job): void {
    this.#jobs.push(job);
  }

  shift(): Job | undefined {
    const job = this.#jobs[this.#at];
    this.#at += 1;
    if (this.#at >= 1_000 && this.#at * 2 >= this.#jobs.length) {
      this.#jobs = this.#jobs.slice(this.#at);
      this.#at = 0;
    }
    return job;
  }
}

/**
 * The client, and of the reverse-path what is the same in all mail of one list: one mail server may bring the mail of a
 * whole organisation, and a list may give each message a path of its own (`news+4711=user@…`).
 */
function senderOf({ message: { client, reversePath } }: Job): string {
  const at = reversePath.lastIndexOf('@');
  const cut = reversePath.search(/[+=\d]/);
  const mailbox = cut >= 0 && cut < at ? reversePath.slice(0, cut) + reversePath.slice(at) : reversePath;
  return client === null ? mailbox : `${client.address} ${mailbox}`;
}
