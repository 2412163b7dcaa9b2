import type { EgressSetting } from './egress.ts';
import type { HostCondition } from './observation.ts';

/** An address that an interface of this host has now. */
export type PresentAddress = {
  readonly interface: string;
  readonly address: string;
  readonly family: 4 | 6;
  /** For privacy, and gone tomorrow (RFC 8981). */
  readonly temporary: boolean;
};

/**
 * How packets with a source address leave, as the host's routing says. `interface` carries the address, `device` is what
 * they leave by (the same for an address of a loopback or dummy interface, which carries nothing); `ruled` where an `ip rule` for the source exists; `fallback` where that rule's table ends in an
 * `unreachable` (or `prohibit`, `blackhole`) default; `unreachable` where there is no way.
 */
export type RouteOfSource = {
  readonly interface: string | null;
  readonly device: string | null;
  readonly gateway: string | null;
  readonly ruled: boolean;
  readonly table: string | null;
  readonly fallback: boolean;
  readonly unreachable: boolean;
  /** The rule's own table had no route, so a later table was used; where not told, a device other than the interface says so. */
  readonly fellThrough?: boolean;
};

export type HostAdvice = {
  readonly condition: HostCondition;
  /** A whole sentence or two, '' where nothing is to be said. */
  readonly message: string;
  /** Lines to run as root, in order; words in capitals are to be filled in. */
  readonly commands: readonly string[];
};

/** The largest metric that stays behind every other route. */
const lastMetric = 4_278_198_272;

const sound: HostAdvice = { condition: 'sound', message: '', commands: [] };

/**
 * What the host itself says of one egress, and the lines that would mend it.
 * `present`: its address as it is on the host now, null where it is not. `route`: null where the host cannot tell.
 * A missing rule or `unreachable` default is told but is not a fault now: `condition` stays `sound`.
 */
export function hostAdvice(
  setting: EgressSetting,
  present: PresentAddress | null,
  route: RouteOfSource | null,
): HostAdvice {
  if (present === null) return absent(setting, route);
  const { address } = present;
  if (isLoopback(address) || route === null) return sound;
  const who = `${address}, a source of uplink ${setting.uplink},`;
  if (route.unreachable)
    return {
      condition: 'no route',
      message: `${who} has no route to the world: nothing can be sent from it until its default route is back.`,
      commands: commands(setting, present, route),
    };
  const strays = route.device !== null && route.interface !== null && route.device !== route.interface;
  if (route.ruled && (route.fellThrough ?? strays))
    return {
      condition: 'no route',
      message: `${who} has a rule, but the table it leads to has no route: packets leave by ${route.device ?? 'another interface'} and will not be answered.`,
      commands: commands(setting, present, route),
    };
  if (!route.ruled)
    return {
      condition: 'sound',
      message: strays
        ? `${who} has no rule of its own: its packets leave by ${route.device}, although ${route.interface} has the address. Add a rule and a table.`
        : `${who} has no rule of its own: when ${route.interface ?? present.interface} loses its route, its packets leave by another uplink and are lost. Add a rule and a table.`,
      commands: commands(setting, present, route),
    };
  if (strays)
    return {
      condition: 'sound',
      message: `${who} has a rule, but table ${route.table ?? '?'} sends its packets by ${route.device}, although ${route.interface} has the address. Give it a table of its own.`,
      commands: ownTable(setting, present, route),
    };
  if (!route.fallback)
    return {
      condition: 'sound',
      message: `Table ${route.table ?? '?'} of ${who} has no unreachable default: when the route is lost, its packets leave by another uplink and hang for two minutes. Add one.`,
      commands: commands(setting, present, route),
    };
  return sound;
}

function absent(setting: EgressSetting, route: RouteOfSource | null): HostAdvice {
  const name = setting.address ?? setting.interface ?? setting.id;
  if (route !== null && route.interface !== null)
    return {
      condition: 'link down',
      message: `Interface ${route.interface}, which has ${name} of uplink ${setting.uplink}, is down or has no carrier: check its cable and provider.`,
      commands: [`ip link set ${route.interface} up`],
    };
  if (setting.address === null)
    return {
      condition: 'address absent',
      message: `Interface ${name} of uplink ${setting.uplink} has no IPv${setting.family} address now: it is used as soon as it has one.`,
      commands: [],
    };
  return {
    condition: 'address absent',
    message: `${name}, a source of uplink ${setting.uplink}, is not on this host: it is used as soon as it appears. Add it, or correct "source" in the configuration.`,
    commands: [`ip address add ${name}/${setting.family === 6 ? 64 : 24} dev INTERFACE`],
  };
}

/** The lines that are missing; `ip route add` fails harmlessly where a route is there. */
function commands(setting: EgressSetting, present: PresentAddress, route: RouteOfSource): readonly string[] {
  const ip = present.family === 6 ? 'ip -6' : 'ip';
  const table = route.table ?? String(suggestedTable(setting.uplink));
  const device = route.interface ?? present.interface;
  const straight = route.device === device;
  const lines: string[] = [];
  if (!route.ruled || route.unreachable || !straight) {
    const gateway = straight && route.gateway !== null ? route.gateway : 'GATEWAY';
    lines.push(`${ip} route add default via ${gateway} dev ${device} table ${table}`);
  }
  if (!route.fallback) lines.push(`${ip} route add unreachable default metric ${lastMetric} table ${table}`);
  if (!route.ruled) lines.push(`${ip} rule add from ${present.address} lookup ${table}`);
  return lines;
}

/** The lines that lead a source away from a table that is another's, or that mend the table where it is its own. */
function ownTable(
  setting: EgressSetting,
  { address, interface: device, family }: PresentAddress,
  { table: led }: RouteOfSource,
): readonly string[] {
  const ip = family === 6 ? 'ip -6' : 'ip';
  const table = String(suggestedTable(setting.uplink));
  if (led === table) return [`${ip} route replace default via GATEWAY dev ${device} table ${table}`];
  return [
    `${ip} route add default via GATEWAY dev ${device} table ${table}`,
    `${ip} route add unreachable default metric ${lastMetric} table ${table}`,
    `${ip} rule add from ${address} lookup ${table}`,
    `${ip} rule del from ${address} lookup ${led}`,
  ];
}

/** A table number from the uplink's name: 101 to 199, the same each time. */
function suggestedTable(uplink: string): number {
  const digits = /(\d{1,2})$/.exec(uplink)?.[1];
  if (digits !== undefined && Number(digits) > 0) return 100 + Number(digits);
  let sum = 0;
  for (const letter of uplink) sum = (sum * 31 + letter.charCodeAt(0)) % 99;
  return 101 + sum;
}

/**
 * The address of this setting among those that the host has now; null where it is absent.
 * An interface gives its first address of the family that the world may see: none of link scope, and for IPv6 none
 * that is temporary. Loopback addresses (127.0.0.0/8) are on every host without being listed.
 */
export function presentAddress(
  setting: EgressSetting,
  addresses: readonly PresentAddress[],
): PresentAddress | null {
  const { address, family } = setting;
  if (address !== null) {
    const listed = addresses.find(present => present.address === address);
    if (listed !== undefined) return listed;
    return isLoopback(address) ? { interface: 'lo', address, family, temporary: false } : null;
  }
  return (
    addresses.find(
      present =>
        present.interface === setting.interface &&
        present.family === family &&
        !present.temporary &&
        !isLinkLocal(present.address),
    ) ?? null
  );
}

/** On every host, and never beyond it. */
export const isLoopback = (address: string): boolean => address.startsWith('127.') || address === '::1';
const isLinkLocal = (address: string): boolean => /^(169\.254\.|fe[89ab][0-9a-f]:)/i.test(address);
