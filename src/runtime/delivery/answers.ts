import { wantsTls } from '../../decision/queue/outcome.ts';
import type { RecipientReply } from '../../protocol/smtp/client-session-types.ts';
import { replyText } from '../../protocol/smtp/reply.ts';
import type { EgressGuide } from './egress-guide.ts';
import type { HostMemory } from './host-memory.ts';
import { Job } from './job.ts';
import { type Lane, withoutPast } from './lane.ts';
import type { Ledger } from './ledger.ts';
import type { Session } from './session.ts';
import type { Site } from './site.ts';
import type { SmartHosts } from './smart-hosts.ts';
import type { Verdicts } from './verdicts.ts';

export type AnswersParts = {
  readonly guide: EgressGuide;
  readonly hosts: HostMemory;
  readonly ledger: Ledger;
  readonly verdicts: Verdicts;
  readonly smartHosts: SmartHosts;
};

/** What hosts answered to jobs, brought to whoever learns from it. */
export class Answers {
  readonly #parts: AnswersParts;
  #stopping = false;

  constructor(parts: AnswersParts) {
    this.#parts = parts;
  }

  /** From now on nothing is tried again: it is handed back. */
  stop(): void {
    this.#stopping = true;
  }

  /** The answers to one job, for each of its recipients. What is tried again at once goes back into the site's line. */
  take(
    site: Site,
    lane: Lane,
    job: Job,
    session: Session,
    replies: readonly RecipientReply[],
    dotSent: boolean,
    why: string,
  ): void {
    const { smartHosts, verdicts, ledger } = this.#parts;
    const mayTryAgain = job.mayTryAgain && !this.#stopping;
    const isSmartHost = lane.smartHosts === 'past';
    if (isSmartHost) smartHosts.answered(site.key, session.to.host, replies);
    if (session.tls === null) this.#lookForTls(session, replies);
    const wasFavoured = lane.favoured !== null && lane.way === null;
    const again = verdicts.result(job, session, replies, dotSent, why, mayTryAgain, isSmartHost, wasFavoured);
    if (again === null) return;
    const { group, why: whyAgain, tries } = again;
    if (this.#stopping) return ledger.handBack(group, null);
    const next = new Job(group, job.hosts, job.startedAt, tries);
    next.again = whyAgain;
    // What the favoured uplink was refused with, the one that comes first is asked.
    site.add(next, wasFavoured ? withoutPast(lane) : lane, true);
  }

  /** Where the host wants TLS and there was none, it is tried anew, and by another egress before this one. */
  #lookForTls(session: Session, replies: readonly RecipientReply[]): void {
    const wanting = replies.find(({ reply: said }) => said !== null && wantsTls(said))?.reply;
    if (!wanting) return;
    const { hosts, guide } = this.#parts;
    const { candidate, to } = session;
    session.retired = true;
    hosts.forgetClear({ egress: candidate.egress, to });
    guide.penalise(
      { egress: candidate.egress, to },
      `${to.host} wants TLS, and there was none by it: ${replyText(wanting)}`,
    );
  }
}
