import type { UplinkEgress } from '../../decision/egress/egress.ts';
import type { HostAddress } from '../../decision/egress/route.ts';
import { replyText } from '../../protocol/smtp/reply.ts';
import type { EgressTest } from '../gateway-control.ts';
import type { Clock, Network, Result, TlsFacts } from '../ports.ts';
import { Probe } from './probe.ts';

/**
 * Connects, waits for the greeting, says EHLO and goes over to TLS through one egress, and tells each step in words.
 * A host that offers no TLS is no fault of the egress.
 */
export function testEgress(
  ports: { readonly network: Network; readonly clock: Clock },
  egress: UplinkEgress,
  to: HostAddress,
  timeoutMs: number,
): Promise<EgressTest> {
  const { promise, resolve } = Promise.withResolvers<EgressTest>();
  const steps: EgressTest['steps'][number][] = [];
  let lastMs = 0;
  const add = (step: Step, ok: boolean, text: string, elapsedMs: number): void => {
    steps.push({ step, ok, text, elapsedMs: Math.round(elapsedMs - lastMs) });
    lastMs = elapsedMs;
  };
  new Probe(
    ports,
    egress,
    to,
    { depth: 'tls', timeoutMs },
    {
      connected: ms =>
        add('connect', true, `${to.host} [${to.address}]:${to.port} from ${egress.source}`, ms),
      greeted: (reply, ms) => add('greeting', reply.code < 300, replyText(reply), ms),
      ehlo: (reply, ms) => add('ehlo', reply.code < 300, `EHLO ${egress.ehlo}: ${replyText(reply)}`, ms),
      tls: (result, ms) => add('starttls', result === null || result.ok, tlsText(result), ms),
      failed: (error, ms) => add('connect', false, error.message, ms),
      over: () => {
        const missing = steps.every(step => step.ok) ? missingStep(steps.length) : null;
        if (missing !== null)
          add(missing, false, `no answer in ${timeoutMs} ms, or none that is SMTP`, lastMs);
        resolve({
          egress: egress.id,
          source: egress.source,
          host: to.host,
          ok: steps.length === stepNames.length && steps.every(step => step.ok),
          steps,
        });
      },
    },
  );
  return promise;
}

const stepNames = ['connect', 'greeting', 'ehlo', 'starttls'] as const;

type Step = (typeof stepNames)[number];

const missingStep = (done: number): Step | null => stepNames[done] ?? null;

function tlsText(result: Result<TlsFacts, string> | null): string {
  if (result === null) return 'not offered: mail goes to this host in clear text';
  if (!result.ok) return result.error;
  const { protocol, cipher, unverified } = result.value;
  return `${protocol} ${cipher}${unverified === null ? '' : `, the certificate proves nothing (${unverified})`}`;
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
