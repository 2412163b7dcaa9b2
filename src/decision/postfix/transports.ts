import type { EgressSetting, Family, UplinkSetting } from '../egress/egress.ts';
import { hasParameter, type PostfixVersion } from './parameters.ts';
import type { PostfixFinding } from './postfix-finding.ts';

const prefix = 'postern-';

/** The transport of an uplink. */
function transportOf(uplink: string): string {
  return `${prefix}${uplink}`;
}

/** The uplink of one of our transports; null: it is not ours. */
export function uplinkOfTransport(transport: string): string | null {
  return transport.startsWith(prefix) && transport.length > prefix.length
    ? transport.slice(prefix.length)
    : null;
}

/** One setting of a transport and why it is there. */
export type TransportOption = {
  readonly name: string;
  readonly value: string;
  readonly reason: string;
  /** The check of the audit that would find the fault without it. */
  readonly id: string | null;
};

export type WantedTransport = {
  readonly uplink: string;
  readonly name: string;
  readonly options: readonly TransportOption[];
  /** The egresses whose addresses it binds. */
  readonly egresses: readonly { readonly id: string; readonly family: Family; readonly address: string }[];
};

/** What of a Postfix its transports depend on. */
export type PostfixTraits = {
  readonly version: PostfixVersion;
  readonly families: ReadonlySet<Family>;
  readonly logName: string;
};

/**
 * The transport that an uplink needs, or why it can have none. A transport has one address of each family and one name,
 * so what the uplink has beyond that is told. `addressOf` gives an egress's address as it is on the host now; null where
 * it has none. `families`: what Postfix uses at all. `logName`: how it calls itself in the log.
 */
export function wantedTransport(
  uplink: UplinkSetting,
  { version, families, logName }: PostfixTraits,
  addressOf: (egress: EgressSetting) => string | null,
): { readonly transport: WantedTransport | null; readonly findings: readonly PostfixFinding[] } {
  const findings: PostfixFinding[] = [];
  const tell = (
    level: PostfixFinding['level'],
    message: string,
    fix: string | null,
    id: string | null = null,
  ): void => void findings.push({ id, level, message, fix });
  if (uplink.smartHost !== null) {
    tell(
      'warning',
      `${uplink.name} sends through a smart host, with a login of its own. Postfix would need that login in its own files, so no transport is made for it.`,
      null,
    );
    return { transport: null, findings };
  }
  const chosen = new Map<Family, { readonly egress: EgressSetting; readonly address: string }>();
  const [lead] = uplink.egresses;
  for (const egress of uplink.egresses) {
    const address = addressOf(egress);
    const what = egress.address ?? egress.interface ?? egress.id;
    if (!families.has(egress.family))
      tell(
        'notice',
        `${what} of ${uplink.name} is IPv${egress.family}, which inet_protocols leaves out: it is not used.`,
        null,
      );
    else if (address === null)
      tell(
        'error',
        `${what} of ${uplink.name} is not on this host now, so nothing can be sent from it.`,
        'ip address add …, or correct source in postern.yaml',
        'EGRESS-ABSENT',
      );
    else if (egress.ehlo !== lead?.ehlo)
      tell(
        'warning',
        `${what} of ${uplink.name} has the name ${egress.ehlo}, and ${lead?.address ?? lead?.interface} has ${lead?.ehlo}: a transport of Postfix gives one name, so ${what} is not used.`,
        'give both the same ehlo, or make them two uplinks',
        'EGRESS-EHLO-SHARED',
      );
    else if (chosen.has(egress.family))
      tell(
        'notice',
        `${uplink.name} has several IPv${egress.family} addresses; a transport of Postfix binds one, so ${what} is not used.`,
        null,
      );
    else {
      chosen.set(egress.family, { egress, address });
      if (egress.interface !== null)
        tell(
          'notice',
          `${uplink.name} takes the address of ${egress.interface}, now ${address}; when it changes, run "postern postfix apply" again.`,
          null,
        );
    }
  }
  if (lead === undefined || chosen.size === 0) return { transport: null, findings };
  const name = transportOf(uplink.name);
  const addresses = new Map([...chosen].map(([family, { address }]) => [family, address]));
  return {
    transport: {
      uplink: uplink.name,
      name,
      options: optionsFor(uplink.name, lead.ehlo, addresses, { version, logName }),
      egresses: [...chosen.values()].map(({ egress, address }) => ({
        id: egress.id,
        family: egress.family,
        address,
      })),
    },
    findings,
  };
}

function optionsFor(
  uplink: string,
  ehlo: string,
  addresses: ReadonlyMap<Family, string>,
  { version, logName }: Pick<PostfixTraits, 'version' | 'logName'>,
): readonly TransportOption[] {
  const options: TransportOption[] = [];
  const add = (name: string, value: string, reason: string, id: string | null): void =>
    void options.push({ name, value, reason, id });
  add(
    'syslog_name',
    `${logName}/${transportOf(uplink)}`,
    `the log says which uplink a message took, and "postern postfix watch" reads it there`,
    null,
  );
  const four = addresses.get(4);
  const six = addresses.get(6);
  if (four !== undefined)
    add('smtp_bind_address', four, `what goes by ${uplink} leaves from its address`, 'EGRESS-WRONG-WAY');
  if (six !== undefined) add('smtp_bind_address6', six, `the same for IPv6`, 'EGRESS-WRONG-WAY');
  add(
    'inet_protocols',
    four === undefined ? 'ipv6' : six === undefined ? 'ipv4' : 'all',
    four !== undefined && six !== undefined
      ? 'both families have an address of this uplink'
      : `without it the other family would leave from any address of this host, under this name`,
    'EGRESS-IPV6-BARE',
  );
  add(
    'smtp_helo_name',
    ehlo,
    'receivers compare the name with the address: the two go together',
    'EGRESS-EHLO-PTR',
  );
  if (hasParameter(version, 'smtp_bind_address_enforce'))
    add(
      'smtp_bind_address_enforce',
      'yes',
      'mail waits while the address is away, and never leaves from another one under this name',
      'EGRESS-WRONG-WAY',
    );
  add(
    'smtp_connect_timeout',
    '4s',
    'a dead uplink is known after 4 s and not after 30; the SYN was sent three times by then',
    null,
  );
  add(
    'smtp_connection_cache_on_demand',
    'no',
    'a kept session of an uplink that has died would hold its next message for 300 s',
    null,
  );
  return options;
}
