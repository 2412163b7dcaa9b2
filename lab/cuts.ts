import type { Result } from '../src/runtime/ports.ts';
import { inOrder } from '../src/surface/demo/namespaces.ts';
import { uplinks } from './addresses.ts';
import type { LabNetwork } from './network.ts';

type Done = Result<void, string>;

/** One way in which uplink 1 dies. `heal` of the network puts everything back, whichever it was. */
export type Cut = {
  readonly name: string;
  /** What an operator would say of it. */
  readonly means: string;
  /** What `connect` from uplink 1's address tells within three and a half seconds; `silent`: nothing. */
  readonly connect: 'silent' | 'EHOSTUNREACH' | 'ENETUNREACH' | 'ECONNREFUSED' | 'EADDRNOTAVAIL' | 'slow';
  readonly apply: (lab: LabNetwork) => Promise<Done>;
};

const one = uplinks[0];

/** Lets the router of provider 1 judge what it forwards by one rule. */
function forwardRule(rule: string): Cut['apply'] {
  return lab => lab.providers[0].namespace.nft(table('inet', [['forward', 'hook forward', rule]]));
}

/** An nftables table named `cut` with filter chains of one rule each. */
function table(family: 'inet' | 'netdev', chains: readonly (readonly [string, string, string])[]): string {
  const laid = chains.map(
    ([name, hook, rule]) => `chain ${name} {\ntype filter ${hook} priority 0; policy accept\n${rule}\n}`,
  );
  return `table ${family} cut {\n${laid.join('\n')}\n}\n`;
}

/** Makes one provider swallow every packet that it should forward. */
export function blackHole(lab: LabNetwork, index: 0 | 1): Promise<Done> {
  return lab.providers[index].namespace.nft(table('inet', [['forward', 'hook forward', 'drop']]));
}

/** Takes every rule of a cut out of one provider's router. */
export function unblock(lab: LabNetwork, index: 0 | 1): Promise<Done> {
  return lab.providers[index].namespace.nft(
    'table inet cut; delete table inet cut; table netdev cut; delete table netdev cut',
  );
}

export const addressGone: Cut = {
  name: 'address-gone',
  means: 'the address is taken away from the mail host',
  connect: 'EADDRNOTAVAIL',
  apply: lab => lab.mailHost.ip(`address del ${one.source}/24 dev ${one.name}`),
};

export const interfaceDown: Cut = {
  name: 'interface-down-unreachable',
  means: 'the interface of the mail host is down, and its own table ends in an unreachable default',
  connect: 'EHOSTUNREACH',
  apply: lab => lab.mailHost.ip(`link set ${one.name} down`),
};

export const blackHoleCut: Cut = {
  name: 'black-hole',
  means: 'the provider takes every packet and none arrives',
  connect: 'silent',
  apply: lab => blackHole(lab, 0),
};

/** Every way to die of the reference table. */
export const cuts: readonly Cut[] = [
  {
    name: 'interface-down',
    means:
      "the interface of the mail host is down, and its packets slip out by the other uplink's default route",
    connect: 'silent',
    apply: lab =>
      inOrder(
        () => lab.mailHost.ip(`route flush table ${one.table}`),
        () => lab.mailHost.ip(`route add default via ${one.gateway} dev ${one.name} table ${one.table}`),
        () => lab.mailHost.ip(`link set ${one.name} down`),
      ),
  },
  interfaceDown,
  {
    name: 'gateway-gone',
    means:
      'the gateway is dead behind a switch; EHOSTUNREACH follows once its cached neighbour entry has aged',
    connect: 'silent',
    apply: lab =>
      lab.providers[0].namespace.nft(
        table('netdev', [
          ['cust', 'hook ingress device cust', 'drop'],
          ['core', 'hook ingress device core', 'drop'],
        ]),
      ),
  },
  {
    name: 'cable-out',
    means: 'the cable between the mail host and the gateway is out',
    connect: 'EHOSTUNREACH',
    apply: lab => lab.providers[0].namespace.ip('link set cust down'),
  },
  blackHoleCut,
  {
    name: 'far-side-down',
    means: "the provider's own way to the Internet is down, and its router says so by ICMP",
    connect: 'ENETUNREACH',
    apply: lab => lab.providers[0].namespace.ip('link set core down'),
  },
  {
    name: 'port-25-dropped',
    means: 'the provider drops TCP port 25 and nothing else',
    connect: 'silent',
    apply: forwardRule('iif cust tcp dport 25 drop'),
  },
  {
    name: 'port-25-reset',
    means: 'the provider answers TCP port 25 with a reset',
    connect: 'ECONNREFUSED',
    apply: forwardRule('iif cust tcp dport 25 reject with tcp reset'),
  },
  {
    name: 'port-25-prohibited',
    means: 'the provider answers TCP port 25 by ICMP: administratively prohibited',
    connect: 'EHOSTUNREACH',
    apply: forwardRule('iif cust tcp dport 25 reject with icmp type admin-prohibited'),
  },
  {
    name: 'lossy',
    means: '30 % of the packets are lost and a round trip takes 300 ms',
    connect: 'slow',
    apply: lab => lab.rewire(0, { delayMs: 150, loss: 0.3 }),
  },
  addressGone,
];

export function findCut(name: string): Cut | undefined {
  return cuts.find(cut => cut.name === name);
}

/** Heals uplink 1 of any cut. */
export function heal(lab: LabNetwork): Promise<Done> {
  return inOrder(
    () => unblock(lab, 0),
    () => lab.rewire(0, null),
    () => lab.layUplink(0),
  );
}
