import { endpointText } from '../admission/listener.ts';
import type { Proposal, ProposedUplink } from './propose.ts';

/** A proposal as a configuration file that a person reads and changes. Lines that must be filled in are comments. */
export function configurationText({
  hostname,
  layout,
  reason,
  uplinks,
  doors,
  spfElsewhere,
  domains,
  isBackup,
  store,
  networks,
  inside,
}: Proposal): string {
  return `# Layout ${layout}. ${reason}
hostname: ${hostname}
state_dir: /var/lib/postern

uplinks:
${uplinks.map((uplink, place) => uplinkText(uplink, place, spfElsewhere)).join('')}
listeners:
${listenerLines({ uplinks, doors, inside }).join('\n')}

domains:
${domains.map(domain => domainText(domain, isBackup, store)).join('')}
relay:
  from_networks: [${networks.join(', ')}]${networks.length === 0 ? '   # who may send to the world, as in 10.20.0.0/24' : ''}
`;
}

function uplinkText(
  { name, address, publicAddress, ehlo }: ProposedUplink,
  place: number,
  spfElsewhere: readonly string[],
): string {
  const perhaps = spfElsewhere.length === 0 ? '' : `; SPF names ${spfElsewhere.join(', ')}`;
  const source =
    publicAddress === null
      ? `[${quoted(address)}]`
      : publicAddress === ''
        ? `[{ address: ${quoted(address)} }]   # behind NAT: add public: (what the world sees${perhaps})`
        : `[{ address: ${quoted(address)}, public: ${quoted(publicAddress)} }]`;
  return `  - name: ${name}\n    ehlo: ${ehlo}\n    source: ${source}\n    preference: ${10 * (place + 1)}\n`;
}

function listenerLines({
  uplinks,
  doors: names,
  inside,
}: Pick<Proposal, 'uplinks' | 'doors' | 'inside'>): string[] {
  const doors = uplinks.map(({ address, publicAddress }, place) => {
    const seen = publicAddress === null || publicAddress === '' ? '' : `, public: ${quoted(publicAddress)}`;
    return `  - { address: "${endpointText({ address, port: 25 })}", role: mx, name: ${names[place]}${seen} }`;
  });
  const relay = `  - { address: "${endpointText({ address: inside ?? '127.0.0.1', port: 25 })}", role: relay }   # your own servers send through this one`;
  return [...doors, relay];
}

function domainText(name: string, isBackup: boolean, store: string | null): string {
  if (isBackup) return `  - { name: ${name}, role: backup, recipients: callout }\n`;
  return `  - { name: ${name}, deliver_to: ["${store ?? '127.0.0.1:2525'}"], recipients: callout }${store === null ? '   # where the mail store listens' : ''}\n`;
}

const quoted = (address: string): string => (address.includes(':') ? `"${address}"` : address);
