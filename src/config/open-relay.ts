import ipaddr from 'ipaddr.js';
import { networkHolds, scopeOf } from './address.ts';
import { pathText } from './explain-issue.ts';
import type { Finding } from './finding.ts';
import type { Survey, SurveyedListener } from './survey.ts';

/** Public IPv4 addresses that may relay at most: as many as in a /8. Beyond it the list means the world. */
const mostPublicIPv4 = 2 ** 24;
/** The shortest public IPv6 prefix: what a large provider holds as a whole. */
const shortestPublicIPv6 = 24;

/** Blocks of IPv4 that are no public addresses, so that a network over them is not counted as such. */
const notPublicIPv4 = [
  '10.0.0.0/8',
  '127.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '169.254.0.0/16',
  '100.64.0.0/10',
  '224.0.0.0/4',
  '240.0.0.0/4',
];
const notPublicIPv6 = ['fc00::/7', 'fe80::/10', '::1/128'];

/**
 * What would let strangers send to the world through us.
 * A mistake, whatever else is set: networks that hold most of the Internet. A mistake unless `allow_public: true`, and
 * a warning with it: a relay listener that the world can reach, or networks that hold the router which may put its own
 * address in place of the world's.
 */
export function openRelayFindings(survey: Survey): Finding[] {
  return [...tooWide(survey), ...survey.listeners.flatMap(listener => reachableRelay(listener, survey))];
}

function tooWide({ fromNetworks }: Survey): Finding[] {
  const wide = fromNetworks.filter(
    ({ value }) => publicSize(value) >= (value.includes(':') ? 1 : mostPublicIPv4),
  );
  const told = wide.map(
    ({ value, path }): Finding => ({
      level: 'mistake',
      path,
      message: `${pathText(path)}: ${value} holds a large part of the Internet, and this would be an open relay; write the networks that are yours, as in 10.20.0.0/24.`,
    }),
  );
  const [first] = fromNetworks;
  if (told.length > 0 || first === undefined) return told;
  const distinct = [...new Set(fromNetworks.map(({ value }) => value))].filter(value => !value.includes(':'));
  const sum = distinct.reduce((total, network) => total + publicSize(network), 0);
  if (sum < mostPublicIPv4) return [];
  return [
    {
      level: 'mistake',
      path: first.path.slice(0, -1),
      message:
        'relay.from_networks: taken together these networks hold a large part of the Internet, and this would be an open relay; write the networks that are yours, as in 10.20.0.0/24.',
    },
  ];
}

/** IPv4: how many public addresses it has. IPv6: 1 where it is wider than any owner's, else 0. */
function publicSize(network: string): number {
  const [base, length] = ipaddr.parseCIDR(network);
  const six = base.kind() === 'ipv6';
  const within = (six ? notPublicIPv6 : notPublicIPv4).some(block => {
    const [blockBase, blockLength] = ipaddr.parseCIDR(block);
    return length >= blockLength && networkHolds(block, base.toString()) && blockBase.kind() === base.kind();
  });
  if (within) return 0;
  if (six) return length < shortestPublicIPv6 ? 1 : 0;
  return 2 ** (32 - length);
}

function reachableRelay(listener: SurveyedListener, survey: Survey): Finding[] {
  if (listener.role !== 'relay') return [];
  const reason = reachableBecause(listener, survey);
  const { allowPublic, path } = listener;
  if (reason === null) return [];
  if (allowPublic?.value === true) {
    return [
      {
        level: 'warning',
        path: allowPublic.path,
        message: `${pathText(path)}: ${reason}; allow_public lets it stand.`,
      },
    ];
  }
  return [
    {
      level: 'mistake',
      path: listener.endpoint?.path ?? path,
      message: `${pathText(path)}: ${reason}; listen on a private address, or write allow_public: true if this is meant.`,
    },
  ];
}

function reachableBecause(listener: SurveyedListener, survey: Survey): string | null {
  const { endpoint, publicAddress } = listener;
  if (publicAddress !== null) return `this relay listener is reached by the world as ${publicAddress.value}`;
  if (endpoint === null) return null;
  const { address } = endpoint.value;
  if (address === '0.0.0.0' || address === '::')
    return 'this relay listener takes every address of the host, those that the world can reach too';
  if (scopeOf(address) === 'public') return `the world can reach this relay listener at ${address}`;
  if (scopeOf(address) === 'loopback') return null;
  const router = routerAmongClients(survey);
  return router === null
    ? null
    : `relay.from_networks has ${router.network}, and with it the router that stands before ${router.behind} and may put its own address in place of the world's`;
}

/** A network of clients that holds an address behind NAT of ours holds that address's router as well. */
function routerAmongClients(survey: Survey): { network: string; behind: string } | null {
  const translated = [
    ...survey.uplinks
      .flatMap(uplink => uplink.sources)
      .map(source => [source.address?.value, source.publicAddress?.value]),
    ...survey.listeners.map(listener => [listener.endpoint?.value.address, listener.publicAddress?.value]),
  ];
  for (const [address, publicAddress] of translated) {
    if (address === undefined || publicAddress === undefined || address === publicAddress) continue;
    const holding = survey.fromNetworks.find(
      ({ value }) => networkHolds(value, address) && !isOneHost(value),
    );
    if (holding) return { network: holding.value, behind: address };
  }
  return null;
}

function isOneHost(network: string): boolean {
  return network.endsWith(network.includes(':') ? '/128' : '/32');
}
