import { replyText } from '../../protocol/smtp/reply.ts';
import type { Clock, Random } from '../ports.ts';
import type { AwaitingPreferred } from './awaiting-preferred.ts';
import type { EgressGuide } from './egress-guide.ts';
import type { Group } from './group.ts';
import { recipientLimit } from './in-hand.ts';
import type { Job } from './job.ts';
import { type Lane, withoutPast } from './lane.ts';
import type { Ledger } from './ledger.ts';
import type { NextHopSearch } from './next-hop-search.ts';
import type { OpeningEnd } from './opening.ts';
import type { Parking } from './parking.ts';
import { chooseAgainMs } from './placement.ts';
import type { ReachAgain } from './reach-again.ts';
import type { Site } from './site.ts';
import type { SmartHosts } from './smart-hosts.ts';
import type { Verdicts } from './verdicts.ts';
import type { Ways } from './ways.ts';

/** Parked messages beyond this go back to the store for a while, so that mail of our own store gets its turn. */
const parkedLimit = recipientLimit / 2;
const parkedAwayMs = 30_000;

export type UnservedParts = {
  readonly clock: Clock;
  readonly random: Random;
  readonly guide: EgressGuide;
  readonly ledger: Ledger;
  readonly verdicts: Verdicts;
  readonly awaiting: AwaitingPreferred;
  readonly parking: Parking;
  readonly search: NextHopSearch;
  readonly reach: ReachAgain;
  readonly ways: Ways;
  readonly smartHosts: SmartHosts;
};

/** What becomes of jobs that found no session: another way, another try within the attempt, a wait, or their end. */
export class Unserved {
  readonly #parts: UnservedParts;
  #stopping = false;

  constructor(parts: UnservedParts) {
    this.#parts = parts;
  }

  /** From now on nothing is tried again: it is handed back. */
  stop(): void {
    this.#stopping = true;
  }

  failed(site: Site, lane: Lane, jobs: readonly Job[], end: Exclude<OpeningEnd, { kind: 'session' }>): void {
    const { verdicts, smartHosts, ledger, clock } = this.#parts;
    const trouble = smartHosts.has(site.key) ? troubleIn(end) : null;
    if (trouble !== null) smartHosts.failed(site.key, trouble);
    else if (end.kind === 'refused' && end.refusal.candidate.standIn)
      verdicts.blameRoute(end.refusal, end.refusal.reply);
    for (const job of jobs) {
      const elapsedMs = clock.monotonic() - job.startedAt;
      if (end.kind === 'aborted') ledger.handBack(job.recipients, null);
      else if (lane.favoured !== null) this.#unfavoured(site, lane, job);
      else if (trouble !== null) this.#noSmartHost(job, trouble, elapsedMs);
      else if (end.kind === 'none') this.#noEgress(site, lane, job, end.reason);
      else if (end.kind === 'unreached') this.#unreached(job, end.error, elapsedMs);
      else {
        const { stage, reply: said } = end.refusal;
        verdicts.conclude(job.recipients, { kind: 'replied', stage, reply: said }, end.refusal, elapsedMs);
      }
    }
  }

  /** No uplink can take it now: it waits without an attempt. */
  park(group: Group): void {
    const { ledger, parking, clock, random } = this.#parts;
    if (this.#stopping) return ledger.handBack(group, null);
    if (ledger.hasExpired(group[0])) return ledger.expire(group);
    if (parking.recipients + group.length <= parkedLimit) return parking.add(group);
    ledger.handBack(group, clock.now() + parkedAwayMs * (0.5 + random.next()));
  }

  /** No egress can carry it the way that it was to go. */
  #noEgress(site: Site, lane: Lane, job: Job, reason: string): void {
    const { guide, ways, reach, search, awaiting, verdicts, ledger } = this.#parts;
    if (this.#stopping) return ledger.handBack(job.recipients, null);
    if (!guide.anyUsable()) return this.park(job.recipients);
    if (lane.way !== null || ways.isOpen(lane, site.key, job.hosts)) {
      // Soon, not at once: the states of the uplinks may be about to change once more.
      if (reach.takeTry(job.recipients, 0) !== null) return search.later(job.recipients, chooseAgainMs, 0);
    }
    // Another uplink is up, and may not carry this: it waits in the queue, and for the next change.
    awaiting.add(job.message.id);
    verdicts.conclude(job.recipients, { kind: 'not_tried', error: reason });
  }

  /** The favoured uplink could not carry it: it goes as always, at once. */
  #unfavoured(site: Site, lane: Lane, job: Job): void {
    const { ledger, search } = this.#parts;
    if (this.#stopping) return ledger.handBack(job.recipients, null);
    if (lane.way !== null) return search.later(job.recipients, chooseAgainMs, 0);
    site.add(job, withoutPast(lane));
  }

  #unreached(job: Job, error: string, elapsedMs: number): void {
    if (!this.#again(job, elapsedMs))
      this.#parts.verdicts.conclude(job.recipients, { kind: 'unreached', error }, null, elapsedMs);
  }

  /** Another way is looked for soon; where there is none it waits, for that is ours to mend, or our provider's. */
  #noSmartHost(job: Job, error: string, elapsedMs: number): void {
    if (this.#again(job, 0)) return;
    this.#parts.verdicts.isOurs(job.recipients, error, elapsedMs);
  }

  /** One more quick try; false: there were enough. */
  #again({ recipients }: Job, elapsedMs: number): boolean {
    const { reach, search, clock } = this.#parts;
    const waitMs = this.#stopping ? null : reach.takeTry(recipients, elapsedMs);
    if (waitMs === null) return false;
    reach.began(recipients);
    clock.timer(waitMs, () => reach.ended(recipients));
    search.later(recipients, waitMs, 0);
    return true;
  }
}

/** What of a smart host's refusal is no answer about a message: it would not speak with us, or not by our login. */
function troubleIn(end: Exclude<OpeningEnd, { kind: 'session' }>): string | null {
  if (end.kind === 'unreached') return end.error;
  if (end.kind !== 'refused' || end.refusal.reply.code < 500) return null;
  const { stage, reply: said, to } = end.refusal;
  return `${to.host} refused to speak with us (${stage}): ${replyText(said)}`;
}
