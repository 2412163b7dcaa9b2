import assert from 'node:assert/strict';
import { test } from 'node:test';
import { debianMaster, postfixFacts } from '../../../test/postfix-facts.ts';
import type { ListenerSetting } from '../admission/listener.ts';
import { inboundNames } from './inbound-names.ts';

function listener(
  address: string,
  name: string,
  role: ListenerSetting['role'] = 'mx',
  port = 25,
): ListenerSetting {
  const rest = { publicAddress: null, bareNewline: 'refuse', allowPublic: false, tls: null } as const;
  return { address, port, role, name, ...rest };
}

const masterOf = (name: string): string => debianMaster.replace('smtp inet', `${name} inet`);

const rows: readonly (readonly [string, string, ListenerSetting, readonly string[]])[] = [
  ['a service of the address', '198.51.100.30:smtp', listener('198.51.100.30', 'mx1.example.com'), ['edit']],
  ['a port in digits', '198.51.100.30:25', listener('198.51.100.30', 'mx1.example.com'), ['edit']],
  [
    'an IPv6 address, however it is written',
    '[2001:DB8:1:0::30]:smtp',
    listener('2001:db8:1::30', 'mx1.example.com'),
    ['edit'],
  ],
  ['another address', '203.0.113.40:smtp', listener('198.51.100.30', 'mx1.example.com'), []],
  ['another port', '198.51.100.30:submission', listener('198.51.100.30', 'mx1.example.com'), []],
  ['one service for all', 'smtp', listener('198.51.100.30', 'mx1.example.com'), ['GREETING-NAME']],
  ['one service for all at another port', 'submission', listener('198.51.100.30', 'mx1.example.com'), []],
  [
    'one service for all, by that name, in any case',
    'smtp',
    listener('198.51.100.30', 'Mail.Example.com'),
    [],
  ],
  ['a listener that is no mx', '198.51.100.30:smtp', listener('198.51.100.30', 'x.example.com', 'relay'), []],
];

for (const [sentence, service, wanted, told] of rows)
  test(`inbound names: ${sentence}`, () => {
    const { edits, findings } = inboundNames(postfixFacts({}, masterOf(service)), [wanted]);
    assert.deepEqual([...edits.map(() => 'edit'), ...findings.map(({ id }) => id)], told);
  });

test('a service that has the name is left', () => {
  const named = masterOf('198.51.100.30:smtp').replace(
    '- - smtpd',
    '- - smtpd -o myhostname=mx1.example.com',
  );
  const { edits } = inboundNames(postfixFacts({}, named), [listener('198.51.100.30', 'mx1.example.com')]);
  assert.deepEqual(edits, []);
});

test('a service that is no smtpd is no door', () => {
  const other = masterOf('198.51.100.30:smtp').replace('- - smtpd', '- - spawn');
  const { edits } = inboundNames(postfixFacts({}, other), [listener('198.51.100.30', 'mx1.example.com')]);
  assert.deepEqual(edits, []);
});

for (const banner of [
  '$myhostname ESMTP',
  '${myhostname} ESMTP',
  '$(myhostname) ESMTP',
  'mail.example.com hello',
])
  test(`nothing is said of the banner ${banner}`, () => {
    const facts = postfixFacts({ smtpd_banner: banner });
    const expanded = new Map([
      ...facts.expanded,
      ['smtpd_banner', `${banner.startsWith('$') ? 'as.it.was' : banner}`],
    ]);
    assert.deepEqual(inboundNames({ ...facts, expanded }, []).findings, []);
  });
