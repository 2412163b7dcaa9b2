import assert from 'node:assert/strict';
import test from 'node:test';
import { routeFor } from './route-match.ts';
import type { RouteSetting } from './route-setting.ts';

const route = (to: string | null, from: string | null = null): RouteSetting => ({
  to,
  from,
  uplinks: ['isp2'],
  smartHost: null,
});

const sender = 'sender@example.com';

const rows: [string, RouteSetting, string, string, boolean][] = [
  ['a domain is itself', route('partner.example'), sender, 'a@partner.example', true],
  ['a domain is not its subdomains', route('partner.example'), sender, 'a@eu.partner.example', false],
  ['case does not count', route('partner.example'), sender, 'A@Partner.Example', true],
  ['a star is the subdomains', route('*.partner.example'), sender, 'a@eu.partner.example', true],
  ['a star is all depths of them', route('*.partner.example'), sender, 'a@x.eu.partner.example', true],
  ['a star is not the domain', route('*.partner.example'), sender, 'a@partner.example', false],
  ['a star ends at a dot', route('*.partner.example'), sender, 'a@notpartner.example', false],
  ['an address is one recipient', route('boss@partner.example'), sender, 'Boss@partner.example', true],
  ['an address is no other', route('boss@partner.example'), sender, 'b@partner.example', false],
  ['a star alone is everybody', route('*'), sender, 'a@remote.example', true],
  ['a name beyond ASCII is its A-label', route('xn--bcher-kva.example'), sender, 'a@bücher.example', true],
  ['a sender is its domain', route(null, '@bulk.example.com'), 'news@bulk.example.com', 'a@b.example', true],
  [
    'a sender is not the domain above',
    route(null, '@example.com'),
    'news@bulk.example.com',
    'a@b.example',
    false,
  ],
  ['a sender is one address', route(null, 'news@example.com'), 'News@example.com', 'a@b.example', true],
  ['both must fit', route('partner.example', '@bulk.example.com'), sender, 'a@partner.example', false],
  ['both fit', route('partner.example', '@example.com'), sender, 'a@partner.example', true],
  ['a bounce fits by its recipient', route('partner.example'), '', 'a@partner.example', true],
  ['a bounce fits no sender', route(null, '@example.com'), '', 'a@partner.example', false],
  ['a bounce fits no sender beside a recipient', route('*', '@example.com'), '', 'a@partner.example', false],
  ['our own domains are not everybody', route('*'), sender, 'a@example.com', false],
  ['our own domains have no senders', route(null, '@example.com'), sender, 'a@example.com', false],
  ['our own subdomains are meant by name only', route('*.example.com'), sender, 'a@sub.example.com', false],
  ['a domain of ours that is named is meant', route('example.com'), sender, 'a@example.com', true],
  ['an address of ours that is named is meant', route('a@example.com'), sender, 'a@example.com', true],
];

const isOurs = (domain: string): boolean => domain === 'example.com' || domain === 'sub.example.com';

for (const [sentence, setting, reversePath, forwardPath, fits] of rows)
  test(`routes: ${sentence}`, () =>
    assert.equal(routeFor([setting], reversePath, forwardPath, isOurs), fits ? setting : null));

test('routes: the first that fits holds', () => {
  const [special, general] = [route('boss@partner.example'), route('*')];
  assert.equal(routeFor([special, general], sender, 'boss@partner.example', isOurs), special);
  assert.equal(routeFor([special, general], sender, 'a@partner.example', isOurs), general);
});
