import { isIP } from 'node:net';
import type { NetworkErrorKind } from '../egress/observation.ts';
import type { HostAddress } from '../egress/route.ts';
import { uplinkOfTransport } from './transports.ts';

/** What a line of Postfix's log says that concerns an uplink. */
export type LogSign =
  /** A host answered through one of our transports. `connectMs`: how long all took until it could be spoken with; null: not told. */
  | {
      readonly kind: 'answered';
      readonly transport: string;
      readonly to: HostAddress;
      readonly connectMs: number | null;
    }
  /** A host could not be reached through one of our transports. */
  | {
      readonly kind: 'failed';
      readonly transport: string;
      readonly to: HostAddress;
      readonly error: NetworkErrorKind;
    }
  /** A session through one of our transports broke or went silent. */
  | { readonly kind: 'silent'; readonly transport: string; readonly to: HostAddress }
  /** A message waits for a reason of the network. `transport` null: Postfix did not even try, whoever was to carry it. */
  | { readonly kind: 'deferred'; readonly id: string; readonly transport: string | null }
  /** A message has left the queue. */
  | { readonly kind: 'removed'; readonly id: string };

/** The time, the host, and who speaks: in a file of Postfix's own, by syslog, and as journalctl prints it. */
const headPattern =
  /^(?:[A-Z][a-z]{2} +\d{1,2} [\d:.]{8,15}|\d{4}-[\d:.TZ+-]{10,40}) \S+ (?<tag>[\w./-]{1,100})\[\d{1,10}\]: (?<rest>.*)$/;
const idPattern = /^(?<id>[0-9A-Za-z]{6,24}): (?<rest>.*)$/;
const relayPattern = /, relay=(?<host>[^\s,[\]]{1,255})\[(?<address>[0-9A-Fa-f.:]{2,45})\]:(?<port>\d{1,5}),/;
const delaysPattern = /, delays=[\d.]+\/[\d.]+\/(?<connect>[\d.]+)\/[\d.]+,/;
const connectPattern =
  /^connect to (?<host>[^\s[\]]{1,255})\[(?<address>[0-9A-Fa-f.:]{2,45})\]:(?<port>\d{1,5}): (?<why>.*)$/;
const networkReason =
  /connect to \S+: |timed out while|lost connection with|name service error|server configuration error/i;
const refused = / said: [245]\d\d/;
const inDoubt = /may be sent more than once/i;
const silentPattern =
  /\((?:conversation with|lost connection with) (?<host>[^\s[\]]{1,255})\[(?<address>[0-9A-Fa-f.:]{2,45})\](?: timed out)? while /;

const errors: readonly (readonly [RegExp, NetworkErrorKind])[] = [
  [/timed out/i, 'timeout'],
  [/refused/i, 'refused'],
  [/no route to host/i, 'host_unreachable'],
  [/network is unreachable/i, 'network_unreachable'],
  [/permission denied|prohibited/i, 'prohibited'],
  [/reset/i, 'reset'],
];

/**
 * A message waits because the network failed it, in the words of smtp(8) and its libraries. What is in doubt after the end
 * of data is left to Postfix's own time.
 */
export function waitsForNetwork(why: string): boolean {
  return networkReason.test(why) && !refused.test(`${why} `) && !inDoubt.test(why);
}

/**
 * Reads one line; most say nothing of what is wanted. `logName`: Postfix's own syslog_name, for several may write to one
 * log. Never throws: whatever a stranger got into the log.
 */
export function readLogLine(line: string, logName = 'postfix'): readonly LogSign[] {
  const head = headPattern.exec(line);
  if (head?.groups === undefined) return [];
  const { tag = '', rest = '' } = head.groups;
  if (!tag.startsWith(`${logName}/`)) return [];
  const parts = tag.split('/');
  const program = parts.at(-1) ?? '';
  const service = parts.at(-2) ?? '';
  if (program === 'qmgr') return removed(rest);
  if (program === 'error' || program === 'retry') return suspended(rest);
  if (program !== 'smtp' || uplinkOfTransport(service) === null) return [];
  return [...connectFailure(service, rest), ...deliveryLine(service, rest)];
}

function removed(rest: string): readonly LogSign[] {
  const { id, rest: said } = idPattern.exec(rest)?.groups ?? {};
  return id !== undefined && said === 'removed' ? [{ kind: 'removed', id }] : [];
}

/** The queue manager gave a whole destination up for a while. */
function suspended(rest: string): readonly LogSign[] {
  const { id, rest: said = '' } = idPattern.exec(rest)?.groups ?? {};
  const why = / status=deferred \((?<why>delivery temporarily suspended: .*)$/.exec(said)?.groups?.why ?? '';
  return id !== undefined && waitsForNetwork(why) ? [{ kind: 'deferred', id, transport: null }] : [];
}

function connectFailure(transport: string, rest: string): readonly LogSign[] {
  const { why = '', ...host } = connectPattern.exec(rest)?.groups ?? {};
  const to = hostOf(host);
  const error = errors.find(([pattern]) => pattern.test(why))?.[1];
  return to === null || error === undefined ? [] : [{ kind: 'failed', transport, to, error }];
}

function deliveryLine(transport: string, rest: string): readonly LogSign[] {
  const { id, rest: said = '' } = idPattern.exec(rest)?.groups ?? {};
  if (id === undefined) return [];
  const status = / status=(?<status>sent|deferred|bounced) \((?<why>.*)$/.exec(said)?.groups;
  if (status === undefined) return [];
  const why = status.why ?? '';
  const to = hostOf(relayPattern.exec(said)?.groups);
  if (status.status !== 'deferred' || refused.test(`${why} `))
    return to === null ? [] : [{ kind: 'answered', transport, to, connectMs: connectMsOf(said) }];
  const silent = silentPattern.exec(` (${why}`)?.groups;
  const silentHost = silent === undefined ? null : hostOf({ ...silent, port: String(to?.port ?? 25) });
  return [
    ...(silentHost === null ? [] : [{ kind: 'silent', transport, to: silentHost } as const]),
    ...(waitsForNetwork(why) ? [{ kind: 'deferred', id, transport } as const] : []),
  ];
}

/** Null where it was a kept session, which took no time. */
function connectMsOf(said: string): number | null {
  const seconds = Number(delaysPattern.exec(said)?.groups?.connect ?? 0);
  return seconds > 0 && Number.isFinite(seconds) ? seconds * 1_000 : null;
}

function hostOf(groups: Readonly<Record<string, string | undefined>> | undefined): HostAddress | null {
  const { host, address = '', port: digits = '' } = groups ?? {};
  const port = Number(digits);
  if (host === undefined || isIP(address) === 0 || port < 1 || port > 65_535) return null;
  return { host: host.toLowerCase(), address, port };
}
