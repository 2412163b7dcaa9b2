import type { Candidate } from '../../decision/egress/choice.ts';
import type { HostAddress } from '../../decision/egress/route.ts';
import type { AttemptContext, AttemptEnd } from '../../decision/queue/attempt.ts';
import { outcomeOf } from '../../decision/queue/outcome.ts';
import type { LeasedRecipient } from '../../decision/queue/queued.ts';
import type { RecipientReply } from '../../protocol/smtp/client-session-types.ts';
import { type Reply, replyText } from '../../protocol/smtp/reply.ts';
import type { EventStream } from '../events.ts';
import type { Clock } from '../ports.ts';
import type { AwaitingPreferred } from './awaiting-preferred.ts';
import type { EgressGuide } from './egress-guide.ts';
import type { Group } from './group.ts';
import type { Job } from './job.ts';
import type { Entry, Ledger, Made } from './ledger.ts';
import type { Session } from './session.ts';
import { smartHostTrouble } from './smart-hosts.ts';
import type { StandingDoubts } from './standing-doubts.ts';
import { type RouteTaken, recipientEvent } from './trace-event.ts';

/** Recipients of a job that are tried once more within the attempt, why, and how many tries it has had. */
export type Again = { readonly group: Group; readonly why: string; readonly tries: number };

/** What attempts have come to: each end becomes an outcome with its blame, which is told and written down. */
export class Verdicts {
  readonly #parts: {
    readonly clock: Clock;
    readonly events: EventStream;
    readonly guide: EgressGuide;
    readonly ledger: Ledger;
    readonly doubts: StandingDoubts;
    readonly awaiting: AwaitingPreferred;
  };

  constructor(parts: {
    readonly clock: Clock;
    readonly events: EventStream;
    readonly guide: EgressGuide;
    readonly ledger: Ledger;
    readonly doubts: StandingDoubts;
    readonly awaiting: AwaitingPreferred;
  }) {
    this.#parts = parts;
  }

  /** `told`: more of the reason. */
  started(job: Job, session: Session, told: string): void {
    const { clock, events } = this.#parts;
    const now = clock.now();
    const again = job.again === null ? '' : `; tried again: ${job.again}`;
    const reason = `${session.candidate.reason}${told}${again}`;
    for (const each of job.recipients) events.emit(recipientEvent(now, each, 'attempt', session, { reason }));
  }

  hedged(job: Job, candidate: Candidate, to: HostAddress, waitedMs: number): void {
    const { clock, events } = this.#parts;
    const now = clock.now();
    const reason = `${to.host} has not answered the preferred egress; this one starts beside it.`;
    const told = { reason, elapsedMs: Math.round(waitedMs) };
    for (const each of job.recipients)
      events.emit(recipientEvent(now, each, 'hedged', { candidate, to }, told));
  }

  /** An end that concerns whole groups, reached on no session. */
  conclude(group: Group, end: AttemptEnd, refusedBy: RouteTaken | null = null, elapsedMs = 0): void {
    const context: AttemptContext = {
      standIn: refusedBy?.candidate.standIn ?? false,
      othersTaken: false,
      sessionUsed: false,
      inClear: false,
      ofSmartHost: false,
      mayTryAgain: false,
    };
    const outcome = outcomeOf(end, context);
    if (outcome.kind === 'again') return;
    if (outcome.kind === 'awaits_preferred') this.#parts.awaiting.add(group[0].message.id);
    const entries = group.map((leased): Entry => ({ leased, end, outcome }));
    this.#parts.ledger.settle(entries, { route: refusedBy, elapsedMs, dotAt: null });
  }

  /** It waits as after an attempt, for something that is ours to mend, or our provider's. */
  isOurs(group: Group, error: string, elapsedMs: number): void {
    const end = { kind: 'unreached', error } as const;
    const entries = group.map((leased): Entry => ({ leased, end, outcome: ours(error) }));
    this.#parts.ledger.settle(entries, { route: null, elapsedMs, dotAt: null });
  }

  /** The end of a job on a session; gives what is tried again at once. */
  result(
    job: Job,
    session: Session,
    replies: readonly RecipientReply[],
    dotSent: boolean,
    why: string,
    mayTryAgain: boolean,
    /** Its refusals may be about us and not about the message. */
    ofSmartHost: boolean,
    /** It went by a favoured uplink, and goes as always when it is tried again. */
    wasFavoured: boolean,
  ): Again | null {
    const { awaiting, ledger } = this.#parts;
    const entries: Entry[] = [];
    const again: LeasedRecipient[] = [];
    let whyAgain = '';
    let tries = job.tries;
    job.recipients.forEach((leased, place) => {
      const said = replies[place] ?? { stage: 'idle', reply: null };
      const end = endOf(said, dotSent, why);
      const outcome = outcomeOf(end, {
        standIn: session.candidate.standIn,
        othersTaken: replies.some(other => other !== said && wasTaken(other)),
        sessionUsed: session.carried > 0,
        inClear: session.tls === null,
        ofSmartHost,
        mayTryAgain,
      });
      const trouble = ofSmartHost ? smartHostTrouble(session.to.host, said) : null;
      if (trouble !== null) {
        entries.push({ leased, end: { kind: 'not_tried', error: trouble }, outcome: ours(trouble) });
        return;
      }
      if (outcome.kind === 'again') {
        again.push(leased);
        whyAgain = outcome.reason;
        if (end.kind === 'broken' || said.reply?.code === 421) tries = job.tries + 1;
        return;
      }
      if (outcome.kind === 'awaits_preferred' && said.reply) this.blameRoute(session, said.reply);
      // The preferred one is up: it is asked at once.
      if (outcome.kind === 'awaits_preferred' && wasFavoured && mayTryAgain) {
        again.push(leased);
        whyAgain = outcome.reason;
        return;
      }
      if (outcome.kind === 'awaits_preferred') awaiting.add(job.message.id);
      entries.push({ leased, end, outcome });
    });
    const { dsnPassed, jobMs: elapsedMs, dotAt } = session;
    const made = { route: session, elapsedMs, dotAt, dsnPassed };
    if (job.doubted) {
      this.#answeredLate(entries, made);
      return null;
    }
    if (entries.length > 0) ledger.settle(entries, made);
    const [first, ...rest] = again;
    return first === undefined ? null : { group: [first, ...rest], why: whyAgain, tries };
  }

  /** The egress went down after the final dot, or the site did: `why`. */
  doubted(job: Job, session: Session, why?: string): void {
    const { doubts, ledger } = this.#parts;
    const error = why ?? `${session.candidate.egress.id} went down before the answer came.`;
    const end: AttemptEnd = { kind: 'broken', stage: 'dot', dotSent: true, error };
    const outcome = {
      kind: 'in_doubt',
      reason: `The message was sent whole and no answer came: ${error}`,
    } as const;
    for (const leased of job.recipients) doubts.note(leased, session);
    const made = { route: session, elapsedMs: session.jobMs, dotAt: session.dotAt };
    ledger.settle(
      job.recipients.map(leased => ({ leased, end, outcome })),
      made,
    );
  }

  /** A receiver refuses a stand-in: it comes last there for a while, and the operator hears of it. */
  blameRoute({ candidate, to }: RouteTaken, said: Reply): void {
    const { clock, events, guide } = this.#parts;
    const { egress } = candidate;
    if (egress.kind === 'local') return;
    guide.penalise({ egress, to }, `${to.host} refused it: ${replyText(said)}`);
    events.emit({
      kind: 'warning',
      at: clock.now(),
      subject: `${egress.id} ${to.host}`,
      message:
        `${to.host} refused mail from the stand-in ${egress.source} (${egress.ehlo}): ${replyText(said)}. ` +
        `It waits for the preferred uplink; check the PTR, the name and the SPF of ${egress.publicAddress}.`,
    });
  }

  /** The answer to a doubt came after all, unless the message is on its way again already. */
  #answeredLate(entries: readonly Entry[], made: Made): void {
    const { clock, doubts, ledger } = this.#parts;
    const sure = entries.filter(
      ({ leased, outcome }) => doubts.forget(leased) !== null && outcome.kind !== 'in_doubt',
    );
    const now = clock.monotonic();
    for (const { leased } of sure) doubts.noteAnswered(leased, now);
    if (sure.length > 0) ledger.settle(sure, made, true);
  }
}

/** Its RCPT was accepted: what was decided, was decided of the message. */
const wasTaken = ({ stage, reply: said }: RecipientReply): boolean =>
  stage === 'data' || stage === 'body' || stage === 'dot' || (stage === 'rcpt' && (said?.code ?? 500) < 300);

function endOf(said: RecipientReply, dotSent: boolean, why: string): AttemptEnd {
  const { stage, reply: answer } = said;
  if (answer === null) return { kind: 'broken', stage, dotSent, error: why };
  if (said.local !== undefined) return { kind: 'unfit_message', reply: answer };
  return { kind: 'replied', stage, reply: answer };
}

const ours = (reason: string): Entry['outcome'] => ({
  kind: 'deferred',
  blame: 'egress',
  reason,
  egress: 'unchanged',
  counts: true,
});
