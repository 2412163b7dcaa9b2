import type { Settings } from '../../config/settings.ts';
import type { AuditFacts, EgressFact } from '../../decision/audit/facts.ts';
import type { MailServer } from '../../decision/egress/egress.ts';
import type { AuditPorts, AuditRequest } from '../../runtime/audit/gather.ts';
import type { CliParts } from './cli-parts.ts';
import { ownName } from './own-name.ts';

/** What holds for all domains of one call. */
export type LookTerms = {
  /** Null: it is looked from outside. */
  readonly settings: Settings | null;
  /** Named by the caller, beside those of the settings. */
  readonly uplinks: readonly EgressFact[];
  readonly asked: AuditFacts['asked'];
  /** Of mail hosts; null: that of the settings, or 25. */
  readonly port: number | null;
  /** For all domains together, and for the host's own facts. */
  readonly timeoutMs: number;
  readonly progress: (doing: string) => void;
};

/** What was seen of one domain, and how long that took. */
export type Look = { readonly facts: AuditFacts; readonly elapsedMs: number };

/** Domains that are looked at at once: often their mail hosts are the same, and take few calls from one client. */
const domainsAtOnce = 4;

/** Looks at each domain, all within one limit of time. They come in their order; what was not seen in time stays unknown. */
export async function* lookAtEach(
  domains: readonly string[],
  terms: LookTerms,
  parts: CliParts,
): AsyncGenerator<Look> {
  const { clock, random, web } = parts;
  const { settings } = terms;
  const over = new AbortController();
  const deadline = clock.timer(terms.timeoutMs, () => over.abort());
  const [{ gatherFacts }, { outsideResolver }] = await Promise.all([
    import('../../runtime/audit/gather.ts'),
    import('../../runtime/dns/outside-resolver.ts'),
  ]);
  const network = parts.network();
  const request = await requestOf(terms, { ...parts, network }, over.signal);
  const lookAt = async (domain: string): Promise<Look> => {
    const startedAt = clock.monotonic();
    const resolver = outsideResolver({ network, clock, random }, settings ?? { uplinks: [], dnsServers: [] });
    const ports: AuditPorts = { network, clock, random, resolver, web };
    const facts = await gatherFacts(ports, { domain, ...request }, terms.progress);
    resolver.close();
    return { facts, elapsedMs: clock.monotonic() - startedAt };
  };
  const looks: Promise<Look>[] = [];
  for (const domain of domains) {
    const before = looks[looks.length - domainsAtOnce];
    looks.push(before === undefined ? lookAt(domain) : before.then(() => lookAt(domain)));
  }
  for (const look of looks) yield await look;
  deadline.cancel();
}

/** What the host and its files tell is asked once for all domains, and goes on while DNS is asked. */
async function requestOf(
  { settings, uplinks, asked, port }: LookTerms,
  { network, clock, random, files }: Omit<CliParts, 'network'> & Pick<AuditPorts, 'network'>,
  signal: AbortSignal,
): Promise<Omit<AuditRequest, 'domain'>> {
  if (settings === null)
    return {
      egresses: uplinks,
      configuration: null,
      certificates: Promise.resolve([]),
      host: Promise.resolve(null),
      hostsFile: Promise.resolve(null),
      asked,
      callTargets: [],
      port: port ?? 25,
      ehlo: ownName(),
      signal,
    };
  const own = await import('../../runtime/audit/own-facts.ts');
  return {
    egresses: [...own.ownEgresses(settings, network), ...uplinks],
    configuration: own.configurationFact(settings),
    certificates: own.listenerCertificates(settings, files),
    host: own.hostFact(settings, { network, files, clock, random }, signal),
    hostsFile: hostsFileOf(files),
    asked,
    callTargets: knownTargets(settings),
    port: port ?? settings.delivery.port,
    ehlo: settings.hostname,
    signal,
  };
}

async function hostsFileOf(files: CliParts['files']): Promise<string | null> {
  const read = await files.read('/etc/hosts', 1_000_000);
  return read.ok ? read.value.toString('utf8') : null;
}

/** Mail servers that the operator lets us call, each once. */
function knownTargets({ uplinks }: Settings): readonly MailServer[] {
  const named = uplinks.flatMap(({ probe }) => probe);
  return [...new Map(named.map(server => [`${server.host} ${server.port}`, server])).values()];
}
