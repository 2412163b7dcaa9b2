import assert from 'node:assert/strict';
import test from 'node:test';
import { primaryDomain } from '../../../test/settings.ts';
import { MemoryDisk, MemoryStore } from '../../../test/simulation/memory-store.ts';
import { ReferenceNetwork } from '../../../test/simulation/reference-network.ts';
import type { DomainSetting } from '../../decision/admission/domain.ts';
import type { EgressView } from '../../decision/egress/health-state.ts';
import type { RouteSetting } from '../../decision/next-hop/route-setting.ts';
import type { Connection } from '../ports.ts';
import { Callouts, type CalloutVerdict } from './callouts.ts';

const isp1: EgressView = {
  id: 'isp1/10.20.0.2',
  uplink: 'isp1',
  state: 'up',
  since: 0,
  reason: '',
  fit: 'fit',
  preference: 10,
  weight: 1,
  family: 4,
  egress: {
    kind: 'uplink',
    id: 'isp1/10.20.0.2',
    uplink: 'isp1',
    family: 4,
    source: '10.20.0.2',
    publicAddress: '198.51.100.30',
    ehlo: 'mail1.example.com',
  },
};
const minute = 60_000;
const hour = 60 * minute;

/** A mail store that answers as it is told, and keeps every line that it was sent. */
class ScriptedStore {
  readonly lines: string[] = [];
  connections = 0;
  open = 0;
  mailboxes = new Set(['user', 'postmaster']);
  /** In place of what the mailboxes say; '' is silence. */
  rcpt: ((local: string) => string | null) | null = null;
  extensions = ['PIPELINING'];
  greeting = '220 store.example.com ESMTP';
  /** Handshakes that were done. */
  secret = 0;
  /** Junk in place of a handshake. */
  failsTls = false;

  serve(connection: Connection): void {
    this.connections += 1;
    this.open += 1;
    let text = '';
    let mute = false;
    const say = (...lines: string[]): void => {
      mute ||= lines.includes('');
      if (mute) return;
      connection.write([Buffer.from(`${lines.join('\r\n')}\r\n`)]);
    };
    connection.handle({
      data: chunk => {
        text += chunk.toString();
        for (let end = text.indexOf('\r\n'); end >= 0; end = text.indexOf('\r\n')) {
          const line = text.slice(0, end);
          text = text.slice(end + 2);
          this.lines.push(line);
          this.#answer(line, say, connection);
        }
      },
      drained() {},
      closed: () => {
        this.open -= 1;
      },
    });
    say(this.greeting);
  }

  #answer(line: string, say: (...lines: string[]) => void, connection: Connection): void {
    const verb = line.slice(0, 4);
    if (verb === 'EHLO')
      return say(
        ...['store.example.com', ...this.extensions].map(
          (each, place, all) => `250${place === all.length - 1 ? ' ' : '-'}${each}`,
        ),
      );
    if (verb === 'STAR') {
      say('220 Go ahead');
      if (this.failsTls) return connection.destroy();
      const certificates = { choose: () => ({ chain: '', key: '' }) };
      void connection.startTls({ side: 'server', certificates, timeoutMs: 1_000 }).then(() => {
        this.secret += 1;
      });
      return;
    }
    if (verb === 'QUIT') {
      say('221 Bye');
      return connection.end();
    }
    if (verb !== 'RCPT') return say('250 2.0.0 So be it');
    const local = /<(.*)@/.exec(line)?.[1] ?? '';
    const said =
      this.rcpt?.(local) ?? (this.mailboxes.has(local) ? '250 2.1.5 Known' : '550 5.1.1 No such user');
    say(said);
  }

  /** How often this local part was asked about. */
  asked(local: string): number {
    return this.lines.filter(line => line.startsWith(`RCPT TO:<${local}@`)).length;
  }
}

class Desk {
  readonly world = new ReferenceNetwork(3);
  readonly clock = this.world.clock;
  readonly store = new ScriptedStore();
  readonly disk = new MemoryDisk();
  readonly told: (string | null)[] = [];
  isAway = false;
  routes: readonly RouteSetting[] = [];
  /** The store stands in the private network, and no uplink is crossed. */
  isLocal = true;
  domain: DomainSetting = { ...primaryDomain('example.com', '10.20.0.10'), recipients: { kind: 'callout' } };
  callouts = this.#newCallouts();

  async start(): Promise<void> {
    const made = await this.clock.await(
      this.world.store.listen('10.20.0.10', 25, connection => this.store.serve(connection)),
    );
    assert.ok(made.ok);
  }

  /** A new life on the same disk. */
  async restart(): Promise<void> {
    await this.clock.await(this.callouts.stop());
    this.callouts = this.#newCallouts();
    await this.clock.await(this.callouts.start());
  }

  #newCallouts(): Callouts {
    const to = { host: '10.20.0.10', address: '10.20.0.10', port: 25 };
    return new Callouts({
      network: this.world.gateway,
      clock: this.clock,
      guide: { snapshot: () => ({ version: 0, egresses: [isp1] }), penalties: () => new Map() },
      hostname: () => 'mail.example.com',
      random: this.world.random.fork(),
      store: new MemoryStore({ clock: this.clock, disk: this.disk }),
      finder: {
        find: async () => ({
          kind: 'hosts',
          site: 'store',
          hosts: [{ name: '10.20.0.10', mxPreference: 0, addresses: [to], local: this.isLocal }],
        }),
      },
      routes: () => this.routes,
      isAway: () => this.isAway,
      tell: (_domain, trouble) => this.told.push(trouble),
    });
  }

  async check(local: string): Promise<CalloutVerdict['kind']> {
    const verdict = await this.clock.await(
      Promise.resolve(this.callouts.check(this.domain, `${local}@example.com`)),
      minute,
    );
    return verdict.kind;
  }

  async many(...locals: string[]): Promise<string> {
    const all: string[] = [];
    for (const local of locals) all.push(await this.check(local));
    return all.join(' ');
  }
}

function story(sentence: string, play: (desk: Desk) => Promise<void>): void {
  test(`callout: ${sentence}`, async () => {
    const desk = new Desk();
    await desk.start();
    try {
      await play(desk);
    } finally {
      await desk.clock.await(desk.callouts.stop());
      await desk.clock.run(minute);
    }
    assert.equal(desk.store.open, 0);
  });
}

story(
  'who exists is taken, who does not is refused in the words of the store, and no mail is sent',
  async desk => {
    assert.equal(await desk.many('user', 'nobody'), 'take refuse');
    const verdict = desk.callouts.check(desk.domain, 'nobody@example.com');
    assert.deepEqual(verdict, { kind: 'refuse', words: '550 5.1.1 No such user' });
    assert.ok(desk.store.lines.includes('EHLO mail.example.com'));
    assert.ok(desk.store.lines.includes('MAIL FROM:<>'));
    assert.ok(!desk.store.lines.some(line => line.startsWith('DATA')));
    assert.equal(desk.store.connections, 1, 'one session is kept');
  },
);

story('a mailbox of twenty random letters is asked about first, and hourly', async desk => {
  const randoms = (): number => desk.store.lines.filter(line => /^RCPT TO:<[a-z0-9]{20}@/.test(line)).length;
  await desk.check('user');
  assert.equal(randoms(), 1);
  await desk.clock.run(30 * minute);
  await desk.check('other');
  assert.equal(randoms(), 1);
  await desk.clock.run(31 * minute);
  await desk.check('another');
  assert.equal(randoms(), 2);
});

story(
  'what was answered is remembered: refusals for a quarter of an hour, mailboxes for six hours',
  async desk => {
    await desk.many('user', 'nobody', 'user', 'nobody');
    assert.equal(desk.store.asked('user') + desk.store.asked('nobody'), 2);
    desk.store.mailboxes.add('nobody');
    await desk.clock.run(16 * minute);
    assert.equal(await desk.many('user', 'nobody'), 'take take', 'a new mailbox does not wait long');
    assert.equal(desk.store.asked('user'), 1);
    await desk.clock.run(7 * hour);
    assert.equal(await desk.check('user'), 'take');
    await desk.clock.run(minute);
    assert.ok(desk.store.asked('user') >= 2, 'and is asked about again behind it');
  },
);

story('a store that begins to refuse everybody is found out at the third stranger', async desk => {
  await desk.check('user');
  await desk.clock.run(5 * minute);
  desk.store.rcpt = () => '550 Your address is on a list';
  assert.equal(await desk.many('one', 'two', 'three', 'four'), 'refuse refuse unsure unsure');
});

story('equal questions at one time share one call', async desk => {
  const asked = Array.from({ length: 50 }, () => desk.check('user'));
  const verdicts = await Promise.all(asked);
  assert.ok(verdicts.every(kind => kind === 'take'));
  assert.equal(desk.store.asked('user'), 1);
});

story('many questions go by few sessions', async desk => {
  const asked = Array.from({ length: 1_000 }, (_, n) => desk.check(`user${n}`));
  await Promise.all(asked);
  assert.ok(desk.store.connections <= 10, `${desk.store.connections} sessions`);
});

story('a store without PIPELINING is asked one by one', async desk => {
  desk.store.extensions = [];
  assert.equal(await desk.many('user', 'nobody'), 'take refuse');
});

story(
  'a store that takes all is told of, its word that one exists is not believed, its refusals are',
  async desk => {
    desk.store.rcpt = local => (local === 'gone' ? '550 5.1.1 No' : '250 2.1.5 Anything goes');
    assert.equal(await desk.many('user', 'gone'), 'take refuse');
    assert.match(desk.told.at(-1) ?? '', /takes every recipient/);
    desk.store.rcpt = null;
    await desk.clock.run(61 * minute);
    assert.equal(await desk.many('other'), 'refuse');
    assert.equal(desk.told.at(-1), null);
  },
);

story('a store that refuses all, postmaster too, is told of and refuses nobody', async desk => {
  desk.store.rcpt = () => '550 5.1.1 No such domain here';
  assert.equal(await desk.many('user', 'nobody'), 'unsure unsure');
  assert.match(desk.told.at(-1) ?? '', /refuses every recipient/);
  desk.store.rcpt = null;
  await desk.clock.run(2 * minute);
  assert.equal(await desk.many('user', 'nobody'), 'take refuse');
  assert.equal(desk.told.at(-1), null);
});

story(
  'a store that loses its mind refuses nobody whom it knew, when it refuses postmaster too',
  async desk => {
    await desk.check('user');
    desk.store.rcpt = () => '550 5.1.1 No such domain here';
    await desk.clock.run(7 * hour);
    assert.equal(await desk.many('user', 'stranger'), 'take unsure');
  },
);

story('a store without a postmaster is believed once it has taken somebody', async desk => {
  desk.store.mailboxes.delete('postmaster');
  assert.equal(await desk.many('nobody', 'user', 'nobody'), 'unsure take refuse');
});

story('a store that puts off everything decides nothing, and what was learnt stands', async desk => {
  await desk.many('user', 'nobody');
  desk.store.rcpt = () => '451 4.3.0 Not now';
  await desk.clock.run(20 * minute);
  assert.equal(
    await desk.many('user', 'nobody', 'a', 'b', 'c', 'd'),
    'take refuse unsure unsure unsure unsure',
  );
  assert.match(desk.told.at(-1) ?? '', /does not tell which recipients exist \(it answers 451/);
  desk.store.rcpt = null;
  assert.equal(await desk.many('a'), 'refuse');
  assert.equal(desk.told.at(-1), null);
});

story('a refusal of policy is no word about the mailbox', async desk => {
  desk.store.rcpt = () => '554 5.7.1 Relay access denied';
  assert.equal(await desk.check('user'), 'unsure');
});

story(
  'a store that hangs at RCPT holds nobody longer than ten seconds, then nobody for a while',
  async desk => {
    desk.store.rcpt = () => '';
    const began = desk.clock.monotonic();
    assert.equal(
      (await Promise.all(Array.from({ length: 30 }, (_, n) => desk.check(`u${n}`)))).join(' '),
      Array(30).fill('unsure').join(' '),
    );
    assert.ok(desk.clock.monotonic() - began <= 20_100, `${desk.clock.monotonic() - began} ms`);
    const then = desk.clock.monotonic();
    assert.equal(await desk.check('later'), 'unsure');
    assert.ok(desk.clock.monotonic() - then < 100);
  },
);

story('a store that cannot be reached is left alone for a while', async desk => {
  desk.store.greeting = '554 5.7.1 Not you';
  assert.equal(await desk.many('a', 'b', 'c'), 'unsure unsure unsure');
  assert.equal(desk.store.connections, 1);
  desk.store.greeting = '220 Hello';
  await desk.clock.run(11_000);
  assert.equal(await desk.check('user'), 'take');
});

story('what a backup has learnt is known after a restart in the primary’s absence', async desk => {
  desk.domain = { ...desk.domain, role: 'backup' };
  await desk.many('user', 'nobody');
  desk.isAway = true;
  await desk.restart();
  await desk.clock.run(3 * 24 * hour);
  assert.equal(await desk.many('user', 'nobody', 'other'), 'take refuse unsure');
  assert.equal(desk.store.asked('other'), 0);
});

story('what a primary’s gateway has learnt is not kept over a restart', async desk => {
  await desk.many('user');
  desk.isAway = true;
  await desk.restart();
  assert.equal(await desk.check('user'), 'unsure');
});

story(
  'a store elsewhere is asked through an uplink under its name, and under TLS where it offers that',
  async desk => {
    desk.isLocal = false;
    desk.store.extensions = ['PIPELINING', 'STARTTLS'];
    assert.equal(await desk.many('user', 'nobody'), 'take refuse');
    assert.ok(desk.store.secret > 0);
    assert.deepEqual(desk.store.lines.slice(0, 4), [
      'EHLO mail1.example.com',
      'STARTTLS',
      'EHLO mail1.example.com',
      'MAIL FROM:<>',
    ]);
  },
);

story('a handshake that fails leads to clear text', async desk => {
  desk.isLocal = false;
  desk.store.extensions = ['STARTTLS'];
  desk.store.failsTls = true;
  assert.equal(await desk.many('user', 'nobody'), 'take refuse');
});

story('a store that greets with junk, talks out of turn or never ends a line decides nothing', async desk => {
  for (const greeting of [
    'HTTP/1.1 400 Bad Request',
    '220 Hello\r\n250 What?\r\n250 Too much',
    'x'.repeat(5_000),
  ]) {
    desk.store.greeting = greeting;
    await desk.check('user');
    await desk.clock.run(minute);
  }
  desk.store.greeting = '220 Hello';
  assert.equal(await desk.check('user'), 'take');
});

story('a flood of questions is bounded, and each is answered', async desk => {
  desk.store.rcpt = () => '';
  const verdicts = await Promise.all(Array.from({ length: 8_000 }, (_, n) => desk.check(`u${n}`)));
  assert.ok(verdicts.every(kind => kind === 'unsure'));
  assert.ok(desk.store.connections <= 20, `${desk.store.connections} sessions`);
});

story('the operator’s route for the domain names the only uplinks that are used', async desk => {
  desk.isLocal = false;
  desk.routes = [{ to: 'example.com', from: null, uplinks: ['isp2'], smartHost: null }];
  assert.equal(await desk.check('user'), 'unsure');
  assert.equal(desk.store.connections, 0);
});

story(
  'an address that is not ASCII is asked about where the store takes SMTPUTF8, and there alone',
  async desk => {
    desk.store.mailboxes.add('jörg');
    assert.equal(await desk.check('jörg'), 'unsure');
    desk.store.extensions = ['PIPELINING', 'SMTPUTF8'];
    await desk.clock.run(minute);
    assert.equal(await desk.many('jörg', 'nobody', 'käthe'), 'take refuse refuse');
    assert.ok(desk.store.lines.includes('MAIL FROM:<> SMTPUTF8'));
  },
);
