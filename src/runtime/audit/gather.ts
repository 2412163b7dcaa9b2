import { isIPv6 } from 'node:net';
import { addressesIn } from '../../decision/audit/dmarc-view.ts';
import type {
  AuditFacts,
  CertificateFact,
  ConfigurationFact,
  ConversationFact,
  EgressFact,
  HostFact,
  NameServerFact,
  PolicyFact,
} from '../../decision/audit/facts.ts';
import { withParents } from '../../decision/audit/with-parents.ts';
import type { MailServer } from '../../decision/egress/egress.ts';
import { isHostAddress } from '../../decision/next-hop/local-address.ts';
import { maxAddressesPerFamily, maxHosts } from '../../decision/next-hop/mx-facts.ts';
import { reverseName } from '../../decision/records/reverse-name.ts';
import { hostName } from '../../protocol/dns/names.ts';
import { parseTags } from '../../protocol/message/tag-list.ts';
import type { Resolver } from '../dns/resolver.ts';
import type { Clock, Network, Random, Web } from '../ports.ts';
import { type CalledOut, callOut } from './call-out.ts';
import { type ConversationRequest, converse } from './converse.ts';
import { fixedOrder } from './fixed-order.ts';
import { hostAsSeen } from './host-as-seen.ts';
import { tryIntrusions, withIntrusions } from './intrusions.ts';
import { askNameServers } from './name-servers.ts';
import { Notebook } from './notebook.ts';
import { fetchPolicy } from './policy.ts';
import { askForSpf } from './spf-questions.ts';

/** What is to be looked at, and by what it is judged. */
export type AuditRequest = Pick<AuditFacts, 'domain' | 'asked'> & {
  readonly egresses: readonly EgressFact[];
  /** Without its certificates. */
  readonly configuration: ConfigurationFact | null;
  /** Of its listeners, in their order. */
  readonly certificates: Promise<readonly (CertificateFact | null)[]>;
  /** What the host says of itself; null: it is not asked. */
  readonly host: Promise<HostFact | null>;
  /** Mail servers that may be called to see whether mail goes out; none: it is not tried. */
  readonly callTargets: readonly MailServer[];
  /** The text of the host's own table of names; null: it is not compared. */
  readonly hostsFile: Promise<string | null>;
  /** The port of mail hosts: 25, or another for tests. */
  readonly port: number;
  /** What EHLO says where no egress speaks; null: an address literal. */
  readonly ehlo: string | null;
  /** Tells the end of the audit; what is not known then stays unknown. */
  readonly signal: AbortSignal;
};

export type AuditPorts = {
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network;
  readonly resolver: Pick<Resolver, 'resolve'>;
  readonly web: Pick<Web, 'get'>;
};

/**
 * Looks at everything, all at once as far as it does not depend on each other, and writes down what it saw. Never
 * fails: what could not be seen in time is a fact too.
 */
export async function gatherFacts(
  ports: AuditPorts,
  request: AuditRequest,
  progress: (doing: string) => void,
): Promise<AuditFacts> {
  const { clock } = ports;
  const { domain, asked, configuration, signal } = request;
  const startedAt = clock.now();
  const over = new AbortController();
  const ended = new Promise<null>(resolve => over.signal.addEventListener('abort', () => resolve(null)));
  const end = (): void => over.abort();
  if (signal.aborted) end();
  signal.addEventListener('abort', end);
  const audit = new Gathering(ports, request, progress, over.signal);
  const own = Promise.all([request.host, request.certificates, request.hostsFile]);
  await Promise.race([Promise.all([audit.run(), own]), ended]);
  // What hangs hears of the end, and tells how far it came.
  end();
  signal.removeEventListener('abort', end);
  await Promise.race([audit.settled(), clock.sleep(500)]);
  // What has not come by now is null.
  const [host, certificates, hostsFile] = await Promise.all([
    Promise.race([request.host, ended]),
    Promise.race([request.certificates, ended]),
    Promise.race([request.hostsFile, ended]),
  ]);
  const { mtus, ...seen } = audit.facts();
  return {
    version: 1,
    domain,
    startedAt,
    asked,
    configuration: configuration === null ? null : withCertificates(configuration, certificates ?? []),
    host: hostAsSeen({ ...request, host, hostsFile }, { ...seen, mtus }),
    ...seen,
  };
}

function withCertificates(
  configuration: ConfigurationFact,
  certificates: readonly (CertificateFact | null)[],
): ConfigurationFact {
  const listeners = configuration.listeners.map((listener, place) => ({
    ...listener,
    certificate: certificates[place] ?? null,
  }));
  return { ...configuration, listeners };
}

const placeOf = ({ host, address }: Pick<ConversationFact, 'host' | 'address'>): string =>
  `${host} ${address}`;

class Gathering {
  readonly #ports: AuditPorts;
  readonly #request: AuditRequest;
  readonly #progress: (doing: string) => void;
  readonly #signal: AbortSignal;
  readonly #notebook: Notebook;
  readonly #conversations: ConversationFact[] = [];
  #nameServers: readonly NameServerFact[] = [];
  #policy: PolicyFact | null = null;
  /** By egress. */
  readonly #calledOut = new Map<string, CalledOut>();
  readonly #spokenWith = new Map<string, Promise<void>>();
  /** Hosts and addresses that DNS led to. */
  readonly #ledTo = new Set<string>();
  readonly #unknownLocalPart: string;

  constructor(
    ports: AuditPorts,
    request: AuditRequest,
    progress: (doing: string) => void,
    signal: AbortSignal,
  ) {
    this.#ports = ports;
    this.#request = request;
    this.#progress = progress;
    this.#signal = signal;
    this.#notebook = new Notebook(ports.resolver);
    this.#unknownLocalPart = `postern-check-${Math.floor(ports.random.next() * 1e12).toString(36)}`;
  }

  async run(): Promise<void> {
    this.#progress(`asking DNS about ${this.#request.domain}`);
    await Promise.all([
      this.#lookAtDomain(),
      this.#lookAtMailHosts(),
      ...this.#ownDoors().map(([host, address]) => this.#speakWith(host, address)),
      askForSpf(this.#notebook, this.#request.domain, this.#request.egresses),
      this.#lookAtReports(),
      this.#readPolicy(),
      this.#lookAtNameServers(),
      ...this.#request.egresses.map(egress => this.#callOut(egress)),
      ...this.#request.egresses.map(egress => this.#lookAtEgress(egress)),
    ]);
  }

  /** Resolves when every conversation has come to its end. */
  async settled(): Promise<void> {
    await Promise.all(this.#spokenWith.values());
  }

  facts(): {
    dns: AuditFacts['dns'];
    conversations: readonly ConversationFact[];
    nameServers: readonly NameServerFact[];
    policy: PolicyFact | null;
    egresses: readonly EgressFact[];
    mtus: HostFact['mtus'];
  } {
    return {
      dns: this.#notebook.facts(),
      conversations: this.#conversations
        .filter(conversation => this.#ledTo.has(placeOf(conversation)))
        .toSorted((one, other) => fixedOrder(placeOf(one), placeOf(other))),
      nameServers: this.#nameServers,
      policy: this.#policy,
      egresses: this.#request.egresses.map(egress => ({
        ...egress,
        ...this.#calledOut.get(egress.id)?.egress,
      })),
      mtus: this.#request.egresses.flatMap(({ id }) => this.#calledOut.get(id)?.mtu ?? []),
    };
  }

  async #lookAtDomain(): Promise<void> {
    const { domain, asked } = this.#request;
    const book = this.#notebook;
    await Promise.all([
      ...(['A', 'AAAA', 'TXT', 'NS', 'SPF', 'DNSKEY', 'RRSIG'] as const).map(type => book.ask(domain, type)),
      ...withParents(domain).map(parent => book.ask(`_dmarc.${parent}`, 'TXT')),
      book.ask(`_mta-sts.${domain}`, 'TXT'),
      book.ask(`_smtp._tls.${domain}`, 'TXT'),
      ...asked.dkimSelectors.map(selector => book.ask(`${selector}._domainkey.${domain}`, 'TXT')),
    ]);
  }

  /** Where reports of DMARC go to another domain, whether that one takes them. */
  async #lookAtReports(): Promise<void> {
    const { domain } = this.#request;
    const book = this.#notebook;
    const policies = await Promise.all(
      withParents(domain).map(parent => book.records(`_dmarc.${parent}`, 'TXT')),
    );
    const text = policies.find(records => records.length > 0)?.[0] ?? '';
    const targets = addressesIn(parseTags(text).get('rua') ?? '').map(address =>
      address.slice(address.lastIndexOf('@') + 1).toLowerCase(),
    );
    await Promise.all(
      [...new Set(targets)].slice(0, 5).map(target => book.ask(`${domain}._report._dmarc.${target}`, 'TXT')),
    );
  }

  async #readPolicy(): Promise<void> {
    this.#policy = await fetchPolicy(this.#ports.web, this.#notebook, this.#request.domain, this.#signal);
  }

  async #lookAtNameServers(): Promise<void> {
    const { domain } = this.#request;
    const names = (await this.#notebook.records(domain, 'NS')).slice(0, 8);
    const found = await Promise.all(
      names.map(async name => {
        const [four, six] = await Promise.all([
          this.#notebook.records(name, 'A'),
          this.#notebook.records(name, 'AAAA'),
        ]);
        return [...four.slice(0, 1), ...six.slice(0, 1)].map(address => ({ name, address }));
      }),
    );
    const servers = found.flat().filter(({ address }) => !address.includes(':') || this.#hasIPv6());
    this.#nameServers = await askNameServers(this.#ports, servers, domain, this.#signal);
  }

  #hasIPv6(): boolean {
    return this.#ports.network
      .addresses()
      .some(({ family, address }) => family === 6 && /^[23]/.test(address));
  }

  /** From each egress of this host, a call to the mail hosts of a few who are known to take calls. */
  async #callOut(egress: EgressFact): Promise<void> {
    const { callTargets, port } = this.#request;
    const { id, source, smartHost } = egress;
    if (source === null || smartHost !== null || callTargets.length === 0) return;
    const to = { targets: callTargets.slice(0, 3), mailPort: port };
    const told = await callOut(this.#ports, this.#notebook, { ...egress, source }, to, this.#signal);
    this.#calledOut.set(id, told);
  }

  /**
   * The listeners that mail for the domain most likely comes in by: nobody need ask DNS for them first. What no MX leads
   * to after all is forgotten again.
   */
  #ownDoors(): (readonly [string, string])[] {
    const { configuration, domain } = this.#request;
    if (configuration?.domains.some(({ name }) => name === domain) !== true) return [];
    return configuration.listeners.flatMap(({ role, name, address }) =>
      role === 'mx' && isHostAddress(address) ? [[name, address] as const] : [],
    );
  }

  async #lookAtMailHosts(): Promise<void> {
    const { domain } = this.#request;
    const [records] = await Promise.all([
      this.#notebook.records(domain, 'MX'),
      this.#notebook.ask(domain, 'A'),
      this.#notebook.ask(domain, 'AAAA'),
    ]);
    const names = records
      .map(text => text.replace(/^\d+ /, '').replace(/\.$/, ''))
      .flatMap(name => hostName(name) ?? []);
    const hosts = records.length === 0 ? [domain] : [...new Set(names)].slice(0, maxHosts);
    await Promise.all(hosts.map(host => this.#lookAtMailHost(host)));
  }

  async #lookAtMailHost(host: string): Promise<void> {
    const book = this.#notebook;
    const [four, six] = await Promise.all([
      book.records(host, 'A'),
      book.records(host, 'AAAA'),
      book.ask(`_25._tcp.${host}`, 'TLSA'),
      ...withParents(host).map(name => book.ask(name, 'CAA')),
    ]);
    const addresses = [...four.slice(0, maxAddressesPerFamily), ...six.slice(0, maxAddressesPerFamily)];
    await Promise.all(
      addresses.map(async address => {
        this.#ledTo.add(placeOf({ host, address }));
        await Promise.all([this.#speakWith(host, address), book.ask(reverseName(address).name, 'PTR')]);
      }),
    );
  }

  /** One conversation with an address, whatever names lead there: what differs by name is the certificate. */
  #speakWith(host: string, address: string): Promise<void> {
    const { clock, network } = this.#ports;
    const { domain, port, ehlo, configuration, asked } = this.#request;
    const key = placeOf({ host, address });
    const spoken = this.#spokenWith.get(key);
    if (spoken !== undefined || this.#signal.aborted) return spoken ?? Promise.resolve();
    this.#progress(`speaking with ${host} [${address}]`);
    const door = configuration?.listeners.find(listener => listener.address === address);
    const egress = egressFor(this.#request.egresses, isIPv6(address) ? 6 : 4, door?.uplink ?? null);
    const inside = network.addresses().some(present => present.address === address);
    const request: ConversationRequest = {
      host,
      address,
      port,
      egress: egress?.id ?? null,
      inside,
      source: egress?.source ?? null,
      ehlo: egress?.ehlo ?? ehlo,
      domain,
      unknownLocalPart: this.#unknownLocalPart,
      relayTo: door !== undefined || asked.intrusive ? `${this.#unknownLocalPart}@relay-test.invalid` : null,
    };
    const intrudes = request.relayTo !== null;
    const traps = intrudes ? tryIntrusions({ clock, network }, request, this.#signal) : null;
    const talk = converse({ clock, network }, request, this.#signal).then(async fact => {
      const place = this.#conversations.push(fact) - 1;
      if (traps !== null) this.#conversations[place] = withIntrusions(fact, await traps);
    });
    this.#spokenWith.set(key, talk);
    return talk;
  }

  async #lookAtEgress({ address, ehlo, family }: EgressFact): Promise<void> {
    const book = this.#notebook;
    const type = family === 4 ? 'A' : 'AAAA';
    const names = book.records(reverseName(address).name, 'PTR');
    await Promise.all([
      book.ask(ehlo, 'A'),
      book.ask(ehlo, 'AAAA'),
      askForSpf(book, ehlo, [{ address, ehlo }]),
      ...this.#request.asked.blocklists.flatMap(({ zone }) => [
        book.ask(`${reverseName(address).name.replace(/\.(in-addr|ip6)\.arpa$/, '')}.${zone}`, 'A'),
        book.ask(`2.0.0.127.${zone}`, 'A'),
        book.ask(`1.0.0.127.${zone}`, 'A'),
      ]),
      names.then(found => Promise.all(found.map(name => book.ask(name, type)))),
    ]);
  }
}

/** The egress to call an address by: for a listener of our own that of another uplink, so that the call goes round. */
function egressFor(egresses: readonly EgressFact[], family: 4 | 6, uplink: string | null): EgressFact | null {
  const usable = egresses.filter(each => each.source !== null && each.family === family);
  return usable.find(each => each.uplink !== uplink) ?? usable[0] ?? null;
}
