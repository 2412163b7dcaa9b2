import { isIP } from 'node:net';
import { z } from 'zod';
import { parseEndpoint, parseHostPort, parseNetwork, parseUnicast } from './address.ts';
import { parseHostName } from './host-name.ts';
import { parseDuration, parseRate, parseShare, parseSize } from './measures.ts';
import { type Parsed, parsed, unparsed } from './parsed.ts';
import { parseFromPattern, parseMailbox, parseToPattern } from './patterns.ts';

/*
 * The shape of `postern.yaml`. Each leaf's error message is what the value must be, as the end of a sentence
 * ("… is not a duration such as 30s"); explain-issue.ts makes sentences of them. Descriptions go into the JSON Schema
 * and the reference page.
 */

export const defaultStateDir = '/var/lib/postern';

const pattern = { duration: '^\\d+(ms|s|m|h|d|w)$', size: '^\\d+([KMG]i?)?B$' };

/** A text that one of our parsers reads. `expected` ends "is not …"; `example` is shown in editors. */
function text<Value>(
  expected: string,
  examples: readonly [string, ...string[]],
  parse: (text: string) => Parsed<Value>,
  shape?: string,
) {
  return z
    .string({ error: `is not ${expected}` })
    .meta({ examples: [...examples], ...(shape === undefined ? {} : { pattern: shape }) })
    .transform((value, context) => {
      const result = parse(value);
      if (result.ok) return result.value;
      context.addIssue({ code: 'custom', message: result.why });
      return z.NEVER;
    });
}

function wholeNumber(least: number, most: number, example: number) {
  const error = `is not a whole number from ${least} to ${most}; write for example ${example}`;
  return z.int({ error }).min(least, { error }).max(most, { error });
}

function list<Item extends z.ZodType>(item: Item, what: string, example: string) {
  return z.array(item, { error: `is not a list of ${what}; write for example ${example}` });
}

function map<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  return z.strictObject(shape, { error: 'is not a map of keys and values' });
}

function word<const Words extends readonly [string, ...string[]]>(words: Words) {
  return z.enum(words, { error: `is not one of: ${words.join(', ')}` });
}

const truth = () => z.boolean({ error: 'is neither true nor false' });
const duration = (example: string) =>
  text(`a duration such as ${example}`, [example], parseDuration, pattern.duration);
const shortDuration = (example: string) =>
  text(`a duration such as ${example}`, [example], atLeast100ms, pattern.duration);
const hostName = (example: string) =>
  text(`a fully qualified host name such as ${example}`, [example], parseHostName);
const address = (example: string) => text(`an IP address such as ${example}`, [example], parseUnicast);
const endpoint = (example: string, defaultPort: number | null) =>
  text(`an address with a port such as ${example}`, [example], value => parseEndpoint(value, defaultPort));

const rate = text('a rate such as 10/s', ['10/s'], parseRate, '^\\d+/(s|m|h)$');
const share = text('a share such as 2%', ['2%'], parseShare, '^\\d+(\\.\\d+)?%$');

const smartHost = map({
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

const drillMap = map({
  every: duration('7d').prefault('7d').describe('Between two drills.'),
  for: duration('60s').prefault('60s').describe('How long one lasts.'),
});

const health = map({
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

const uplink = map({
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
      parseHostPort(value, 25),
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

const listener = map({
  address: endpoint('198.51.100.30:25', 25).describe(
    'Where to listen, address and port (default 25). An address that is not on the host is taken when it appears.',
  ),
  role: word(['mx', 'relay']).describe(
    '`mx`: from the world, for our domains, and never a relay. `relay`: from `relay.from_networks`, to the world.',
  ),
  name: hostName('mx1.example.com')
    .optional()
    .describe('The name in the greeting and the EHLO reply. Default: `hostname`.'),
  public: address('198.51.100.30').optional().describe('Behind NAT: the address that the world calls.'),
  bare_newline: word(['refuse', 'clean'])
    .prefault('refuse')
    .describe(
      'What becomes of mail with a bare CR or LF: refused, or on a relay listener cleaned, for old printers and scanners.',
    ),
  tls: map({
    cert: text('a path', ['/etc/postern/mail.pem'], parsePath).describe(
      "The certificate and its chain, PEM. Watched, and taken without dropping a connection. A relative path counts from the configuration's folder.",
    ),
    key: text('a path', ['/etc/postern/mail.key'], parsePath).describe('Its key, PEM.'),
  })
    .optional()
    .describe('Offer STARTTLS with this certificate. Default: not offered.'),
  allow_public: truth()
    .prefault(false)
    .describe('On a relay listener that the world can reach: yes, this is meant.'),
});

const storeHost = z.union([
  endpoint('10.20.0.10:25', 25),
  map({
    address: endpoint('10.20.0.10:25', 25).describe('The mail store, address and port (default 25).'),
    xclient: truth()
      .prefault(false)
      .describe('Tell it who the client was, by XCLIENT where it offers that, as a Postfix can.'),
  }),
]);

const recipientSource = z.union([
  word(['any', 'callout']),
  map({
    file: text('a path', ['/etc/postern/recipients'], parsePath).describe(
      "One address or local part a line; empty lines and lines with # are passed over. Watched. A relative path counts from the configuration's folder.",
    ),
  }),
]);

const domain = map({
  name: hostName('example.com').describe('The domain, in lower-case A-labels.'),
  role: word(['primary', 'backup'])
    .prefault('primary')
    .describe(
      "`primary`: we are the domain's mail host. `backup`: we keep its mail for the better MX hosts, found by MX or named in `deliver_to`.",
    ),
  deliver_to: list(storeHost, 'addresses with ports', '["10.20.0.10:25"]')
    .min(1, { error: 'is empty; write where the mail store is, as in ["10.20.0.10:25"]' })
    .optional()
    .describe(
      'The mail store behind us, tried in order. Loopback and private addresses use no uplink. A backup may leave it out.',
    ),
  recipients: recipientSource
    .prefault('any')
    .describe(
      '`callout`: asked of the store (a backup: of the primary) and remembered, so that unknown ones are refused at once. `any`: all are taken. `{ file }`: those of a list.',
    ),
  when_unknown: word(['defer', 'accept'])
    .optional()
    .describe(
      'While nobody can be asked about a recipient. Default: `defer` for a primary, `accept` for a backup.',
    ),
  expire: duration('21d')
    .optional()
    .describe("How long its mail is kept. Default: 21d for a backup, else the queue's."),
});

const dnsServer = z.union([
  endpoint('127.0.0.1:53', 53),
  map({
    address: endpoint('127.0.0.1:53', 53).describe('The resolver, address and port (default 53).'),
    uplink: z
      .string({ error: 'is not the name of an uplink' })
      .optional()
      .describe('Ask it only through this uplink.'),
    trust_ad: truth().optional().describe('As `dns.trust_ad`, for this resolver.'),
  }),
]);

/** The whole file. */
export const configSchema = map({
  hostname: hostName('mail.example.com').describe(
    'In the Received field, and the default of every other name.',
  ),
  state_dir: text('a path', ['/var/lib/postern'], parsePath)
    .prefault(defaultStateDir)
    .describe(
      "Queue, spool, trace and control socket. A relative path counts from the configuration's folder.",
    ),
  uplinks: list(uplink, 'uplinks', '- name: isp1')
    .min(1, { error: 'is empty; write at least one uplink with a name and its source addresses' })
    .describe('One entry for each way to the Internet.'),
  listeners: list(listener, 'listeners', '- address: 198.51.100.30:25')
    .optional()
    .describe('Where mail is taken.'),
  domains: list(domain, 'domains', '- name: example.com')
    .optional()
    .describe('The domains that we take mail for.'),
  relay: map({
    from_networks: list(
      text('a network such as 10.20.0.0/24', ['10.20.0.0/24'], parseNetwork),
      'networks',
      '[10.20.0.0/24, 127.0.0.0/8]',
    )
      .optional()
      .describe('Who may send to the world through relay listeners. Default: nobody.'),
  })
    .optional()
    .describe('Who may relay.'),
  dns: map({
    servers: list(dnsServer, 'resolvers', '["127.0.0.1:53"]')
      .optional()
      .describe("The resolvers to ask. Default: the system's. An entry is an address and port, or a map."),
    trust_ad: truth()
      .optional()
      .describe(
        'The way to these resolvers is safe, so their AD bit may be believed. Default: loopback only.',
      ),
  })
    .optional()
    .describe('How names are looked up.'),
  delivery: map({
    port: wholeNumber(1, 65_535, 25)
      .prefault(25)
      .describe("The port of the world's mail hosts; another one for tests."),
    doubt_wait: duration('10m')
      .prefault('10m')
      .describe('The final dot went out and no answer came: how long before the message is sent again.'),
  })
    .prefault({})
    .describe('How mail is delivered.'),
  queue: map({
    store: z
      .literal('sqlite', { error: 'is not sqlite, the one store of this version' })
      .prefault('sqlite')
      .describe('Where the queue is kept: the embedded database.'),
    expire: duration('5d')
      .prefault('5d')
      .describe(
        'How long delivery is tried. Time in which no uplink was up does not count, up to twice this.',
      ),
    delay_notice: text(
      'a duration such as 4h, or never',
      ['4h'],
      parseDelayNotice,
      `${pattern.duration}|^never$`,
    )
      .prefault('4h')
      .describe('A message that still waits after so long is told of to its sender, once; or `never`.'),
  })
    .prefault({})
    .describe('How mail waits.'),
  routes: list(
    map({
      to: text('a recipient pattern such as *.partner.example', ['*.partner.example'], parseToPattern)
        .optional()
        .describe(
          'Recipients: `partner.example`, `*.partner.example` (its subdomains), `user@partner.example` or `*`.',
        ),
      from: text('a sender pattern such as @bulk.example.com', ['@bulk.example.com'], parseFromPattern)
        .optional()
        .describe('Senders, by reverse-path: `@bulk.example.com` or `user@example.com`.'),
      uplinks: list(
        z.string({ error: 'is not the name of an uplink' }).meta({ examples: ['isp2'] }),
        'names of uplinks',
        '[isp2]',
      )
        .min(1, { error: 'is empty; name at least one uplink, or leave it out' })
        .optional()
        .describe('The only uplinks that this mail uses.'),
      smart_host: smartHost.optional().describe('The server that takes this mail.'),
    }),
    'routes',
    '[{ to: "*.partner.example", uplinks: [isp2] }]',
  )
    .optional()
    .describe('Rules for some of the mail, by recipient and sender; the first that fits holds.'),
  notify: list(
    map({
      mail: text('an address such as postmaster@example.com', ['postmaster@example.com'], parseMailbox)
        .optional()
        .describe('Mail to this address, by an uplink that is up.'),
      command: text('an absolute path', ['/usr/local/bin/on-change'], parseAbsolutePath)
        .optional()
        .describe(
          'Run this program, without a shell, with POSTERN_EVENT, _UPLINK, _STATE, _PREVIOUS, _REASON and _SINCE; killed after 30 s.',
        ),
      webhook: text('a URL such as https://ntfy.example/mail', ['https://ntfy.example/mail'], parseWebhook)
        .optional()
        .describe('Post a text to this URL.'),
    }),
    'ways to be told',
    '[{ mail: postmaster@example.com }]',
  )
    .optional()
    .describe(
      'Who is told of an uplink down or back, an unfit identity, a queue that ages, a certificate that ends: each once, and once when it is over.',
    ),
  drill: drillMap
    .optional()
    .describe(
      'Send mail by each spare uplink now and then, to know that it carries it. Default: only by hand.',
    ),
  http: map({
    address: endpoint('127.0.0.1:8025', null).describe(
      'Where to serve /metrics, /healthz and /readyz, address and port.',
    ),
  })
    .optional()
    .describe('Metrics and health over HTTP. Default: not served.'),
  health: health.prefault({}).describe('How uplinks are probed. Deliveries tell sooner.'),
  limits: map({
    message_size: text('a size such as 50MB', ['50MB'], parseSize, pattern.size)
      .prefault('50MB')
      .describe('The largest message taken, told in EHLO (SIZE).'),
    recipients: wholeNumber(1, 100_000, 1000)
      .prefault(1000)
      .describe('Recipients of one message; RFC 5321 section 4.5.3.1.8 asks for at least 100.'),
    connections: wholeNumber(1, 100_000, 2000)
      .prefault(2000)
      .describe('Clients at one time, over all listeners.'),
    per_client: wholeNumber(1, 100_000, 50)
      .prefault(50)
      .describe('At one time from one address (IPv6: one /64). Not for `relay.from_networks`.'),
  })
    .prefault({})
    .describe('Bounds on clients.'),
  log: map({
    level: word(['error', 'warn', 'info', 'debug']).prefault('info').describe('The least that is logged.'),
    format: word(['auto', 'json', 'text'])
      .prefault('auto')
      .describe('JSON lines, or readable text. `auto`: text on a terminal, else JSON.'),
    file: text('a path', ['/var/log/postern.log'], parsePath)
      .optional()
      .describe(
        "Append to this file in place of standard output; opened anew on SIGHUP, for log rotation. A relative path counts from the configuration's folder.",
      ),
  })
    .prefault({})
    .describe('What is logged, on standard output.'),
}).meta({ title: 'postern.yaml', description: 'The configuration of the mail gateway Postern.' });

/** The file as read: texts parsed, defaults filled in. */
export type Config = z.output<typeof configSchema>;

export type HealthConfig = z.output<typeof health>;

function atLeast100ms(value: string): Parsed<number> {
  const ms = parseDuration(value);
  return ms.ok && ms.value < 100 ? unparsed('is too short; write at least 100ms') : ms;
}

function parseUplinkName(name: string): Parsed<string> {
  if (name === 'local')
    return unparsed('is the name of the way to private addresses; write another, as in isp1');
  return /^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/.test(name)
    ? parsed(name)
    : unparsed('is not a name of up to 32 letters, digits, hyphens and underscores, as in isp1');
}

function parseInterface(name: string): Parsed<string> {
  return /^[^\s/:]{1,15}$/.test(name)
    ? parsed(name)
    : unparsed('is not the name of a network interface, as in ppp0');
}

function parsePath(path: string): Parsed<string> {
  return path !== '' && !path.includes('\0')
    ? parsed(path)
    : unparsed('is not a path, as in /var/lib/postern');
}

function parseAbsolutePath(path: string): Parsed<string> {
  return path.startsWith('/') && !path.includes('\0')
    ? parsed(path)
    : unparsed('is not an absolute path, as in /usr/local/bin/on-change');
}

function parseUser(user: string): Parsed<string> {
  return /^[^\0\r\n]{1,255}$/.test(user)
    ? parsed(user)
    : unparsed('is not a user name, as in mail@example.com');
}

function parseWebhook(text: string): Parsed<string> {
  const url = URL.parse(text);
  const isWeb = url !== null && (url.protocol === 'https:' || url.protocol === 'http:');
  return isWeb && url.username === '' && url.password === ''
    ? parsed(url.href)
    : unparsed('is not an http or https URL without a user name, as in https://ntfy.example/mail');
}

/** Null: never. */
function parseDelayNotice(text: string): Parsed<number | null> {
  if (text === 'never') return parsed(null);
  const ms = parseDuration(text);
  return ms.ok ? ms : unparsed('is neither a duration nor never; write for example 4h');
}
