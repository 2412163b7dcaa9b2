import { z } from 'zod';
import { parseNetwork } from './address.ts';
import { parseSize } from './measures.ts';
import { parseFromPattern, parseMailbox, parseToPattern } from './patterns.ts';
import {
  address,
  duration,
  endpoint,
  hostName,
  list,
  map,
  parseAbsolutePath,
  parseDelayNotice,
  parsePath,
  parseWebhook,
  pattern,
  text,
  truth,
  wholeNumber,
  word,
} from './schema-leaves.ts';
import { health, smartHost, uplink } from './schema-uplink.ts';

/*
 * The shape of `postern.yaml`. Descriptions go into the JSON Schema and the reference page.
 */

export const defaultStateDir = '/var/lib/postern';

const drillMap = map({
  every: duration('7d').prefault('7d').describe('Between two drills.'),
  for: duration('60s').prefault('60s').describe('How long one lasts.'),
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
          'Run this program, without a shell, with POSTERN_EVENT, _SUBJECT, _UPLINK, _STATE, _PREVIOUS, _REASON and _SINCE; killed after 30 s.',
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
      .describe(
        'Clients at one time, over all listeners. A tenth of them is kept for relay.from_networks; when all are taken, a client that has said next to nothing for 10 s gives its place, or one whose address holds many.',
      ),
    per_client: wholeNumber(1, 100_000, 50)
      .prefault(50)
      .describe(
        'At one time from one address (IPv6: one /64), and as many calls a second, over 10 s. Not for `relay.from_networks`.',
      ),
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
