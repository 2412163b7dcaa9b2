import assert from 'node:assert/strict';
import { test } from 'node:test';
import { debianMaster, egress, postfixFacts as facts, uplink } from '../../../test/postfix-facts.ts';
import type { ListenerSetting } from '../admission/listener.ts';
import type { EgressSetting, UplinkSetting } from '../egress/egress.ts';
import { type CarePlan, planCare } from './care-plan.ts';
import { parseMaster } from './master-entry.ts';
import type { PostfixFacts } from './postfix-facts.ts';

const isp1 = uplink('isp1', 10, [egress('isp1', '198.51.100.30', 'mail.example.com')]);
const isp2 = uplink('isp2', 20, [
  egress('isp2', '203.0.113.40', 'mail2.example.com'),
  egress('isp2', '2001:db8:2::40', 'mail2.example.com'),
]);

function plan(
  of: PostfixFacts = facts(),
  uplinks: readonly UplinkSetting[] = [isp1, isp2],
  listeners: readonly ListenerSetting[] = [],
  absent: readonly string[] = [],
): CarePlan {
  const addressOf = ({ address }: EgressSetting): string | null =>
    address === null || absent.includes(address) ? null : address;
  return planCare(of, { uplinks, listeners, addressOf });
}

const values = ({ edits }: CarePlan): readonly string[] =>
  edits.map(({ name, value }) => `${name} = ${value ?? 'gone'}`);

const service = (name: string, bind: string, protocols: string, ehlo: string, before = ''): string =>
  `postern-${name}/unix = postern-${name} unix - - y - - smtp ${before}-o syslog_name=postfix/postern-${name} ${bind} -o inet_protocols=${protocols} -o smtp_helo_name=${ehlo} -o smtp_bind_address_enforce=yes -o smtp_connect_timeout=4s -o smtp_connection_cache_on_demand=no`;

const first = service('isp1', '-o smtp_bind_address=198.51.100.30', 'ipv4', 'mail.example.com');
const second = service(
  'isp2',
  '-o smtp_bind_address=203.0.113.40 -o smtp_bind_address6=2001:db8:2::40',
  'all',
  'mail2.example.com',
);
const byFirst = 'default_transport = postern-isp1';

const without = (text: string, option: string): string => text.replace(` -o ${option}`, '');
const enforce = 'smtp_bind_address_enforce=yes';

const rows: readonly (readonly [string, CarePlan, readonly string[]])[] = [
  [
    'each uplink has its transport, first, and then default_transport names the preferred one',
    plan(),
    [first, second, byFirst],
  ],
  [
    'a Postfix before 3.7 cannot enforce the address, so that is left out',
    plan(facts({}, debianMaster, '3.6.4')),
    [without(first, enforce), without(second, enforce), byFirst],
  ],
  [
    'settings and limits of the transport that carried mail until now hold for ours, its identity does not',
    plan(
      facts(
        {
          default_transport: 'out',
          out_destination_rate_delay: '1s',
          out_transport_rate_delay: '2s',
          smtp_destination_rate_delay: '9s',
        },
        `${debianMaster}out unix - - y - 20 smtp -o smtp_tls_security_level=encrypt -o smtp_helo_name=x.example.com\n`,
      ),
      [isp1],
    ),
    [
      first.replace('y - - smtp', 'y - 20 smtp -o smtp_tls_security_level=encrypt'),
      'postern-isp1_destination_rate_delay = $out_destination_rate_delay',
      'postern-isp1_transport_rate_delay = $out_transport_rate_delay',
      byFirst,
    ],
  ],
  [
    'an uplink that is configured no more loses its transport, after default_transport has left it',
    plan(
      facts(
        { default_transport: 'postern-old' },
        `${debianMaster}postern-old unix - - n - 7 smtp -o smtp_bind_address=192.0.2.9\npostern-in inet n - y - - smtpd\n`,
      ),
      [isp1],
    ),
    [first, byFirst, 'postern-old/unix = gone'],
  ],
  [
    'an address that is not here leaves the other family, and only that',
    plan(facts(), [isp2], [], ['203.0.113.40']),
    [
      service('isp2', '-o smtp_bind_address6=2001:db8:2::40', 'ipv6', 'mail2.example.com'),
      'default_transport = postern-isp2',
    ],
  ],
  [
    'a family that Postfix does not use is not used by an uplink either',
    plan(facts({ inet_protocols: 'ipv4' }), [isp2]),
    [
      service('isp2', '-o smtp_bind_address=203.0.113.40', 'ipv4', 'mail2.example.com'),
      'default_transport = postern-isp2',
    ],
  ],
  [
    'the addresses of the transport that carried mail until now are not ours',
    plan(
      facts(
        { default_transport: 'out' },
        `${debianMaster}out unix - - y - - smtp -o smtp_bind_address6=2001:db8::7 -o smtp_bind_address_enforce=yes\n`,
        '3.6.4',
      ),
      [isp1],
    ),
    [without(first, enforce), byFirst],
  ],
  [
    'only IPv6, where Postfix uses no other, and no IPv4 address is left of before',
    plan(
      facts(
        { inet_protocols: 'ipv6', default_transport: 'out' },
        `${debianMaster}out unix - - y - - smtp -o smtp_bind_address=192.0.2.7\n`,
      ),
      [isp2],
    ),
    [
      service('isp2', '-o smtp_bind_address6=2001:db8:2::40', 'ipv6', 'mail2.example.com'),
      'default_transport = postern-isp2',
    ],
  ],
  [
    'the uplink of the best preference is the default, wherever it is written',
    plan(facts(), [isp2, isp1]),
    [second, first, byFirst],
  ],
  [
    'an uplink that can have no transport is not the default',
    plan(facts(), [isp1, isp2], [], ['198.51.100.30']),
    [second, 'default_transport = postern-isp2'],
  ],
  [
    'a transport of our name that is no SMTP is replaced whole',
    plan(facts({}, `${debianMaster}postern-isp1 unix - n n - 3 pipe argv=uux\n`), [isp1]),
    [first, byFirst],
  ],
  [
    'a transport of ours that is named and gone comes again',
    plan(facts({ default_transport: 'postern-isp1' }), [isp1]),
    [first],
  ],
  [
    'an instance with a name of its own says it in the log',
    plan(facts({ syslog_name: 'postfix-out' }), [isp1]),
    [first.replace('postfix/', 'postfix-out/'), byFirst],
  ],
  [
    'a second name on one uplink is not used, for a transport says one',
    plan(facts(), [
      uplink('isp2', 20, [...isp2.egresses.slice(0, 1), egress('isp2', '2001:db8:2::40', 'six')]),
    ]),
    [
      service('isp2', '-o smtp_bind_address=203.0.113.40', 'ipv4', 'mail2.example.com'),
      'default_transport = postern-isp2',
    ],
  ],
];

for (const [sentence, made, wanted] of rows)
  test(sentence, () => {
    assert.deepEqual(values(made), wanted);
    assert.equal(made.blocked, null);
  });

/** Postfix as it is when the plan was carried out. */
function applied(before: PostfixFacts, made: CarePlan): PostfixFacts {
  const main = new Map(before.main);
  const explicit = new Map(before.explicit);
  let master = before.master;
  for (const { file, name, value } of made.edits) {
    if (file === 'main.cf' && value !== null) {
      main.set(name, value);
      explicit.set(name, value);
    } else {
      master = master.filter(entry => `${entry.name}/${entry.type}` !== name);
      if (value !== null) master = [...master, ...parseMaster(value)];
    }
  }
  return { ...before, main, explicit, expanded: main, master };
}

test('what was applied plans nothing more, and a transport that the watch chose stays', () => {
  const before = facts({ smtp_destination_concurrency_limit: '5' });
  const after = applied(before, plan(before));
  assert.deepEqual(plan(after).edits, []);
  const switched = {
    ...after,
    expanded: new Map([...after.expanded, ['default_transport', 'postern-isp2']]),
  };
  assert.deepEqual(plan(switched).edits, []);
});

test('limits of before are carried to a new uplink too, and not again to one that is there', () => {
  const before = facts({ smtp_destination_concurrency_limit: '5' });
  const alone = applied(before, plan(before, [isp1]));
  const limit = 'postern-isp2_destination_concurrency_limit = $smtp_destination_concurrency_limit';
  assert.deepEqual(values(plan(alone)), [second, limit]);
  const explicit = new Map(alone.explicit);
  const main = new Map(alone.main);
  for (const settings of [explicit, main]) settings.delete('postern-isp1_destination_concurrency_limit');
  assert.deepEqual(values(plan({ ...alone, explicit, main }, [isp1])), []);
  const back = { ...alone, expanded: new Map([...alone.expanded, ['default_transport', 'smtp']]) };
  assert.deepEqual(values(plan(back, [isp1])), [byFirst]);
});

test('an address that a transport of ours has beyond its uplink’s is taken out', () => {
  const after = applied(facts(), plan());
  const master = after.master.map(entry =>
    entry.name === 'postern-isp1'
      ? { ...entry, words: [...entry.words, '-o', 'smtp_bind_address6=2001:db8::7'] }
      : entry,
  );
  assert.deepEqual(values(plan({ ...after, master })), [first]);
});

test('where mail to the world is no SMTP, nothing is taken from its transport', () => {
  const [transport] = values(plan(facts({ default_transport: 'uucp' }), [isp1]));
  assert.equal(transport, first.replace('- - y - - smtp', '- - n - - smtp'));
});

test('half of it done, the rest is planned, limits too', () => {
  const before = facts({ smtp_destination_concurrency_limit: '5' });
  const made = plan(before);
  const half = applied(before, { ...made, edits: made.edits.filter(({ file }) => file === 'master.cf') });
  assert.deepEqual(values(plan(half)), [
    'postern-isp1_destination_concurrency_limit = $smtp_destination_concurrency_limit',
    'postern-isp2_destination_concurrency_limit = $smtp_destination_concurrency_limit',
    byFirst,
  ]);
});

test('an address of our transport that was changed by hand is put right, and what else was added stays', () => {
  const after = applied(facts(), plan());
  const changed = {
    ...after,
    master: after.master.map(entry =>
      entry.name === 'postern-isp1'
        ? {
            ...entry,
            words: [
              '-o',
              'smtp_tls_loglevel=1',
              ...entry.words.map(word => word.replace('198.51.100.30', '192.0.2.1')),
            ],
          }
        : entry,
    ),
  };
  assert.deepEqual(values(plan(changed)), [
    service(
      'isp1',
      '-o smtp_bind_address=198.51.100.30',
      'ipv4',
      'mail.example.com',
      '-o smtp_tls_loglevel=1 ',
    ),
  ]);
});

function mx(address: string, name: string): ListenerSetting {
  return {
    address,
    port: 25,
    role: 'mx',
    name,
    publicAddress: null,
    bareNewline: 'refuse',
    allowPublic: false,
    tls: null,
  };
}

test('an address with a service of its own gets its name; one service for all is told', () => {
  const master = debianMaster.replace('smtp inet', '198.51.100.30:smtp inet');
  const one = plan(facts({}, master), [isp1], [mx('198.51.100.30', 'mx1.example.com')]);
  assert.ok(
    values(one).includes(
      '198.51.100.30:smtp/inet = 198.51.100.30:smtp inet n - y - - smtpd -o myhostname=mx1.example.com',
    ),
  );
  const all = plan(facts(), [isp1], [mx('198.51.100.30', 'mx1.example.com')]);
  assert.deepEqual(values(all), [first, byFirst]);
  assert.deepEqual(
    all.findings.map(({ id, level }) => [id, level]),
    [['GREETING-NAME', 'info']],
  );
});

const faults: readonly (readonly [string, PostfixFacts, RegExp, string | null])[] = [
  [
    'a transport that binds an address without its name',
    facts({}, `${debianMaster}two unix - - y - - smtp -o smtp_bind_address=203.0.113.40\n`),
    /The transport two binds 203\.0\.113\.40 and has no name/,
    'EGRESS-EHLO-PTR',
  ],
  [
    'an address in main.cf that binds all sending',
    facts({ smtp_bind_address: '198.51.100.30' }),
    /binds every transport/,
    'EGRESS-WRONG-WAY',
  ],
  [
    'one address in inet_interfaces, which binds all sending',
    facts({ inet_interfaces: '127.0.0.1, 198.51.100.30' }),
    /every transport without an address of its own sends from 198\.51\.100\.30/,
    'EGRESS-WRONG-WAY',
  ],
  ['a relayhost that hides us', facts({ relayhost: '[smtp.isp2.example]' }), /receivers see that host/, null],
  [
    'a name in main.cf that covers all transports',
    facts({ smtp_helo_name: 'mail.example.com' }),
    /smtp_helo_name = mail\.example\.com in main\.cf/,
    'EGRESS-EHLO-SHARED',
  ],
  [
    'the same for IPv6',
    facts({}, `${debianMaster}two unix - - y - - smtp -o smtp_bind_address6=2001:db8::7\n`),
    /The transport two binds 2001:db8::7 and has no name/,
    'EGRESS-EHLO-PTR',
  ],
  [
    'an IPv6 address in main.cf that binds all sending',
    facts({ smtp_bind_address6: '2001:db8::7' }),
    /^smtp_bind_address6 = 2001:db8::7 in main\.cf binds every transport/,
    'EGRESS-WRONG-WAY',
  ],
  [
    'one IPv6 address in inet_interfaces',
    facts({ inet_interfaces: 'localhost, [2001:db8::1], 127.0.0.1, ::1' }),
    /one IPv6 address, .* sends from 2001:db8::1/,
    'EGRESS-WRONG-WAY',
  ],
  [
    'relay hosts by sender',
    facts({ sender_dependent_relayhost_maps: 'hash:/etc/postfix/hosts' }),
    /goes to the host it says/,
    null,
  ],
  [
    'a flush that is another program',
    facts({}, debianMaster.replace('1000? 0 flush', '1000? 0 error')),
    /no service flush/,
    null,
  ],
  [
    'a flush by another name',
    facts({}, debianMaster.replace('flush unix', 'fast unix')),
    /no service flush/,
    null,
  ],
  ['a transport map', facts({ transport_maps: 'hash:/etc/postfix/transport' }), /left as it is/, null],
  [
    'transports by sender',
    facts({ sender_dependent_default_transport_maps: 'hash:/etc/postfix/by-sender' }),
    /not by default_transport/,
    null,
  ],
  ['no flush service', facts({}, debianMaster.replace(/^flush.*\n/m, '')), /no service flush/, null],
  [
    'a greeting without the name',
    facts({ smtpd_banner: 'hello there' }),
    /begins with "hello"/,
    'GREETING-FORM',
  ],
];

for (const [what, of, message, id] of faults)
  test(`it is told: ${what}`, () => {
    const found = plan(of).findings;
    assert.equal(found.length, 1, JSON.stringify(found));
    assert.match(found[0]?.message ?? '', message);
    assert.equal(found[0]?.id, id);
    assert.deepEqual(plan().findings, [], 'and nothing is said without it');
  });

for (const own of [
  'two unix - - y - - smtp -o smtp_bind_address=203.0.113.40 -o smtp_helo_name=two.example.com',
  'two unix - - y - - smtp -o smtp_bind_address=203.0.113.40 -o myhostname=two.example.com',
  'two unix - - y - - lmtp -o smtp_bind_address=203.0.113.40',
  'postern-old unix - - y - - smtp -o smtp_bind_address=203.0.113.40',
])
  test(`nothing is wrong with ${own}`, () =>
    assert.deepEqual(plan(facts({}, `${debianMaster}${own}\n`)).findings, []));

test('two addresses of a family in inet_interfaces bind nothing', () => {
  const two = facts({
    inet_interfaces: '127.0.0.1, 198.51.100.30, [2001:db8::1], 203.0.113.40, 2001:db8::2',
  });
  assert.deepEqual(plan(two).findings, []);
});

const blocks: readonly (readonly [string, CarePlan, RegExp])[] = [
  ['a Postfix before 3.5', plan(facts({}, debianMaster, '3.4.23')), /is 3\.4\.23; Postern cares for 3\.5/],
  ['mail to the world that is no SMTP', plan(facts({ default_transport: 'uucp' })), /no SMTP to the world/],
  [
    'mail to the world that goes to one host',
    plan(facts({ default_transport: 'smtp:[192.0.2.1]' })),
    /one host/,
  ],
  ['no uplink with an address', plan(facts(), [isp1], [], ['198.51.100.30']), /No uplink/],
];

for (const [what, made, message] of blocks)
  test(`nothing is applied to ${what}`, () => assert.match(made.blocked ?? '', message));

const versions: readonly (readonly [string, number, RegExp | null])[] = [
  ['3.5.25', 1, /smtp_bind_address_enforce/],
  ['3.6.19', 1, /smtp_bind_address_enforce/],
  ['3.7.11', 0, null],
  ['3.8.13', 0, null],
  ['3.9.9', 0, null],
  ['3.10.7', 0, null],
  ['3.11-20260801', 0, null],
  ['4.0.1', 1, /newer than 3\.11/],
  ['3.12.0', 1, /newer than 3\.11/],
];

for (const [version, count, message] of versions)
  test(`what Postfix ${version} lacks is said`, () => {
    const { lacks } = plan(facts({}, debianMaster, version));
    assert.equal(lacks.length, count);
    if (message !== null) assert.match(lacks[0] ?? '', message);
  });
