import { isIP } from 'node:net';
import { z } from 'zod';
import { parseMailServer, parseUnicast } from './address.ts';
import { parseHostName } from './host-name.ts';
import {
  address,
  endpoint,
  hostName,
  list,
  map,
  parseInterface,
  parsePath,
  parseUplinkName,
  parseUser,
  rate,
  share,
  shortDuration,
  text,
  wholeNumber,
  word,
} from './schema-leaves.ts';

/** A server of somebody else that takes our mail. */
export const smartHost = map({
  host: text('a host name or address such as smtp.isp2.example', ['smtp.isp2.example'], value =>
    isIP(value) === 0 ? parseHostName(value) : parseUnicast(value),
  ).describe('The server that takes the mail, by name or address.'),
  port: wholeNumber(1, 65_535, 587).prefault(587).describe('Its port.'),
  tls: word(['verify', 'may', 'none'])
    .prefault('verify')
    .describe(
      '`verify`: TLS with a certificate that verifies for `host`, or no mail. `may`: TLS where offered. `none`: clear text, in networks of your own.',
    ),
  user: text('a user name', ['mail@example.com'], parseUser)
    .optional()
    .describe('The name to log in with (AUTH PLAIN or LOGIN), only under `tls: verify`.'),
  password_file: text('a path', ['/etc/postern/isp2'], parsePath)
    .optional()
    .describe(
      "The file that holds the password, on its first line. A relative path counts from the configuration's folder.",
    ),
});

/** Probes of uplinks. */
export const health = map({
  interval: shortDuration('10s').optional().describe('Between probes while all is sound. Default 10s.'),
  suspect_interval: shortDuration('1s')
    .optional()
    .describe('Between probes after a first failure, while down and while proving. Default 1s.'),
  timeout: shortDuration('4s').optional().describe('How long a probe may take to be answered. Default 4s.'),
  prove: shortDuration('10s')
    .optional()
    .describe(
      'How long an uplink that was down must answer before it is used again; doubled by each relapse. Default 10s.',
    ),
});

export type HealthConfig = z.output<typeof health>;

const addressSource = map({
  address: address('10.20.2.2').optional().describe('The address that this host binds.'),
  interface: text('the name of a network interface such as ppp0', ['ppp0'], parseInterface)
    .optional()
    .describe('In place of `address`: whatever address this interface has now.'),
  family: z
    .literal([4, 6], { error: 'is neither 4 nor 6' })
    .optional()
    .describe('With `interface`: its IPv4 or its IPv6 address. Default 4.'),
  public: address('203.0.113.40')
    .optional()
    .describe('Behind NAT: the address that the world sees. Default: the source address itself.'),
  ehlo: hostName('mail2-v6.example.com')
    .optional()
    .describe("The EHLO name from this address. Default: the uplink's."),
}).refine(({ address, interface: device }) => address !== undefined || device !== undefined, {
  error: 'without address or interface is no source; write one of them, as in { address: 198.51.100.30 }',
});

const source = z.union([address('198.51.100.30'), addressSource]);

/** One way to the Internet. */
export const uplink = map({
  name: text('a name', ['isp1'], parseUplinkName).describe(
    'The name in logs, traces and commands: letters, digits, hyphens and underscores.',
  ),
  ehlo: hostName('mail.example.com')
    .optional()
    .describe('The EHLO name given from its addresses. It should lead back to them. Default: `hostname`.'),
  source: list(source, 'source addresses', '[198.51.100.30]')
    .min(1, { error: 'is empty; write at least one source address, as in [198.51.100.30]' })
    .describe(
      "This host's addresses on the uplink, IPv4 and IPv6: each is a way out with a health of its own. An entry is an address, or a map.",
    ),
  preference: wholeNumber(0, 65_535, 10)
    .prefault(10)
    .describe('Lower first, as with MX; uplinks of equal preference share the receiving sites by weight.'),
  weight: wholeNumber(1, 1000, 1)
    .prefault(1)
    .describe('The share of receiving sites among uplinks of equal preference.'),
  dns: list(endpoint('203.0.113.53:53', 53), 'resolvers', '["203.0.113.53:53"]')
    .optional()
    .describe(
      'Resolvers that answer only on this uplink. They are asked only through it, and never trusted for DNSSEC.',
    ),
  probe: list(
    text('a host with a port such as mx.remote.example:25', ['mx.remote.example:25'], value =>
      parseMailServer(value, 25),
    ),
    'hosts with a port',
    '["mx.remote.example:25"]',
  )
    .optional()
    .describe('Mail servers that may be probed at any rate. Default: hosts that recently worked, seldom.'),
  max_rate: rate
    .optional()
    .describe('Messages that may leave by it in a time. More wait, and do not spill to another uplink.'),
  max_connections: wholeNumber(1, 10_000, 50).optional().describe('Connections outward by it at one time.'),
  warm_share: share
    .optional()
    .describe(
      "Of each site's messages, the share that it carries even while a better uplink is up, so that receivers know its address. Default: none.",
    ),
  when_unfit: word(['last', 'hold', 'use'])
    .prefault('last')
    .describe(
      'While its PTR, forward match or EHLO name does not stand: used after all others, not at all (mail waits), or as if nothing were wrong.',
    ),
  smart_host: smartHost
    .optional()
    .describe('All mail of this uplink goes through this server, for a provider that blocks port 25.'),
  health: health.optional().describe('As the global `health`, for this uplink.'),
});
