import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import fc from 'fast-check';
import { mistakeText } from './mistake.ts';
import { parseSettings, readSettings, readStateDir } from './read-settings.ts';
import type { Settings } from './settings.ts';

const sound = `hostname: mail.example.com
uplinks:
  - name: isp1
    source: [198.51.100.30]
listeners: [{ address: "10.20.0.2:25", role: relay }]
relay: { from_networks: [10.20.0.0/24] }
`;

function mistakes(source: string): string[] {
  const read = parseSettings('p.yaml', source);
  return read.ok ? [] : read.error.map(mistakeText);
}

function settingsOf(source: string): Settings {
  const read = parseSettings('/etc/postern/postern.yaml', source);
  assert.ok(read.ok, read.ok ? '' : read.error.map(mistakeText).join('\n'));
  return read.value.settings;
}

function warnings(source: string): string[] {
  const read = parseSettings('p.yaml', source);
  assert.ok(read.ok, read.ok ? '' : read.error.map(mistakeText).join('\n'));
  return read.value.warnings.map(mistakeText);
}

/** A sentence, what is added to the sound file above (its 7th line and on), and all that is told. */
const rows: [string, string, string[]][] = [
  ['a sound file has no mistake', '', []],
  [
    'an unknown key gets the near word',
    'lisners: []',
    ['p.yaml:7:1: lisners is not a key that Postern knows; did you mean listeners?'],
  ],
  [
    'an unknown key far from all known ones gets the list of them',
    'delivery: { zebra: 1 }',
    ['p.yaml:7:13: delivery.zebra is not a key that Postern knows; here it knows port, doubt_wait.'],
  ],
  [
    'a key that stands one level too deep is sent to the top',
    'delivery: { listeners: 1 }',
    [
      'p.yaml:7:13: delivery.listeners is not a key that Postern knows; listeners stands at the top of the file.',
    ],
  ],
  [
    'what stands under an unknown key is never shown',
    'pasword: "s3cret"',
    [
      'p.yaml:7:1: pasword is not a key that Postern knows; here it knows hostname, state_dir, uplinks, listeners, domains, relay, dns, delivery, queue, routes, notify, drill, http, health, limits, log.',
    ],
  ],
  [
    'a wrong type',
    'delivery: { port: "smtp" }',
    ['p.yaml:7:19: delivery.port: "smtp" is not a whole number from 1 to 65535; write for example 25.'],
  ],
  [
    'a port out of range',
    'delivery: { port: 70000 }',
    ['p.yaml:7:19: delivery.port: 70000 is not a whole number from 1 to 65535; write for example 25.'],
  ],
  [
    'a duration without its unit',
    'queue: { expire: 5 }',
    ['p.yaml:7:18: queue.expire: 5 is not a duration such as 5d.'],
  ],
  [
    'a duration with an unknown unit',
    'queue: { expire: 5y }',
    [
      'p.yaml:7:18: queue.expire: "5y" is not a duration: write a whole number and its unit (s, m, h, d or w), as in 30s or 5d.',
    ],
  ],
  [
    'a probe interval that would flood',
    'health: { interval: 1ms }',
    ['p.yaml:7:21: health.interval: "1ms" is too short; write at least 100ms.'],
  ],
  [
    'a bad size',
    'limits: { message_size: 50M }',
    [
      'p.yaml:7:25: limits.message_size: "50M" is not a size: write a whole number and its unit (KB, MB or GB), as in 50MB.',
    ],
  ],
  [
    'a word that is not one of the choices',
    'log: { level: inof }',
    ['p.yaml:7:15: log.level: "inof" is not one of: error, warn, info, debug; did you mean info?'],
  ],
  ['a map without anything', 'dns:', ['p.yaml:7:1: dns: nothing is not a map of keys and values.']],
  [
    'text where a list belongs',
    'domains: example.com',
    ['p.yaml:7:10: domains: "example.com" is not a list of domains; write for example - name: example.com.'],
  ],
  [
    'a domain without its mail store',
    'domains: [{ name: example.com }]',
    [
      'p.yaml:7:11: domains[0]: deliver_to is missing, and "example.com" is a primary domain; write where its mail store is, as in deliver_to: ["10.20.0.10:25"].',
    ],
  ],
  [
    'a domain that stands twice, whatever its case',
    'domains:\n  - { name: example.com, deliver_to: ["10.20.0.10:25"] }\n  - { name: Example.com, deliver_to: ["10.20.0.10:25"] }',
    ['p.yaml:9:13: domains[1].name: "example.com" is domains[0] already; write each domain once.'],
  ],
  [
    'a mail store that is Postern itself',
    'domains: [{ name: example.com, deliver_to: ["10.20.0.2:25"] }]',
    [
      'p.yaml:7:45: domains[0].deliver_to[0]: 10.20.0.2:25 is listeners[0] of Postern itself, and mail would go in a circle; write where the mail store listens.',
    ],
  ],
  [
    'a duplicate key',
    'hostname: b.example.com',
    ['p.yaml:7:1: this key stands twice in one map; keep one of them.'],
  ],
  [
    'a duplicate key hides no other mistake',
    'log: { level: info, level: info }\nqueue: { expire: x }',
    [
      'p.yaml:7:21: this key stands twice in one map; keep one of them.',
      'p.yaml:8:18: queue.expire: "x" is not a duration: write a whole number and its unit (s, m, h, d or w), as in 30s or 5d.',
    ],
  ],
  [
    'a syntax error',
    'log: { level: info',
    ['p.yaml:8:1: what was opened above is not closed before this line; write the missing }.'],
  ],
  [
    'a tab as indentation',
    'log:\n\tlevel: info',
    ['p.yaml:8:1: a tab is used as indentation; write spaces.'],
  ],
  [
    'an unknown resolver uplink',
    'dns: { servers: [{ address: "203.0.113.53:53", uplink: isp }] }',
    ['p.yaml:7:56: dns.servers[0].uplink: there is no uplink "isp"; did you mean isp1?'],
  ],
  [
    'reserved: tls',
    'tls: {}',
    ['p.yaml:7:1: tls comes with a later version of Postern; take it out until then.'],
  ],
  [
    'reserved: cluster',
    'cluster: {}',
    ['p.yaml:7:1: cluster comes with a later version of Postern; take it out until then.'],
  ],
  [
    'later: a PostgreSQL store',
    'queue: { store: "postgres://u:s3cret@db/x" }',
    ['p.yaml:7:17: queue.store: a PostgreSQL store comes with a later version; write sqlite.'],
  ],
  [
    'a mail store in its long form that is Postern itself',
    'domains: [{ name: example.com, deliver_to: [{ address: "10.20.0.2:25", xclient: true }] }]',
    [
      'p.yaml:7:56: domains[0].deliver_to[0].address: 10.20.0.2:25 is listeners[0] of Postern itself, and mail would go in a circle; write where the mail store listens.',
    ],
  ],
  ['a backup domain without its mail store', 'domains: [{ name: example.com, role: backup }]', []],
  [
    'recipients that nobody keeps',
    'domains: [{ name: example.com, role: backup, recipients: ldap }]',
    ['p.yaml:7:58: domains[0].recipients: "ldap" is not one of: any, callout.'],
  ],
  [
    'a list of recipients under a key that is none, and without its file',
    'domains: [{ name: example.com, role: backup, recipients: { fil: x } }]',
    [
      'p.yaml:7:58: domains[0].recipients.file is missing; write it, as in file: /etc/postern/recipients.',
      'p.yaml:7:60: domains[0].recipients.fil is not a key that Postern knows; did you mean file?',
    ],
  ],
  [
    'a list of recipients whose file is nothing',
    'domains: [{ name: example.com, role: backup, recipients: { file: "" } }]',
    ['p.yaml:7:66: domains[0].recipients.file: "" is not a path, as in /var/lib/postern.'],
  ],
  [
    'a route to nowhere, for nobody',
    'routes: [{}]',
    [
      'p.yaml:7:10: routes[0]: this route has neither to nor from; write which mail it is for, as in to: "*".',
      'p.yaml:7:10: routes[0]: this route has neither uplinks nor smart_host, so it changes nothing; write one of them.',
    ],
  ],
  [
    'a route by an uplink that is none',
    'routes: [{ to: "*.partner.example", uplinks: [isp11] }]',
    ['p.yaml:7:47: routes[0].uplinks[0]: there is no uplink "isp11"; did you mean isp1?'],
  ],
  [
    'a route for a pattern that is none',
    'routes: [{ to: "partner.*", uplinks: [isp1] }, { from: bulk.example.com, uplinks: [isp1] }]',
    [
      'p.yaml:7:16: routes[0].to: "partner.*" is not a recipient pattern; write partner.example, "*.partner.example" or user@partner.example.',
      'p.yaml:7:56: routes[1].from: "bulk.example.com" is not a sender pattern; write "@bulk.example.com" or user@example.com.',
    ],
  ],
  [
    'a password that would be told in clear text',
    'routes: [{ to: "*", smart_host: { host: smtp.isp2.example, tls: may, user: u, password_file: p } }]',
    [
      'p.yaml:7:76: routes[0].smart_host.user: a password is told under verified TLS only; write tls: verify, or take user and password_file out.',
    ],
  ],
  [
    'a password in the file itself',
    'routes: [{ to: "*", smart_host: { host: smtp.isp2.example, user: u, password: s3cret } }]',
    [
      'p.yaml:7:33: routes[0].smart_host: there is a user and no password_file; write the file that holds the password.',
      'p.yaml:7:69: routes[0].smart_host.password is not a key that Postern knows; here it knows host, port, tls, user, password_file.',
    ],
  ],
  [
    'two ways in one entry of notify',
    'notify: [{ mail: postmaster@example.com, command: /bin/true }]',
    ['p.yaml:7:10: notify[0]: write exactly one of mail, command and webhook in each entry of notify.'],
  ],
  [
    'ways to be told that are none',
    'notify: [{ mail: postmaster }, { command: on-change }, { webhook: "ftp://u:s3cret@ntfy.example" }]',
    [
      'p.yaml:7:18: notify[0].mail: "postmaster" is not an address, as in postmaster@example.com.',
      'p.yaml:7:43: notify[1].command: "on-change" is not an absolute path, as in /usr/local/bin/on-change.',
      'p.yaml:7:67: notify[2].webhook: this is not an http or https URL without a user name, as in https://ntfy.example/mail.',
    ],
  ],
  [
    'metrics without a port',
    'http: { address: 127.0.0.1 }',
    ['p.yaml:7:18: http.address: "127.0.0.1" has no port; write it after a colon, as in 198.51.100.30:25.'],
  ],
  [
    'a delay notice at no time',
    'queue: { delay_notice: sometimes }',
    ['p.yaml:7:24: queue.delay_notice: "sometimes" is neither a duration nor never; write for example 4h.'],
  ],
];

for (const [sentence, added, expected] of rows) {
  const self = 'is listeners[0] of Postern itself';
  const circles: [string, string, string, boolean][] = [
    ['all addresses of the host, and loopback', '0.0.0.0:25', '127.0.0.1:25', true],
    ['all addresses of the host, and one of its own', '0.0.0.0:25', '198.51.100.30:25', true],
    ['all addresses of both families, and loopback', '[::]:25', '[::1]:25', true],
    ['all addresses of the host, and another host', '0.0.0.0:25', '10.20.0.10:25', false],
    ['all IPv4 addresses, and loopback in IPv6', '0.0.0.0:25', '[::1]:25', false],
    ['another port', '0.0.0.0:25', '127.0.0.1:2525', false],
    ['the address that the world calls', '10.20.0.2:25", public: "203.0.113.40', '203.0.113.40:25', true],
  ];
  for (const [sentence, listener, store, isCircle] of circles)
    test(`a mail store that is Postern itself: ${sentence}`, () => {
      const own = sound.replace('10.20.0.2:25", role: relay', `${listener}", role: mx`);
      const told = mistakes(`${own}domains: [{ name: example.com, deliver_to: ["${store}"] }]`);
      assert.deepEqual(
        told.map(mistake => mistake.includes(self)),
        isCircle ? [true] : [],
      );
    });

  test(`configuration: ${sentence}`, () => assert.deepEqual(mistakes(`${sound}${added}\n`), expected));
}

/** What stands in the place of the sound file's uplinks (from line 3 on), and all that is told. */
const uplinkRows: [string, string, string[]][] = [
  [
    'an uplink without a source',
    '- { name: isp1 }',
    ['p.yaml:3:5: uplinks[0].source is missing; write it, as in source: ["198.51.100.30"].'],
  ],
  [
    'a source that is no address',
    '- { name: isp1, source: [198.51.100.300] }',
    [
      'p.yaml:3:28: uplinks[0].source[0]: "198.51.100.300" is not an IP address; write for example 198.51.100.30 or "2001:db8:1::30".',
    ],
  ],
  [
    'a source that is everybody',
    '- { name: isp1, source: [224.0.0.1] }',
    [
      'p.yaml:3:28: uplinks[0].source[0]: "224.0.0.1" is a multicast address; write one address of one host, as in 198.51.100.30.',
    ],
  ],
  [
    'a source outside a list',
    '- { name: isp1, source: 198.51.100.30 }',
    [
      'p.yaml:3:27: uplinks[0].source: "198.51.100.30" is not a list of source addresses; write for example [198.51.100.30].',
    ],
  ],
  [
    'an EHLO name that is one word',
    '- { name: isp1, ehlo: mail, source: [198.51.100.30] }',
    [
      'p.yaml:3:25: uplinks[0].ehlo: "mail" is one word; write a fully qualified name, as in mail.example.com.',
    ],
  ],
  [
    'an EHLO name that is an address',
    '- { name: isp1, ehlo: 198.51.100.30, source: [198.51.100.30] }',
    [
      'p.yaml:3:25: uplinks[0].ehlo: "198.51.100.30" is an address; write a host name, as in mail.example.com.',
    ],
  ],
  [
    'an EHLO name with letters beyond ASCII',
    '- { name: isp1, ehlo: mail.münchen.example, source: [198.51.100.30] }',
    [
      'p.yaml:3:25: uplinks[0].ehlo: "mail.münchen.example" has letters beyond ASCII; write its A-label form, mail.xn--mnchen-3ya.example.',
    ],
  ],
  [
    'an EHLO name with a label that is no A-label',
    '- { name: isp1, ehlo: xn--a.example, source: [198.51.100.30] }',
    ['p.yaml:3:25: uplinks[0].ehlo: "xn--a.example" has the label xn--a, which is not a valid A-label.'],
  ],
  [
    'two uplinks of one name, and a source that both claim',
    '- { name: isp1, source: [198.51.100.30] }\n  - { name: isp1, source: [198.51.100.30] }',
    [
      'p.yaml:4:13: uplinks[1].name: "isp1" is the name of uplinks[0] already; give each uplink its own.',
      'p.yaml:4:28: uplinks[1].source[0]: 198.51.100.30 is claimed by uplinks[0] already; a source address belongs to one uplink.',
    ],
  ],
  [
    'a source in another spelling is the same source',
    '- { name: isp1, source: ["2001:db8::1"] }\n  - { name: isp2, source: [{ address: "2001:DB8:0:0:0::1" }] }',
    [
      'p.yaml:4:39: uplinks[1].source[0].address: 2001:db8::1 is claimed by uplinks[0] already; a source address belongs to one uplink.',
    ],
  ],
  [
    'a mistake in one uplink hides none that is told across uplinks',
    '- { name: isp1, source: [198.51.100.30], max_rate: 10 }\n  - { name: isp2, source: [198.51.100.30] }',
    [
      'p.yaml:3:54: uplinks[0].max_rate: 10 is not a rate such as 10/s.',
      'p.yaml:4:28: uplinks[1].source[0]: 198.51.100.30 is claimed by uplinks[0] already; a source address belongs to one uplink.',
    ],
  ],
  [
    'a source that is both address and interface',
    '- { name: isp1, source: [{ address: 198.51.100.30, interface: ppp0 }] }',
    [
      'p.yaml:3:65: uplinks[0].source[0].interface: this entry has an address already; write address or interface, not both.',
    ],
  ],
  [
    'a source that is neither',
    '- { name: isp1, source: [{ ehlo: mail.example.com }] }',
    [
      'p.yaml:3:28: uplinks[0].source[0]: a map without address or interface is no source; write one of them, as in { address: 198.51.100.30 }.',
    ],
  ],
  [
    'a public address of another family',
    '- { name: isp1, source: [{ address: 10.20.1.2, public: "2001:db8::1" }] }',
    [
      'p.yaml:3:58: uplinks[0].source[0].public: 2001:db8::1 is not of the family of its source; write an IPv4 address.',
    ],
  ],
  [
    'the name of the way to private addresses',
    '- { name: local, source: [198.51.100.30] }',
    [
      'p.yaml:3:13: uplinks[0].name: "local" is the name of the way to private addresses; write another, as in isp1.',
    ],
  ],
  [
    'a preference in words',
    '- { name: isp1, source: [198.51.100.30], preference: high }',
    [
      'p.yaml:3:56: uplinks[0].preference: "high" is not a whole number from 0 to 65535; write for example 10.',
    ],
  ],
  [
    'a share that is most of the mail, and a word for unfit that is none',
    '- { name: isp1, source: [198.51.100.30], warm_share: 80%, when_unfit: lst, smart_host: {} }',
    [
      'p.yaml:3:56: uplinks[0].warm_share: "80%" is not a share: write a number up to 50 and a percent sign, as in 2%.',
      'p.yaml:3:73: uplinks[0].when_unfit: "lst" is not one of: last, hold, use; did you mean last?',
      'p.yaml:3:90: uplinks[0].smart_host.host is missing; write it, as in host: smtp.isp2.example.',
    ],
  ],
];

for (const [sentence, uplinks, expected] of uplinkRows) {
  const source = sound.replace('- name: isp1\n    source: [198.51.100.30]', uplinks);
  test(`configuration: ${sentence}`, () => assert.deepEqual(mistakes(source), expected));
}

/** What stands in the place of the sound file's listeners and networks (lines 5 and 6), and all that is told. */
const relayRows: [string, string, string, string[]][] = [
  ['a relay listener on a private address', '{ address: "10.20.0.2:25", role: relay }', '10.20.0.0/24', []],
  ['a relay listener on loopback', '{ address: "127.0.0.1:25", role: relay }', '127.0.0.0/8', []],
  ['an mx listener on a public address', '{ address: "198.51.100.30:25", role: mx }', '10.20.0.0/24', []],
  [
    'a relay listener that the world can reach',
    '{ address: "198.51.100.30:25", role: relay }',
    '10.20.0.0/24',
    [
      'p.yaml:5:24: listeners[0]: the world can reach this relay listener at 198.51.100.30; listen on a private address, or write allow_public: true if this is meant.',
    ],
  ],
  [
    'a relay listener that the world may reach, because it is meant',
    '{ address: "198.51.100.30:25", role: relay, allow_public: true }',
    '10.20.0.0/24',
    [],
  ],
  [
    'a relay listener on all addresses',
    '{ address: "0.0.0.0:25", role: relay }',
    '10.20.0.0/24',
    [
      'p.yaml:5:24: listeners[0]: this relay listener takes every address of the host, those that the world can reach too; listen on a private address, or write allow_public: true if this is meant.',
    ],
  ],
  [
    'a relay listener behind NAT that the world can reach',
    '{ address: "10.20.1.2:25", role: relay, public: 198.51.100.31 }',
    '10.20.0.0/24',
    [
      'p.yaml:5:24: listeners[0]: this relay listener is reached by the world as 198.51.100.31; listen on a private address, or write allow_public: true if this is meant.',
    ],
  ],
  [
    'networks that hold the router which rewrites the world',
    '{ address: "10.20.0.2:25", role: relay }, { address: "10.20.1.2:25", role: mx, public: 198.51.100.31 }',
    '10.20.0.0/16',
    [
      "p.yaml:5:24: listeners[0]: relay.from_networks has 10.20.0.0/16, and with it the router that stands before 10.20.1.2 and may put its own address in place of the world's; listen on a private address, or write allow_public: true if this is meant.",
    ],
  ],
  [
    'an open relay, though it is meant',
    '{ address: "198.51.100.30:25", role: relay, allow_public: true }',
    '0.0.0.0/0',
    [
      'p.yaml:6:26: relay.from_networks[0]: 0.0.0.0/0 holds a large part of the Internet, and this would be an open relay; write the networks that are yours, as in 10.20.0.0/24.',
    ],
  ],
  [
    'an open relay in IPv6',
    '{ address: "10.20.0.2:25", role: relay }',
    '"::/0"',
    [
      'p.yaml:6:26: relay.from_networks[0]: ::/0 holds a large part of the Internet, and this would be an open relay; write the networks that are yours, as in 10.20.0.0/24.',
    ],
  ],
  [
    'an open relay in pieces',
    '{ address: "10.20.0.2:25", role: relay }',
    '8.0.0.0/9, 9.0.0.0/9, 10.0.0.0/8',
    [
      'p.yaml:6:25: relay.from_networks: taken together these networks hold a large part of the Internet, and this would be an open relay; write the networks that are yours, as in 10.20.0.0/24.',
    ],
  ],
  [
    'all of IPv4, written as IPv6',
    '{ address: "10.20.0.2:25", role: relay }',
    '"::ffff:0:0/96"',
    [
      'p.yaml:6:26: relay.from_networks[0]: "::ffff:0:0/96" is an IPv4 network written as IPv6; write it as IPv4, as in 10.20.0.0/24.',
    ],
  ],
  [
    'a network with host bits',
    '{ address: "10.20.0.2:25", role: relay }',
    '10.20.0.5/24',
    [
      'p.yaml:6:26: relay.from_networks[0]: "10.20.0.5/24" has bits beyond its prefix; write 10.20.0.0/24 for the network, or 10.20.0.5 for the one host.',
    ],
  ],
  [
    'no network at all',
    '{ address: "10.20.0.2:25", role: relay }',
    'office',
    [
      'p.yaml:6:26: relay.from_networks[0]: "office" is not a network; write an address and its prefix length, as in 10.20.0.0/24.',
    ],
  ],
  [
    'a submission listener',
    '{ address: "10.20.0.2:587", role: submission }',
    '10.20.0.0/24',
    ['p.yaml:5:47: listeners[0].role: "submission" comes with a later version; write mx or relay.'],
  ],
  [
    'a listener without its role, on a port that is none',
    '{ address: "10.20.0.2:99999" }',
    '10.20.0.0/24',
    [
      'p.yaml:5:13: listeners[0].role is missing; write it, as in role: mx.',
      'p.yaml:5:24: listeners[0].address: "10.20.0.2:99999" has no port from 1 to 65535 after its last colon.',
    ],
  ],
  [
    'two listeners in one place',
    '{ address: "10.20.0.2:25", role: relay }, { address: "10.20.0.2", role: mx }',
    '10.20.0.0/24',
    [
      'p.yaml:5:66: listeners[1].address: 10.20.0.2:25 is taken by listeners[0] already; give each listener its own address or port.',
    ],
  ],
  [
    'bare newlines cleaned for the world',
    '{ address: "198.51.100.30:25", role: mx, bare_newline: clean }',
    '10.20.0.0/24',
    [
      'p.yaml:5:68: listeners[0].bare_newline: "clean" is for relay listeners, where old printers send; from the world a bare CR or LF is always refused, so write refuse.',
    ],
  ],
  [
    'TLS of a listener without its key',
    '{ address: "198.51.100.30:25", role: mx, tls: { cert: mail.pem } }',
    '10.20.0.0/24',
    ['p.yaml:5:59: listeners[0].tls.key is missing; write it, as in key: /etc/postern/mail.key.'],
  ],
];

for (const [sentence, listeners, networks, expected] of relayRows) {
  const source = sound
    .replace('{ address: "10.20.0.2:25", role: relay }', listeners)
    .replace('10.20.0.0/24', networks);
  test(`configuration: ${sentence}`, () => assert.deepEqual(mistakes(source), expected));
}

test('the example of the reference network is taken, with every key that there is', () => {
  const settings = settingsOf(`
hostname: mail.example.com
state_dir: /var/lib/postern
uplinks:
  - name: isp1
    ehlo: mail.example.com
    source: [198.51.100.30]
    preference: 10
  - name: isp2
    ehlo: mail2.example.com
    source:
      - { address: 10.20.2.2, public: 203.0.113.40 }
      - { address: "2001:DB8:2:0::40", ehlo: mail2-v6.example.com }
      - { interface: ppp0 }
      - { interface: ppp0, family: 6 }
    preference: 20
    weight: 3
    max_rate: 300/m
    max_connections: 50
    warm_share: 2%
    when_unfit: hold
    smart_host: { host: SMTP.isp2.example, user: u, password_file: isp2 }
    dns: ["203.0.113.53:53", "[2001:db8:2::53]"]
    probe: ["mx.remote.example:25", mx.other.example]
    health: { interval: 30s }
listeners:
  - address: 198.51.100.30:25
    role: mx
    name: mx1.example.com
    tls: { cert: /etc/ssl/mail.pem, key: mail.key }
  - { address: "[::1]:2525", role: relay, bare_newline: clean }
domains:
  - name: example.com
    role: primary
    deliver_to: ["10.20.0.10:25", { address: 10.20.0.11, xclient: true }]
    recipients: { file: recipients }
  - { name: other.example, role: backup, recipients: callout }
relay:
  from_networks: [10.20.0.0/24, 127.0.0.0/8, 192.0.2.7]
dns:
  servers: ["127.0.0.1:53", { address: 10.20.0.3, uplink: isp1, trust_ad: false }]
  trust_ad: true
delivery: { port: 25, doubt_wait: 10m }
routes:
  - { to: "*.Partner.example", uplinks: [isp2] }
  - { from: "@bulk.example.com", smart_host: { host: 192.0.2.25, port: 25, tls: none } }
queue: { store: sqlite, expire: 5d, delay_notice: never }
drill: { every: 7d, for: 60s }
notify:
  - mail: postmaster@example.com
  - command: /usr/local/bin/on-change
  - webhook: https://ntfy.example/mail
http: { address: "127.0.0.1:8025" }
health: { interval: 10s, suspect_interval: 1s, timeout: 4s, prove: 12s }
limits: { message_size: 50MB, recipients: 1000, connections: 2000, per_client: 50 }
log: { level: info, file: /var/log/postern.log }
`);
  const egress = {
    uplink: 'isp2',
    ehlo: 'mail2.example.com',
    family: 4,
    address: null,
    interface: null,
    publicAddress: null,
  };
  const health = { intervalMs: 10_000, suspectIntervalMs: 1000, timeoutMs: 4000, proveMs: 12_000 };
  assert.deepEqual(settings, {
    hostname: 'mail.example.com',
    stateDir: '/var/lib/postern',
    uplinks: [
      {
        name: 'isp1',
        preference: 10,
        weight: 1,
        egresses: [
          {
            ...egress,
            id: 'isp1/198.51.100.30',
            uplink: 'isp1',
            ehlo: 'mail.example.com',
            address: '198.51.100.30',
          },
        ],
        dns: [],
        probe: [],
        health,
        maxRatePerS: null,
        maxConnections: null,
        warmShare: 0,
        whenUnfit: 'last',
        smartHost: null,
      },
      {
        name: 'isp2',
        preference: 20,
        weight: 3,
        egresses: [
          { ...egress, id: 'isp2/10.20.2.2', address: '10.20.2.2', publicAddress: '203.0.113.40' },
          {
            ...egress,
            id: 'isp2/2001:db8:2::40',
            family: 6,
            address: '2001:db8:2::40',
            ehlo: 'mail2-v6.example.com',
          },
          { ...egress, id: 'isp2/ppp0', interface: 'ppp0' },
          { ...egress, id: 'isp2/ppp0/6', family: 6, interface: 'ppp0' },
        ],
        dns: [
          { address: '203.0.113.53', port: 53 },
          { address: '2001:db8:2::53', port: 53 },
        ],
        probe: [
          { host: 'mx.remote.example', port: 25 },
          { host: 'mx.other.example', port: 25 },
        ],
        health: { ...health, intervalMs: 30_000 },
        maxRatePerS: 5,
        maxConnections: 50,
        warmShare: 0.02,
        whenUnfit: 'hold',
        smartHost: {
          host: 'smtp.isp2.example',
          port: 587,
          tls: 'verify',
          login: { user: 'u', passwordFile: '/etc/postern/isp2' },
        },
      },
    ],
    listeners: [
      {
        address: '198.51.100.30',
        port: 25,
        role: 'mx',
        name: 'mx1.example.com',
        publicAddress: null,
        bareNewline: 'refuse',
        allowPublic: false,
        tls: { certFile: '/etc/ssl/mail.pem', keyFile: '/etc/postern/mail.key' },
      },
      {
        address: '::1',
        port: 2525,
        role: 'relay',
        name: 'mail.example.com',
        publicAddress: null,
        bareNewline: 'clean',
        allowPublic: false,
        tls: null,
      },
    ],
    domains: [
      {
        name: 'example.com',
        role: 'primary',
        deliverTo: [
          { address: '10.20.0.10', port: 25, xclient: false },
          { address: '10.20.0.11', port: 25, xclient: true },
        ],
        recipients: { kind: 'file', path: '/etc/postern/recipients' },
        whenUnknown: 'defer',
        expireMs: null,
      },
      {
        name: 'other.example',
        role: 'backup',
        deliverTo: [],
        recipients: { kind: 'callout' },
        whenUnknown: 'accept',
        expireMs: 1_814_400_000,
      },
    ],
    relay: { fromNetworks: ['10.20.0.0/24', '127.0.0.0/8', '192.0.2.7/32'] },
    dnsServers: [
      { address: '127.0.0.1', port: 53, uplink: null, trustAd: true },
      { address: '10.20.0.3', port: 53, uplink: 'isp1', trustAd: false },
    ],
    delivery: { port: 25, doubtWaitMs: 600_000 },
    queue: { expireMs: 432_000_000, delayNoticeMs: null },
    limits: { messageSizeBytes: 50_000_000, recipients: 1000, connections: 2000, perClient: 50 },
    routes: [
      { to: '*.partner.example', from: null, uplinks: ['isp2'], smartHost: null },
      {
        to: null,
        from: '@bulk.example.com',
        uplinks: null,
        smartHost: { host: '192.0.2.25', port: 25, tls: 'none', login: null },
      },
    ],
    notify: [
      { kind: 'mail', address: 'postmaster@example.com' },
      { kind: 'command', path: '/usr/local/bin/on-change' },
      { kind: 'webhook', url: 'https://ntfy.example/mail' },
    ],
    drill: { everyMs: 604_800_000, forMs: 60_000 },
    http: { address: '127.0.0.1', port: 8025 },
    log: { level: 'info', format: 'auto', file: '/var/log/postern.log' },
  });
});

test('what is left out has its default', () => {
  const settings = settingsOf(
    'hostname: Mail.Example.com\nuplinks: [{ name: isp1, source: [198.51.100.30] }]\n',
  );
  assert.equal(settings.stateDir, '/var/lib/postern');
  assert.equal(settings.uplinks[0]?.preference, 10);
  assert.equal(settings.uplinks[0]?.egresses[0]?.ehlo, 'mail.example.com');
  assert.deepEqual(settings.uplinks[0]?.health, {
    intervalMs: 10_000,
    suspectIntervalMs: 1000,
    timeoutMs: 4000,
    proveMs: 10_000,
  });
  assert.deepEqual(settings.delivery, { port: 25, doubtWaitMs: 600_000 });
  assert.deepEqual(settings.limits, {
    messageSizeBytes: 50_000_000,
    recipients: 1000,
    connections: 2000,
    perClient: 50,
  });
  assert.deepEqual(
    [settings.listeners, settings.domains, settings.dnsServers, settings.relay.fromNetworks],
    [[], [], [], []],
  );
});

test('a relative state_dir counts from the folder of the file', () => {
  assert.equal(settingsOf(`${sound}state_dir: state\n`).stateDir, '/etc/postern/state');
});

const warningRows: [string, string, string[]][] = [
  ['a sound file has none', sound, []],
  [
    'a relay that the world can reach is warned of, though allowed',
    sound.replace('"10.20.0.2:25", role: relay', '"198.51.100.30:25", role: relay, allow_public: true'),
    [
      'p.yaml:5:71: listeners[0]: the world can reach this relay listener at 198.51.100.30; allow_public lets it stand.',
    ],
  ],
  [
    'without listeners nothing comes in',
    'hostname: mail.example.com\nuplinks: [{ name: isp1, source: [198.51.100.30] }]\n',
    ['p.yaml:1:1: listeners is missing, so nothing can hand mail to Postern; write at least one listener.'],
  ],
  [
    'a relay listener without networks serves nobody',
    sound.replace('from_networks: [10.20.0.0/24]', 'from_networks: []'),
    [
      'p.yaml:5:13: listeners[0]: relay.from_networks is empty, so this relay listener serves nobody; write your networks, as in [10.20.0.0/24].',
    ],
  ],
  [
    'an mx listener without domains refuses all',
    sound.replace('role: relay', 'role: mx'),
    [
      'p.yaml:5:13: listeners[0]: there are no domains, so this mx listener refuses every recipient; write domains.',
    ],
  ],
  [
    'a resolver on the Internet is not to be believed',
    `${sound}dns: { servers: ["203.0.113.53:53"], trust_ad: true }\n`,
    [
      'p.yaml:7:48: dns.trust_ad: the resolver 203.0.113.53 is on the Internet, where anybody on the way can set the AD bit; trust a resolver on this host or in your own network.',
    ],
  ],
];

for (const [sentence, source, expected] of warningRows) {
  test(`configuration warnings: ${sentence}`, () => assert.deepEqual(warnings(source), expected));
}

test('anchors and aliases are read, and a mistake is told where the alias stands', () => {
  const source = `${sound}health: &h { interval: 20s }\n`.replace(
    'source: [198.51.100.30]',
    'source: [198.51.100.30]\n    health: *h',
  );
  assert.deepEqual(mistakes(source), [
    'p.yaml:5:13: no anchor of this name stands before the alias; write the value itself.',
  ]);
  const later = `x: &h 5\n${sound}queue: { expire: *h }\n`;
  assert.deepEqual(mistakes(later), [
    'p.yaml:1:1: x is not a key that Postern knows; here it knows hostname, state_dir, uplinks, listeners, domains, relay, dns, delivery, queue, routes, notify, drill, http, health, limits, log.',
    'p.yaml:8:18: queue.expire: 5 is not a duration such as 5d.',
  ]);
});

const bombs: [string, string][] = [
  ['aliases without end', `a: &a x\nb: [${'*a, '.repeat(200)}]\n`],
  [
    'aliases that multiply',
    `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefgh'
      .split('')
      .map((name, index) => `${name}: &${name} [${Array(9).fill(`*${'abcdefg'[index]}`).join(',')}]\n`)
      .join('')}`,
  ],
  ['a list that holds itself', 'uplinks: &u [*u]\n'],
  ['a file without end', `# ${'x'.repeat(1_000_001)}`],
  ['a key that every object has', `__proto__: { uplinks: [] }\nconstructor: 1\n`],
  ['nothing', ''],
  ['a comment', '# nothing\n'],
  ['two documents', `${sound}---\n${sound}`],
  ['a word', 'postern\n'],
  ['a list', '- a\n'],
  ['control characters and direction marks', '"a\\u202eb\\e[31m": 1\n'],
];

test('configuration: empty lists are told as such, and names that nothing can be said of', () => {
  assert.deepEqual(
    mistakes(
      'hostname: mail.example.com\nuplinks: []\ndns: { servers: [{ address: 127.0.0.1, uplink: isp1 }] }\n',
    ),
    [
      'p.yaml:2:10: uplinks: the list is empty; write at least one uplink with a name and its source addresses.',
      'p.yaml:3:48: dns.servers[0].uplink: there is no uplink "isp1"; name the uplinks first.',
    ],
  );
});

for (const [sentence, source] of bombs) {
  test(`configuration: ${sentence} is refused in whole sentences`, () => {
    const told = mistakes(source);
    assert.ok(told.length > 0);
    for (const line of told) {
      assert.match(line, /^p\.yaml:\d+:\d+: .{10,}[.?]$/s);
      assert.doesNotMatch(line, /[\p{Cc}\p{Cf}]/u);
    }
  });
}

test('any text is read or refused, and no exception leaves', () => {
  const words = fc.constantFrom(
    'uplinks',
    'source',
    'name',
    'address',
    ':',
    '- ',
    '\n',
    '  ',
    '[',
    ']',
    '{',
    '}',
    ',',
    '*a',
    '&a ',
    '10.0.0.0/8',
    '"',
    '!!set',
    '? ',
    'true',
    '5',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(words, { maxLength: 40 }).map(parts => parts.join('')),
      ),
      source => {
        const read = parseSettings('p.yaml', source);
        if (read.ok) return;
        assert.ok(read.error.length > 0);
        for (const { line, column } of read.error) assert.ok(line >= 1 && column >= 1);
      },
    ),
    { numRuns: 300 },
  );
});

test('a file that is not there is one mistake; one with mistakes still tells its state_dir', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'postern-config-'));
  try {
    const file = join(directory, 'p.yaml');
    const missing = await readSettings(file);
    assert.deepEqual(missing, {
      ok: false,
      error: [
        {
          file,
          line: 1,
          column: 1,
          message: 'there is no such file; name the configuration with --config FILE.',
        },
      ],
    });
    assert.equal((await readStateDir(file)).ok, false);
    writeFileSync(file, 'state_dir: state\nhostnam: x\n');
    assert.equal((await readSettings(file)).ok, false);
    assert.deepEqual(await readStateDir(file), { ok: true, value: join(directory, 'state') });
  } finally {
    rmSync(directory, { recursive: true });
  }
});
