import type { DnsFact } from '../../decision/audit/dns-fact.ts';
import { type NameServerFact, questionKey } from '../../decision/audit/facts.ts';
import type { DnsFailure } from '../../protocol/dns/failure.ts';
import { isOfType, type RecordType } from '../../protocol/dns/record.ts';
import { dataText } from '../../protocol/dns/zone-text.ts';
import { Ask, type AskOutcome, type DnsPorts } from '../dns/ask.ts';
import { fixedOrder } from './fixed-order.ts';

const port = 53;
const patienceMs = 3_000;
/** Servers of one domain that are asked. */
const serverLimit = 8;

export type NameServer = { readonly name: string; readonly address: string };

/** What each authoritative server says itself about the domain's mail, and whether it answers over TCP. */
export function askNameServers(
  ports: DnsPorts,
  servers: readonly NameServer[],
  domain: string,
  signal: AbortSignal,
): Promise<readonly NameServerFact[]> {
  return Promise.all(servers.slice(0, serverLimit).map(server => askOne(ports, server, domain, signal)));
}

async function askOne(
  ports: DnsPorts,
  { name, address }: NameServer,
  domain: string,
  signal: AbortSignal,
): Promise<NameServerFact> {
  const [mx, txt, connected] = await Promise.all([
    question(ports, address, domain, 'MX', signal),
    question(ports, address, domain, 'TXT', signal),
    ports.network.connect({ source: null, address, port, timeoutMs: patienceMs, signal }),
  ]);
  if (connected.ok) connected.value.destroy();
  const silent = mx.kind === 'temperror' && txt.kind === 'temperror';
  // A server that does not answer at all, or a network that we do not have, tells nothing of TCP.
  const ours =
    !connected.ok && (connected.error.kind === 'network_unreachable' || connected.error.kind === 'aborted');
  const tcp = connected.ok ? true : silent || ours ? null : false;
  return {
    name,
    address,
    tcp,
    answers: { [questionKey(domain, 'MX')]: mx, [questionKey(domain, 'TXT')]: txt },
  };
}

function question(
  ports: DnsPorts,
  address: string,
  name: string,
  type: RecordType,
  signal: AbortSignal,
): Promise<DnsFact> {
  const { promise, resolve } = Promise.withResolvers<DnsFact>();
  const path = {
    key: address,
    server: { address, port, uplink: null, trustAd: false },
    egressId: null,
    source: null,
  };
  const ask = new Ask(ports, path, { name, type }, outcome => end(factOf(outcome, name, type)));
  const end = (fact: DnsFact): void => {
    late.cancel();
    again.cancel();
    signal.removeEventListener('abort', abort);
    ask.cancel();
    resolve(fact);
  };
  const fail = (reason: string, failure: DnsFailure): void => end({ kind: 'temperror', reason, failure });
  const abort = (): void => fail('the time of the check was over', 'given_up');
  const again = ports.clock.timer(patienceMs / 3, () => ask.repeat());
  const late = ports.clock.timer(patienceMs, () =>
    fail(`${address} did not answer in ${patienceMs / 1000} s`, 'timeout'),
  );
  signal.addEventListener('abort', abort);
  return promise;
}

function factOf(outcome: AskOutcome, name: string, type: RecordType): DnsFact {
  if (outcome.kind !== 'answer') {
    const failure = outcome.kind === 'unreachable' ? 'unreachable' : outcome.failure;
    return { kind: 'temperror', reason: outcome.reason, failure };
  }
  const { rcode, answers, authoritative } = outcome.response;
  if (!authoritative)
    return { kind: 'temperror', reason: 'it answers without authority for the zone', failure: 'lame' };
  if (rcode === 'nxdomain') return { kind: 'nxdomain' };
  const own = answers.filter(({ name: owner, data }) => owner === name && isOfType(data, type));
  if (own.length === 0) return { kind: 'nodata' };
  return {
    kind: 'records',
    values: own.map(({ data }) => dataText(data)).toSorted(fixedOrder),
    ttlS: Math.min(...own.map(({ ttlS }) => ttlS)),
  };
}
