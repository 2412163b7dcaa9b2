import type { AuditFacts, EgressFact, HostFact } from '../../src/decision/audit/facts.ts';
import type { MailServer } from '../../src/decision/egress/egress.ts';
import { gatherFacts } from '../../src/runtime/audit/gather.ts';
import { Resolver } from '../../src/runtime/dns/resolver.ts';
import type { Connection } from '../../src/runtime/ports.ts';
import {
  type NameServerBehaviour,
  type RunningNameServer,
  startNameServer,
} from '../../src/surface/demo/name-server.ts';
import { startReceiver } from '../../src/surface/demo/receiver.ts';
import { plainBehaviour, type ReceiverBehaviour } from '../../src/surface/demo/receiver-behaviour.ts';
import type { ZoneTable } from '../../src/surface/demo/zone-table.ts';
import { layoutB, onGateway } from '../audit-facts.ts';
import { testCertificate } from '../certificates.ts';
import { nothingOutside } from '../fakes.ts';
import { must } from './reference-network.ts';
import { SimClock } from './sim-clock.ts';
import { SimHost } from './sim-host.ts';
import { SimInternet } from './sim-internet.ts';
import { type LinkQuality, SimLink } from './sim-link.ts';
import { SimRandom } from './sim-random.ts';

const nameServerAddress = '192.0.2.53';
const silentResolver = '192.0.2.54';
const isp1 = '198.51.100.30';
const isp2 = '203.0.113.40';
const ownMailHosts = [
  { host: 'mx1.example.com', port: 25 },
  { host: 'mx2.example.com', port: 25 },
];

/** Layout B of the case as DNS shows it. */
export const layoutZone: ZoneTable = {
  'example.com MX': ['10 mx1.example.com', '20 mx2.example.com'],
  'example.com NS': ['ns1.example.net'],
  'example.com TXT': [`v=spf1 ip4:${isp1} ip4:${isp2} -all`],
  '_dmarc.example.com TXT': ['v=DMARC1; p=none; rua=mailto:postmaster@example.com'],
  '_smtp._tls.example.com TXT': ['v=TLSRPTv1; rua=mailto:postmaster@example.com'],
  'ns1.example.net A': [nameServerAddress],
  'mx1.example.com A': [isp1],
  'mx2.example.com A': [isp2],
  'mail.example.com A': [isp1],
  'mail.example.com TXT': [`v=spf1 ip4:${isp1} -all`],
  'mail2.example.com A': [isp2],
  'mail2.example.com TXT': [`v=spf1 ip4:${isp2} -all`],
  '30.100.51.198.in-addr.arpa PTR': ['mail.example.com'],
  '40.113.0.203.in-addr.arpa PTR': ['mail2.example.com'],
};

export const egresses: readonly EgressFact[] = [
  { address: isp1, uplink: 'isp1', ehlo: 'mail.example.com', preference: 10 },
  { address: isp2, uplink: 'isp2', ehlo: 'mail2.example.com', preference: 20 },
].map(each => ({
  ...each,
  id: `${each.uplink}/${each.address}`,
  family: 4,
  source: null,
  smartHost: null,
  port25: null,
  observed: null,
  temporary: false,
}));

/** Of the auditor, by uplink. */
const sources: Readonly<Record<string, string>> = { isp1: '192.0.2.201', isp2: '192.0.2.202' };

export type AuditPlan = {
  readonly zone?: ZoneTable;
  readonly mx1?: Partial<ReceiverBehaviour>;
  readonly mx2?: Partial<ReceiverBehaviour>;
  /** A second resolver that never answers. */
  readonly silentResolver?: boolean;
  /** One way, between any two hosts. */
  readonly latencyMs?: number;
  readonly domain?: string;
  /** Default 30 s; 0: it is over before it begins. */
  readonly timeoutMs?: number;
  /** Both mail hosts offer STARTTLS. */
  readonly tls?: boolean;
  /** What answers at the second mail host in the place of a receiver. */
  readonly raw2?: (connection: Connection, clock: SimClock) => void;
  /** How the name server behaves. */
  readonly names?: Partial<NameServerBehaviour>;
  /** The auditor has an address of its own on each uplink, and may call both mail hosts from there. */
  readonly byUplinks?: Readonly<Record<string, Partial<LinkQuality>>>;
  /** Whom it may call from there; default: both mail hosts by their names. */
  readonly targets?: readonly MailServer[];
  /** The audit knows the configuration of the layout, as on the gateway; its hosts are then put to the traps too. */
  readonly configured?: boolean;
  /** What the host says of itself; default: at once that all is sound, where it is asked. */
  readonly host?: Promise<HostFact | null>;
};

export type AuditRun = {
  readonly facts: AuditFacts;
  readonly elapsedMs: number;
  readonly calls: readonly string[];
};

/** An audit from somewhere on a simulated Internet of the case's own layout. Simulated ms. */
export async function runAudit(plan: AuditPlan): Promise<AuditRun> {
  const clock = new SimClock();
  const random = new SimRandom(7);
  const internet = new SimInternet(clock, random.fork());
  // Each packet crosses two links, that of its sender and that of its receiver.
  const wire = (name: string): SimLink =>
    new SimLink(name, new Set([25]), { latencyMs: (plan.latencyMs ?? 10) / 2, jitterMs: 0 });
  const place = (name: string, address: string) =>
    new SimHost(name, internet).attach('eth0', address, wire(name));
  const auditor = place('auditor', '192.0.2.200');
  for (const [name, address] of Object.entries(sources))
    if (plan.byUplinks !== undefined)
      auditor.attach(name, address, new SimLink(name, new Set([25]), plan.byUplinks[name] ?? {}));
  const names = place('name server', nameServerAddress);
  place('silent resolver', silentResolver);
  const served: RunningNameServer = must(
    await startNameServer(names, {
      address: nameServerAddress,
      port: 53,
      zone: plan.zone ?? layoutZone,
      clock,
    }),
  );
  served.behave(plan.names ?? {});
  const calls: string[] = [];
  const offer = { ...testCertificate('mx1'), whim: 'none' as const };
  for (const [name, address, behaviour] of [
    ['mx1.example.com', isp1, plan.mx1],
    ['mx2.example.com', isp2, plan.mx2],
  ] as const) {
    const { raw2 } = plan;
    if (name === 'mx2.example.com' && raw2 !== undefined) {
      must(await place(name, address).listen(address, 25, connection => raw2(connection, clock)));
      continue;
    }
    const refuse = { '@relay-test.invalid': '550 5.7.1 Relaying denied' };
    must(
      await startReceiver(place(name, address), {
        address,
        port: 25,
        clock,
        name,
        identity: (_ehlo, remote) => {
          calls.push(`${name} from ${remote}`);
          return null;
        },
        behaviour: { ...plainBehaviour, startTls: plan.tls === true ? offer : null, refuse, ...behaviour },
      }),
    );
  }
  const servers = [nameServerAddress, ...(plan.silentResolver === true ? [silentResolver] : [])];
  const resolver = new Resolver({
    network: auditor,
    clock,
    random: random.fork(),
    servers: () => servers.map(address => ({ address, port: 53, uplink: null, trustAd: false })),
    uplinks: () => [],
    snapshot: () => ({
      version: 1,
      egresses: [
        {
          id: 'here',
          uplink: 'here',
          state: 'unknown',
          since: 0,
          reason: '',
          fit: 'unknown',
          preference: 1,
          weight: 1,
          family: 4,
          egress: {
            kind: 'uplink',
            id: 'here',
            uplink: 'here',
            family: 4,
            source: '192.0.2.200',
            publicAddress: '192.0.2.200',
            ehlo: 'auditor.example',
          },
        },
      ],
    }),
  });
  const gateway = onGateway(layoutB);
  const configuration = plan.configured === true ? gateway.configuration : null;
  const over = new AbortController();
  const { timeoutMs = 30_000 } = plan;
  if (timeoutMs === 0) over.abort();
  else clock.timer(timeoutMs, () => over.abort());
  const startedAt = clock.monotonic();
  const facts = await clock.await(
    gatherFacts(
      { network: auditor, clock, random: random.fork(), resolver, ...nothingOutside },
      {
        domain: plan.domain ?? 'example.com',
        egresses:
          plan.byUplinks === undefined
            ? egresses
            : egresses.map(egress => ({ ...egress, source: sources[egress.uplink] ?? null })),
        configuration,
        certificates: Promise.resolve(configuration?.listeners.map(({ certificate }) => certificate) ?? []),
        host:
          plan.host ??
          Promise.resolve(plan.byUplinks === undefined && configuration === null ? null : gateway.host),
        asked: { dkimSelectors: [], blocklists: [], intrusive: false },
        hostsFile: Promise.resolve(null),
        callTargets: plan.byUplinks === undefined ? [] : (plan.targets ?? ownMailHosts),
        port: 25,
        ehlo: 'auditor.example',
        signal: over.signal,
      },
      () => {},
    ),
  );
  const elapsedMs = clock.monotonic() - startedAt;
  resolver.close();
  await served.close();
  return { facts, elapsedMs, calls };
}
