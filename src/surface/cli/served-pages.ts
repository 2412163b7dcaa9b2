import type { EventStream } from '../../runtime/events.ts';
import type { GatewayControl } from '../../runtime/gateway-control.ts';
import type { Clock } from '../../runtime/ports.ts';
import { type HttpAddress, HttpServer } from '../http/http-server.ts';
import { healthPage, type Page, readyPage } from '../http/page.ts';
import { GatewayMetrics } from '../metrics/gateway-metrics.ts';
import { processFacts } from '../metrics/process-facts.ts';

export type ServedPages = {
  /** Opens, moves or closes the address. */
  set(address: HttpAddress | null): Promise<void>;
  /** `/readyz` says no from now on. */
  stopping(): void;
  close(): Promise<void>;
};

/** What `http` of the configuration serves: metrics and health of this gateway. */
export function servePages(
  gateway: GatewayControl,
  metrics: GatewayMetrics,
  clock: Clock,
  tell: (level: 'warn' | 'info', message: string) => void,
): ServedPages {
  let stopping = false;
  const pages: Readonly<Record<string, () => Promise<Page>>> = {
    '/metrics': async () => ({
      status: 200,
      type: 'text/plain; version=0.0.4',
      body: await metrics.page(),
    }),
    '/healthz': () => healthPage(gateway, clock),
    '/readyz': () => Promise.resolve(readyPage(gateway, stopping)),
  };
  const server = new HttpServer({
    clock,
    tell,
    page: path => (Object.hasOwn(pages, path) ? (pages[path]?.() ?? null) : null),
  });
  return {
    set: address => server.set(address),
    stopping: () => {
      stopping = true;
    },
    close: () => server.close(),
  };
}

/** Counts from the first event of a start on; `null` address or not, for it may be opened later. */
export function countEvents(events: EventStream, clock: Clock, version: string): GatewayMetrics {
  const metrics = new GatewayMetrics({ clock, version, processFacts });
  metrics.follow(events);
  return metrics;
}
