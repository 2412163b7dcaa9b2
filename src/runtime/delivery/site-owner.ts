import type { Candidate } from '../../decision/egress/choice.ts';
import type { HostAddress } from '../../decision/egress/route.ts';
import type { RecipientReply } from '../../protocol/smtp/client-session-types.ts';
import type { IdleSessions } from './idle-sessions.ts';
import type { Job } from './job.ts';
import type { Lane } from './lane.ts';
import type { OpeningEnd } from './opening.ts';
import type { HostList } from './route-choice.ts';
import type { Session } from './session.ts';

/** What a site tells its dispatcher. */
export interface SiteOwner<Site> {
  /** Where its idle sessions stand among those of all sites. */
  readonly idle: IdleSessions;
  /**
   * May one more connection be opened? If not, the site is pumped when one is free. `retry`: all that waits has failed
   * before; then `retryOver` tells that the opening is over.
   */
  takeSlot(site: Site, retry: boolean): boolean;
  retryOver(): void;
  freeSlot(): void;
  /** May one more message go by the uplink of this session now? If not, the site is pumped when its turn comes. */
  takeTurn(site: Site, session: Session): boolean;
  /** May one more connection be opened by the uplink that comes first? If not, the site is pumped when it may. */
  mayConnect(site: Site, lane: Lane, hosts: HostList): boolean;
  /** `inLine`: it waited for its turn. */
  started(job: Job, session: Session, inLine: boolean): void;
  hedged(job: Job, candidate: Candidate, to: HostAddress, waitedMs: number): void;
  result(
    site: Site,
    lane: Lane,
    job: Job,
    session: Session,
    recipients: readonly RecipientReply[],
    dotSent: boolean,
    why: string,
  ): void;
  /** The egress went down after the final dot, or the site (`why`): the session stands in case the answer comes late. */
  doubted(job: Job, session: Session, why?: string): void;
  failed(site: Site, lane: Lane, jobs: readonly Job[], end: Exclude<OpeningEnd, { kind: 'session' }>): void;
}
