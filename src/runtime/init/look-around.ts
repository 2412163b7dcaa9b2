import { isLoopback } from '../../decision/egress/host-advice.ts';
import type { FoundAddress, Surroundings } from '../../decision/init/surroundings.ts';
import { isHostAddress, isLocalAddress } from '../../decision/next-hop/local-address.ts';
import { reverseName } from '../../decision/records/reverse-name.ts';
import { hostName } from '../../protocol/dns/names.ts';
import { isSpf } from '../../protocol/spf/record.ts';
import { Notebook } from '../audit/notebook.ts';
import type { Resolver } from '../dns/resolver.ts';
import type { Files, Network } from '../ports.ts';

export type LookPorts = {
  readonly network: Network;
  readonly files: Files;
  readonly resolver: Pick<Resolver, 'resolve'>;
};

const mainCf = '/etc/postfix/main.cf';

/** Looks at the host and asks DNS what belongs to it. Nothing is changed, and what is not found is left out. */
export async function lookAround(
  { network, files, resolver }: LookPorts,
  given: { readonly hostname: string | null; readonly domains: readonly string[] },
): Promise<Surroundings> {
  const book = new Notebook(resolver);
  const [addresses, postfix] = await Promise.all([foundAddresses(network, book), readPostfix(files)]);
  const hostname = given.hostname;
  const domains = given.domains.length > 0 ? given.domains : guessDomains(hostname, postfix);
  const [first] = domains;
  const [mx, texts] =
    first === undefined ? [[], []] : await Promise.all([mxOf(book, first), book.records(first, 'TXT')]);
  return { hostname, addresses, domains, mx, spf: texts.find(isSpf) ?? null, postfix };
}

async function foundAddresses(network: Network, book: Notebook): Promise<readonly FoundAddress[]> {
  const usable = network
    .addresses()
    .filter(
      ({ address, temporary }) =>
        !isLoopback(address) && isHostAddress(address) && !temporary && !/^(fe80|169\.254)/.test(address),
    );
  return Promise.all(
    usable.map(async ({ address, interface: device, family }) => {
      const scope = isLocalAddress(address) ? ('private' as const) : ('public' as const);
      const [route, names] = await Promise.all([
        network.routeOf(address),
        scope === 'public' ? book.records(reverseName(address).name, 'PTR') : [],
      ]);
      // A private address is a way out where its own interface leads to a gateway; a public one is one anyway.
      const leadsOut = route !== null && route.gateway !== null && route.device === device;
      const leavesBy = scope === 'public' ? (route?.device ?? device) : leadsOut ? device : null;
      return { address, interface: device, family, scope, leavesBy, names };
    }),
  );
}

async function mxOf(book: Notebook, domain: string): Promise<Surroundings['mx']> {
  const records = await book.records(domain, 'MX');
  return Promise.all(
    records.map(async text => {
      const [preference = '0', name = ''] = text.split(' ');
      const exchange = name.replace(/\.$/, '');
      const [four, six] = await Promise.all([book.records(exchange, 'A'), book.records(exchange, 'AAAA')]);
      return { preference: Number(preference), exchange, addresses: [...four, ...six] };
    }),
  );
}

function guessDomains(hostname: string | null, postfix: Surroundings['postfix']): readonly string[] {
  const own = (postfix?.domains ?? []).filter(domain => domain.includes('.') && domain !== hostname);
  if (own.length > 0) return own;
  const parent = hostname === null ? '' : hostname.slice(hostname.indexOf('.') + 1);
  return parent.includes('.') ? [parent] : [];
}

/** The few parameters that tell names; `$` references among them are followed once. */
async function readPostfix(files: Files): Promise<Surroundings['postfix']> {
  const read = await files.read(mainCf, 1_000_000);
  if (!read.ok) return null;
  const values = new Map<string, string>();
  for (const line of read.value
    .toString('utf8')
    .replace(/\n[ \t]+/g, ' ')
    .split('\n')) {
    const match = /^([a-z0-9_]+)\s*=\s*(.*)$/i.exec(line.trim());
    if (match !== null) values.set(match[1] ?? '', match[2] ?? '');
  }
  const followed = (name: string): string[] =>
    (values.get(name) ?? '')
      .replace(/\$\{?([a-z0-9_]+)\}?/gi, (_all, other: string) => values.get(other) ?? '')
      .split(/[\s,]+/)
      .filter(word => word !== '');
  const isDomain = (text: string): boolean =>
    hostName(text) === text && text.includes('.') && !text.startsWith('localhost');
  const hostname = followed('myhostname')[0] ?? null;
  return {
    hostname: hostname !== null && isDomain(hostname) ? hostname : null,
    domains: [
      ...new Set(
        [
          ...followed('mydestination'),
          ...followed('relay_domains'),
          ...followed('virtual_mailbox_domains'),
        ].filter(isDomain),
      ),
    ],
    networks: followed('mynetworks').filter(network => /^[0-9.]+\/\d+$/.test(network)),
  };
}
