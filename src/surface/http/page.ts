import type { GatewayControl } from '../../runtime/gateway-control.ts';
import type { Clock } from '../../runtime/ports.ts';

export type Page = {
  readonly status: number;
  readonly type: 'text/plain' | 'text/plain; version=0.0.4' | 'application/json';
  readonly body: string;
};

/** How long the queue may take to answer until the process counts as ill. */
const storeWithinMs = 3_000;

/** `/healthz`: the process lives and its queue answers. Whoever restarts us goes by it, so a full disk is no reason. */
export async function healthPage(gateway: GatewayControl, clock: Clock): Promise<Page> {
  const answered = new AbortController();
  const store = gateway.queue.counts().then(counts => (counts.ok ? null : counts.error.message));
  const late = clock
    .sleep(storeWithinMs, answered.signal)
    .then(() => `The queue has not answered in ${storeWithinMs} ms.`);
  const trouble = await Promise.race([store, late]);
  answered.abort();
  return document(trouble === null ? 200 : 503, { healthy: trouble === null, reasons: reasons([trouble]) });
}

/**
 * `/readyz`: mail is taken here. A listener listens, where any is configured, and the queue can be written. That no
 * uplink is up is no reason: mail is taken and kept meanwhile.
 */
export function readyPage(gateway: GatewayControl, stopping: boolean): Page {
  const listeners = gateway.listeners();
  const listening = listeners.filter(({ state }) => state === 'listening').length;
  const closed = listeners.length > 0 && listening === 0 ? 'No listener is open; the log says why.' : null;
  const why = reasons([stopping ? 'Postern is stopping.' : null, closed, gateway.queueStanding().unwritable]);
  const uplinksUp = gateway.uplinks().filter(({ state }) => state === 'up' || state === 'degraded').length;
  return document(why.length === 0 ? 200 : 503, {
    ready: why.length === 0,
    reasons: why,
    listeners: listening,
    uplinks_up: uplinksUp,
  });
}

function reasons(given: readonly (string | null)[]): string[] {
  return given.filter(reason => reason !== null);
}

function document(status: number, value: object): Page {
  return { status, type: 'application/json', body: `${JSON.stringify(value)}\n` };
}
