import type { AuditFacts } from '../../decision/audit/facts.ts';
import type { Finding, FindingLevel } from '../../decision/audit/finding.ts';
import { levels } from '../../decision/audit/judge.ts';
import { AuditView } from '../../decision/audit/view.ts';

/** How one thing leads to another, and the worst that was found about that. */
export type TopologyEdge = { readonly from: string; readonly to: string; readonly level: FindingLevel };

/** Columns of the picture, from the domain to the names that it is known by; an edge joins neighbours. */
export type Topology = {
  readonly columns: readonly { readonly heading: string; readonly nodes: readonly string[] }[];
  readonly edges: readonly TopologyEdge[];
};

export const elsewhere = 'elsewhere';

/** Domain, MX names, uplinks, addresses and names, and who leads to whom. */
export function topologyOf(facts: AuditFacts, findings: readonly Finding[]): Topology {
  const view = new AuditView(facts);
  const { domain, egresses } = facts;
  const hosts = view.mailHosts;
  const uplinkOf = (address: string): string =>
    egresses.find(egress => egress.address === address)?.uplink ?? elsewhere;
  const inbound = hosts.flatMap(host => view.addresses(host).map(address => ({ host, address })));
  const addresses = unique([
    ...egresses.map(({ address }) => address),
    ...inbound.map(({ address }) => address),
  ]);
  const edges: TopologyEdge[] = [
    ...hosts.map(host => ({
      from: domain,
      to: host,
      level: worst(findings, ({ subject }) => subject.name === host && subject.address === undefined),
    })),
    ...inbound.map(({ host, address }) => ({
      from: host,
      to: uplinkOf(address),
      level: worst(findings, ({ subject }) => subject.name === host && subject.address === address),
    })),
    ...addresses.map(address => ({
      from: uplinkOf(address),
      to: address,
      level: worst(
        findings,
        ({ id, subject }) => subject.address === address && /^(EGRESS-(ABSENT|PORT25|WRONG)|HOST-)/.test(id),
      ),
    })),
    ...egresses.map(({ address, ehlo }) => ({
      from: address,
      to: ehlo,
      level: worst(findings, ({ subject }) => subject.kind === 'egress' && subject.address === address),
    })),
  ];
  return {
    columns: [
      { heading: 'Domain', nodes: [domain] },
      { heading: 'Receives at', nodes: hosts },
      { heading: 'Uplink', nodes: unique(addresses.map(uplinkOf)) },
      { heading: 'Address', nodes: addresses },
      { heading: 'Says EHLO', nodes: unique(egresses.map(({ ehlo }) => ehlo)) },
    ].filter(({ nodes }) => nodes.length > 0),
    edges: joined(edges),
  };
}

/** One edge for each pair, with the worst of its levels. */
function joined(edges: readonly TopologyEdge[]): TopologyEdge[] {
  const byPair = new Map<string, TopologyEdge>();
  for (const edge of edges) {
    const key = `${edge.from} ${edge.to}`;
    const known = byPair.get(key);
    if (known === undefined || levels.indexOf(edge.level) < levels.indexOf(known.level))
      byPair.set(key, edge);
  }
  return [...byPair.values()];
}

/** What is only explained, or was not judged, colours nothing. */
function worst(findings: readonly Finding[], isAbout: (finding: Finding) => boolean): FindingLevel {
  const found = findings.filter(
    finding => isAbout(finding) && finding.level !== 'info' && finding.level !== 'skip',
  );
  return levels.find(level => found.some(finding => finding.level === level)) ?? 'pass';
}

const unique = (texts: readonly string[]): string[] => [...new Set(texts)];
