import { isIP } from 'node:net';
import { isLoopback } from '../egress/host-advice.ts';
import { type MasterEntry, optionsOf } from './master-entry.ts';
import type { PostfixFacts } from './postfix-facts.ts';
import type { PostfixFinding } from './postfix-finding.ts';
import { uplinkOfTransport } from './transports.ts';

/** What is wrong with what a Postfix has now, whatever the uplinks are; and what of the operator's goes round our transports. */
export function standingFaults(facts: PostfixFacts): readonly PostfixFinding[] {
  return [
    ...boundWithoutName(facts),
    ...boundForAll(facts),
    ...oneInterface(facts),
    ...relayHost(facts),
    ...oneNameForAll(facts),
    ...waysRound(facts),
    ...noFlush(facts),
  ];
}

const isClient = ({ program }: MasterEntry): boolean => program === 'smtp';

function boundWithoutName({ master, expanded }: PostfixFacts): readonly PostfixFinding[] {
  return master.flatMap((entry): PostfixFinding[] => {
    if (!isClient(entry) || uplinkOfTransport(entry.name) !== null) return [];
    const options = optionsOf(entry);
    const bound = options.get('smtp_bind_address') ?? options.get('smtp_bind_address6');
    if (bound === undefined || options.has('smtp_helo_name') || options.has('myhostname')) return [];
    return [
      {
        id: 'EGRESS-EHLO-PTR',
        level: 'warning',
        message: `The transport ${entry.name} binds ${bound} and has no name of its own: it says ${expanded.get('smtp_helo_name')}, whatever the PTR of that address is.`,
        fix: `postconf -P '${entry.name}/unix/smtp_helo_name=NAME'   # or let it go: postern-… takes its place`,
      },
    ];
  });
}

function boundForAll({ explicit }: PostfixFacts): readonly PostfixFinding[] {
  return ['smtp_bind_address', 'smtp_bind_address6'].flatMap((name): PostfixFinding[] => {
    const value = explicit.get(name) ?? '';
    if (value === '') return [];
    return [
      {
        id: 'EGRESS-WRONG-WAY',
        level: 'warning',
        message: `${name} = ${value} in main.cf binds every transport that has no address of its own, mail to inside too; on a dead uplink all of it waits.`,
        fix: `postconf -X ${name}`,
      },
    ];
  });
}

/** postconf(5): with one address of a family that is not loopback, the client binds it. */
function oneInterface({ expanded }: PostfixFacts): readonly PostfixFinding[] {
  const value = expanded.get('inet_interfaces') ?? 'all';
  const addresses = value
    .split(/[\s,]+/)
    .map(word => word.replace(/^\[(.*)\]$/, '$1'))
    .filter(word => !isLoopback(word));
  return ([4, 6] as const).flatMap((family): PostfixFinding[] => {
    const [only, ...more] = addresses.filter(address => isIP(address) === family);
    if (only === undefined || more.length > 0) return [];
    return [
      {
        id: 'EGRESS-WRONG-WAY',
        level: 'notice',
        message: `inet_interfaces = ${value} has one IPv${family} address, so every transport without an address of its own sends from ${only}. The transports of the uplinks have theirs.`,
        fix: null,
      },
    ];
  });
}

function relayHost({ explicit }: PostfixFacts): readonly PostfixFinding[] {
  const host = explicit.get('relayhost') ?? '';
  if (host === '') return [];
  return [
    {
      id: null,
      level: 'warning',
      message: `relayhost = ${host}: all mail to the world goes there, and receivers see that host's address and name, not those of your uplinks. The transports choose the uplink to it, no more.`,
      fix: "postconf -e 'relayhost ='   # if your own addresses may send to the world",
    },
  ];
}

function oneNameForAll({ explicit }: PostfixFacts): readonly PostfixFinding[] {
  const name = explicit.get('smtp_helo_name');
  if (name === undefined) return [];
  return [
    {
      id: 'EGRESS-EHLO-SHARED',
      level: 'notice',
      message: `smtp_helo_name = ${name} in main.cf is said by every transport that has no name of its own, whatever address it sends from. The transports of the uplinks have theirs.`,
      fix: null,
    },
  ];
}

type WayRound = { readonly name: string; readonly what: string };

const waysRoundAll: readonly WayRound[] = [
  { name: 'transport_maps', what: 'what it names goes by the transport it says' },
  {
    name: 'sender_dependent_default_transport_maps',
    what: 'mail of the senders it names goes by the transport it says, not by default_transport',
  },
  { name: 'sender_dependent_relayhost_maps', what: 'mail of the senders it names goes to the host it says' },
];

function waysRound({ explicit }: PostfixFacts): readonly PostfixFinding[] {
  return waysRoundAll.flatMap(({ name, what }): PostfixFinding[] => {
    const value = explicit.get(name) ?? '';
    if (value === '') return [];
    return [
      {
        id: null,
        level: 'notice',
        message: `${name} = ${value}: ${what}. That is left as it is, and the watch does not move it to another uplink.`,
        fix: null,
      },
    ];
  });
}

function noFlush({ master }: PostfixFacts): readonly PostfixFinding[] {
  if (master.some(({ name, program }) => name === 'flush' && program === 'flush')) return [];
  return [
    {
      id: null,
      level: 'warning',
      message:
        'master.cf has no service flush, so what a dead uplink deferred cannot be sent at once ("postqueue -i"): it waits for its next turn.',
      fix: "postconf -Me 'flush/unix=flush unix n - y 1000? 0 flush'",
    },
  ];
}
