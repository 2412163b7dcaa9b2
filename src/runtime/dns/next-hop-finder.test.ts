import assert from 'node:assert/strict';
import test from 'node:test';
import { primaryDomain } from '../../../test/settings.ts';
import type { NextHop } from '../../decision/next-hop/next-hop.ts';
import { isOfType, type RecordData, type RecordType } from '../../protocol/dns/record.ts';
import type { Clock } from '../ports.ts';
import { type FinderSettings, NextHopFinder } from './next-hop-finder.ts';
import type { DnsAnswer } from './resolver.ts';

/** Time that the test moves; timers fire when it passes them. */
class HandClock implements Clock {
  #now = 0;
  #timers: { at: number; fire: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  timer(ms: number, fire: () => void): { cancel(): void } {
    const timer = { at: this.#now + ms, fire };
    this.#timers.push(timer);
    return {
      cancel: () => {
        this.#timers = this.#timers.filter(other => other !== timer);
      },
    };
  }

  sleep(): Promise<void> {
    return Promise.resolve();
  }

  pass(ms: number): void {
    this.#now += ms;
    const due = this.#timers.filter(timer => timer.at <= this.#now);
    this.#timers = this.#timers.filter(timer => timer.at > this.#now);
    for (const timer of due) timer.fire();
  }
}

type Told = readonly RecordData[] | 'nodata' | 'nxdomain' | 'temperror' | 'never';

/** DNS as a plain table; what is not in it does not exist. */
class TableResolver {
  readonly asked: string[] = [];
  readonly table: Record<string, Told>;

  constructor(table: Record<string, Told>) {
    this.table = table;
  }

  async resolve<Type extends RecordType>(name: string, type: Type): Promise<DnsAnswer<Type>> {
    this.asked.push(`${name} ${type}`);
    const told = this.table[`${name} ${type}`] ?? 'nodata';
    if (told === 'never') return new Promise(() => {});
    if (told === 'temperror')
      return { kind: 'temperror', reason: `DNS look-up of ${name} ${type} failed`, failure: 'timeout' };
    const believed = { name, ttlMs: 60_000, authenticated: false, stale: false };
    if (typeof told === 'string') return { kind: told, ...believed };
    return { kind: 'records', ...believed, records: told.filter(data => isOfType(data, type)) };
  }
}

const mx = (preference: number, exchange: string): RecordData => ({ type: 'MX', preference, exchange });
const a = (address: string): RecordData => ({ type: 'A', address });
const aaaa = (address: string): RecordData => ({ type: 'AAAA', address });

type Under = {
  readonly clock: HandClock;
  readonly resolver: TableResolver;
  readonly finder: NextHopFinder;
  readonly change: (changed: Partial<FinderSettings>) => void;
};

function finderOf(table: Record<string, Told>): Under {
  const clock = new HandClock();
  const resolver = new TableResolver(table);
  let settings: FinderSettings = {
    domains: [primaryDomain('example.com', '10.20.0.10', 2525)],
    port: 25,
    families: [4],
    ourAddresses: new Set(['198.51.100.30']),
  };
  const finder = new NextHopFinder({
    resolver,
    clock,
    random: { next: () => 0 },
    settings: () => settings,
  });
  const change = (changed: Partial<FinderSettings>): void => {
    settings = { ...settings, ...changed };
  };
  return { clock, resolver, finder, change };
}

function shown(hop: NextHop | null): string {
  if (hop === null) return 'unknown';
  if (hop.kind === 'defer') return 'defer';
  if (hop.kind === 'refused') return hop.enhancedStatus;
  return hop.hosts
    .map(host => `${host.name}=${host.addresses.map(({ address, port }) => `${address}:${port}`).join(',')}`)
    .join(' ');
}

const remote = {
  'remote.example MX': [mx(10, 'mx1.remote.example'), mx(20, 'mx2.remote.example')],
  'mx1.remote.example A': [a('192.0.2.10')],
  'mx2.remote.example A': [a('192.0.2.20')],
};
const both = 'mx1.remote.example=192.0.2.10:25 mx2.remote.example=192.0.2.20:25';

const rows: [string, Record<string, Told>, string, string][] = [
  ['MX hosts with their addresses', remote, 'remote.example', both],
  ['our own domain goes to deliver_to', {}, 'example.com', '10.20.0.10=10.20.0.10:2525'],
  [
    'no MX: the domain itself',
    { 'plain.example A': [a('192.0.2.30')] },
    'plain.example',
    'plain.example=192.0.2.30:25',
  ],
  ['no such domain', { 'none.example MX': 'nxdomain' }, 'none.example', '5.1.2'],
  [
    'no answer for the MX',
    { 'dark.example MX': 'temperror', 'dark.example A': [a('192.0.2.1')] },
    'dark.example',
    'defer',
  ],
  ['an address literal', {}, '[192.0.2.40]', '[192.0.2.40]=192.0.2.40:25'],
  ['what is no domain', {}, 'a b', '5.1.3'],
  ['an address without brackets is no domain', {}, '192.0.2.40', '5.1.3'],
  ['only IPv6 there, none here', { 'six.example AAAA': [aaaa('2001:db8::1')] }, 'six.example', 'defer'],
];
for (const [sentence, table, domain, expected] of rows) {
  test(`finder: ${sentence}`, async () => {
    assert.equal(shown(await finderOf(table).finder.find(domain)), expected);
  });
}

test('finder: what was found lately is told without asking, until its time is over', async () => {
  const { finder, resolver, clock } = finderOf(remote);
  assert.equal(finder.peek('remote.example'), null);
  await finder.find('remote.example');
  const asked = resolver.asked.length;
  assert.equal(shown(finder.peek('remote.example')), both);
  await finder.find('remote.example');
  assert.equal(resolver.asked.length, asked);
  clock.pass(60_000);
  assert.equal(finder.peek('remote.example'), null);
  await finder.find('remote.example');
  assert.equal(resolver.asked.length, 2 * asked);
});

test('finder: our domains and literals never wait', () => {
  const { finder } = finderOf({});
  assert.equal(shown(finder.peek('example.com')), '10.20.0.10=10.20.0.10:2525');
  assert.equal(shown(finder.peek('[192.0.2.40]')), '[192.0.2.40]=192.0.2.40:25');
});

test('finder: a backup keeps mail for the better hosts by MX, and says so without waiting the second time', async () => {
  const { finder, change, resolver } = finderOf({
    'backup.example MX': [mx(10, 'mx1.backup.example'), mx(20, 'mx2.example.com')],
    'mx1.backup.example A': [a('192.0.2.10')],
    'mx2.example.com A': [a('198.51.100.30')],
  });
  change({ domains: [{ ...primaryDomain('backup.example', ''), role: 'backup', deliverTo: [] }] });
  const expected = 'mx1.backup.example=192.0.2.10:25';
  assert.equal(shown(await finder.find('backup.example')), expected);
  assert.equal(shown(finder.peek('backup.example')), expected);
  Object.assign(resolver.table, { 'backup.example MX': [mx(10, 'mx2.example.com')] });
  change({ families: [4, 6] });
  assert.equal(shown(await finder.find('backup.example')), 'defer', 'and never to ourselves');
});

test('finder: many messages for a new domain ask once', async () => {
  const { finder, resolver } = finderOf(remote);
  await Promise.all(Array.from({ length: 20 }, () => finder.find('remote.example')));
  assert.deepEqual(resolver.asked, ['remote.example MX', 'mx1.remote.example A', 'mx2.remote.example A']);
});

test('finder: a failure is not kept', async () => {
  const { finder, resolver } = finderOf({
    ...remote,
    'mx1.remote.example A': 'temperror',
    'mx2.remote.example A': 'temperror',
  });
  assert.equal(shown(await finder.find('remote.example')), 'defer');
  Object.assign(resolver.table, remote);
  assert.equal(shown(await finder.find('remote.example')), both);
});

test('finder: a host whose name servers are silent holds up nobody for more than a second', async () => {
  const { finder, resolver, clock } = finderOf({ ...remote, 'mx1.remote.example A': 'never' });
  const finding = finder.find('remote.example');
  await new Promise(resolve => setImmediate(resolve));
  clock.pass(1_000);
  assert.equal(shown(await finding), 'mx2.remote.example=192.0.2.20:25');
  Object.assign(resolver.table, remote);
  clock.pass(5_000);
  assert.equal(shown(await finder.find('remote.example')), both, 'and is asked again soon');
});

test('finder: a reload with other domains or families counts at once', async () => {
  const { finder, change } = finderOf({ ...remote, 'mx1.remote.example AAAA': [aaaa('2001:db8:9::10')] });
  await finder.find('remote.example');
  change({ families: [4, 6] });
  assert.equal(finder.peek('remote.example'), null);
  assert.match(
    shown(await finder.find('remote.example')),
    /^mx1\.remote\.example=192\.0\.2\.10:25,2001:db8:9::10:25 /,
  );
  change({ ourAddresses: new Set(['192.0.2.20']) });
  assert.equal(
    shown(await finder.find('remote.example')),
    'mx1.remote.example=192.0.2.10:25,2001:db8:9::10:25',
  );
  change({ domains: [] });
  assert.equal(finder.peek('example.com'), null);
});
