import type { Clock } from '../ports.ts';
import type { EgressGuide } from './egress-guide.ts';
import type { Session } from './session.ts';

/**
 * A session is silent: asks for a probe through its egress. An answer means a slow receiver, and the session gets more
 * time; silence of both means a dead link. A word from the far side meanwhile settles it too.
 */
export function askAfter(
  session: Session,
  site: string,
  parts: { readonly guide: EgressGuide; readonly clock: Clock },
  onDead: () => void,
): void {
  const heardAt = session.heardAt;
  const { job, dueAt } = session;
  void parts.guide.suspect(session.egressId, site, session.to, dueAt).then(verdict => {
    if (session.isOver || session.job !== job) return;
    if (verdict === 'answers' || session.heardAt !== heardAt) return session.bePatient();
    onDead();
  });
}
