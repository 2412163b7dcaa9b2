import type { UplinkEgress } from '../../decision/egress/egress.ts';
import type { HostAddress } from '../../decision/egress/route.ts';
import { replyText } from '../../protocol/smtp/reply.ts';
import type { EgressTest } from '../gateway-control.ts';
import type { Clock, Network } from '../ports.ts';
import { Probe } from './probe.ts';

/** Connects, waits for the greeting and says EHLO through one egress, and tells each step in words. */
export function testEgress(
  ports: { readonly network: Network; readonly clock: Clock },
  egress: UplinkEgress,
  to: HostAddress,
  timeoutMs: number,
): Promise<EgressTest> {
  const { promise, resolve } = Promise.withResolvers<EgressTest>();
  const steps: EgressTest['steps'][number][] = [];
  let lastMs = 0;
  const add = (step: 'connect' | 'greeting' | 'ehlo', ok: boolean, text: string, elapsedMs: number): void => {
    steps.push({ step, ok, text, elapsedMs: Math.round(elapsedMs - lastMs) });
    lastMs = elapsedMs;
  };
  new Probe(
    ports,
    egress,
    to,
    { depth: 'ehlo', timeoutMs },
    {
      connected: ms =>
        add('connect', true, `${to.host} [${to.address}]:${to.port} from ${egress.source}`, ms),
      greeted: (reply, ms) => add('greeting', reply.code < 300, replyText(reply), ms),
      ehlo: (reply, ms) => add('ehlo', reply.code < 300, `EHLO ${egress.ehlo}: ${replyText(reply)}`, ms),
      failed: (error, ms) => add('connect', false, error.message, ms),
      over: () => {
        const missing = steps.every(step => step.ok) ? missingStep(steps.length) : null;
        if (missing !== null)
          add(missing, false, `no answer in ${timeoutMs} ms, or none that is SMTP`, lastMs);
        resolve({
          egress: egress.id,
          source: egress.source,
          host: to.host,
          ok: steps.length === 3 && steps.every(step => step.ok),
          steps,
        });
      },
    },
  );
  return promise;
}

function missingStep(done: number): 'connect' | 'greeting' | 'ehlo' | null {
  return (['connect', 'greeting', 'ehlo'] as const)[done] ?? null;
}

/** The test of an egress that cannot be tried. */
export function untested(egress: string, source: string | null, text: string): EgressTest {
  return {
    egress,
    source,
    host: null,
    ok: false,
    steps: [{ step: 'connect', ok: false, text, elapsedMs: 0 }],
  };
}
