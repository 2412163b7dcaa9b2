import assert from 'node:assert/strict';
import test from 'node:test';
import { SimClock } from '../../../test/simulation/sim-clock.ts';
import type { SmartHost } from '../../decision/next-hop/route-setting.ts';
import { reply } from '../../protocol/smtp/reply.ts';
import { EventStream, type GatewayEvent } from '../events.ts';
import { SmartHosts, siteOfSmartHost } from './smart-hosts.ts';

const path = '/etc/postern/isp2';
const plain: SmartHost = {
  host: 'smtp.isp2.example',
  port: 587,
  tls: 'verify',
  login: { user: 'mail@example.com', passwordFile: path },
};

class Stand {
  readonly clock = new SimClock();
  readonly files = new Map<string, Buffer>([[path, Buffer.from('secret word\nand a note\n')]]);
  readonly names = new Map([['smtp.isp2.example', ['2001:db8::5', '192.0.2.5', '192.0.2.6']]]);
  readonly events: GatewayEvent[] = [];
  reads = 0;
  asked = 0;
  changed: () => void = () => {};
  readonly hosts: SmartHosts;

  constructor(setting: SmartHost = plain) {
    const events = new EventStream();
    events.subscribe(event => this.events.push(event));
    this.hosts = new SmartHosts({
      clock: this.clock,
      events,
      files: {
        read: async (file, limitBytes) => {
          this.reads += 1;
          const bytes = this.files.get(file);
          if (bytes === undefined) return { ok: false, error: `There is no file ${file}.` };
          return bytes.length > limitBytes
            ? { ok: false, error: `${file} has more than ${limitBytes} bytes.` }
            : { ok: true, value: bytes };
        },
        watch: (_file, changed) => {
          this.changed = changed;
          return { close: () => {} };
        },
      },
      resolve: async name => {
        this.asked += 1;
        return this.names.get(name) ?? [];
      },
    });
    this.hosts.configure([setting]);
  }

  async targets(setting: SmartHost = plain) {
    const found = await this.hosts.find(setting, false);
    assert.ok(found.kind === 'hosts', found.kind === 'waits' ? found.reason : '');
    return found.hosts.targets;
  }

  get warnings(): string[] {
    return this.events.flatMap(event => (event.kind === 'warning' ? [event.message] : []));
  }
}

test('smart hosts: its addresses come one of each family in turn, on its port, with its terms', async () => {
  const targets = await new Stand().targets();
  assert.deepEqual(
    targets.map(({ to }) => `${to.address} ${to.port}`),
    ['192.0.2.5 587', '2001:db8::5 587', '192.0.2.6 587'],
  );
  const login = { user: 'mail@example.com', password: 'secret word' };
  assert.deepEqual(targets[0]?.terms, { tls: 'verify', serverName: null, login, xclient: false });
});

test('smart hosts: an address needs no look-up', async () => {
  const setting = { ...plain, host: '192.0.2.5', login: null };
  const stand = new Stand(setting);
  const [target, ...others] = await stand.targets(setting);
  assert.deepEqual([target?.to.address, others.length, stand.asked], ['192.0.2.5', 0, 0]);
});

test('smart hosts: what was found serves for minutes, and on while DNS is silent', async () => {
  const stand = new Stand();
  const first = await stand.targets();
  assert.equal(await stand.targets(), first);
  assert.equal(stand.asked, 1);
  stand.names.clear();
  await stand.clock.run(10 * 60_000);
  assert.equal(await stand.targets(), first);
  assert.equal(stand.asked, 2);
});

const passwords: [string, Buffer | null, RegExp][] = [
  ['no file', null, /There is no file \/etc\/postern\/isp2\./],
  ['an empty file', Buffer.alloc(0), /The first line of \/etc\/postern\/isp2 is empty\./],
  ['a file that is too long', Buffer.alloc(1_025, 'x'), /more than 1024 bytes/],
  ['a NUL', Buffer.from('a\0b\n'), /holds a NUL/],
];

for (const [sentence, bytes, told] of passwords)
  test(`smart hosts: a password file with ${sentence} makes the mail wait, and is told once`, async () => {
    const stand = new Stand();
    if (bytes === null) stand.files.clear();
    else stand.files.set(path, bytes);
    for (let n = 0; n < 3; n++) {
      const found = await stand.hosts.find(plain, false);
      assert.ok(found.kind === 'waits');
      assert.match(found.reason, told);
    }
    assert.equal(stand.warnings.length, 1);
    assert.match(stand.hosts.troubleOf(plain) ?? '', told);
  });

test('smart hosts: a changed password file is read again, and its trouble is over', async () => {
  const stand = new Stand();
  stand.files.clear();
  await stand.hosts.find(plain, false);
  stand.files.set(path, Buffer.from('other word\r\n'));
  stand.changed();
  assert.equal(stand.hosts.troubleOf(plain), null);
  const [target] = await stand.targets();
  assert.equal(target?.terms.login?.password, 'other word');
  const reads = stand.reads;
  await stand.targets();
  assert.equal(stand.reads, reads);
});

test('smart hosts: one without an address waits', async () => {
  const stand = new Stand();
  stand.names.clear();
  const found = await stand.hosts.find(plain, false);
  assert.match(found.kind === 'waits' ? found.reason : '', /has no address in DNS now/);
});

test('smart hosts: trouble is over after a while, at once when it works, and is told anew then', async () => {
  const stand = new Stand();
  const site = siteOfSmartHost(plain);
  stand.hosts.failed(site, 'It refused.');
  stand.hosts.failed(site, 'It refused.');
  assert.equal(stand.hosts.troubleOf(plain), 'It refused.');
  assert.equal(stand.warnings.length, 1);
  await stand.clock.run(61_000);
  assert.equal(stand.hosts.troubleOf(plain), null);
  stand.hosts.failed(site, 'It refused.');
  stand.hosts.answered(site, 'smtp.isp2.example', [{ stage: 'dot', reply: reply(250, '2.0.0', 'Taken') }]);
  assert.equal(stand.hosts.troubleOf(plain), null);
  stand.hosts.failed(site, 'It refused.');
  assert.equal(stand.warnings.length, 2);
});

test('smart hosts: no warning shows a password', async () => {
  const stand = new Stand();
  await stand.targets();
  stand.hosts.failed(siteOfSmartHost(plain), 'It refused.');
  assert.doesNotMatch(JSON.stringify(stand.events), /secret word/);
});

test('smart hosts: a private address is near only where that is asked for', async () => {
  const setting = { ...plain, host: '10.20.0.9', login: null };
  const stand = new Stand(setting);
  for (const near of [false, true]) {
    const found = await stand.hosts.find(setting, near);
    assert.deepEqual(found.kind === 'hosts' && found.hosts.targets.map(({ local }) => local), [near]);
  }
});
