import assert from 'node:assert/strict';
import test from 'node:test';
import { primaryDomain } from '../../../test/settings.ts';
import type { ListenerSetting } from '../../decision/admission/listener.ts';
import type { NetworkError } from '../../decision/egress/observation.ts';
import { MessageIds } from '../../decision/queue/message-id.ts';
import type { LeasedRecipient } from '../../decision/queue/queued.ts';
import { type Reply, reply } from '../../protocol/smtp/reply.ts';
import { EventStream, type GatewayEvent } from '../events.ts';
import type {
  BodyWriter,
  Clock,
  Connection,
  ConnectionEvents,
  Network,
  NewMessage,
  QueueStore,
  Result,
  StoreError,
} from '../ports.ts';
import { Intake } from './intake.ts';
import { Listeners, type ListenersParts } from './listeners.ts';
import type { InboundSettings } from './reception.ts';
import type { RecipientQuestion } from './recipient-check.ts';

/** The far end of a connection: what we were told, and the means to speak. */
class Client implements Connection {
  readonly localAddress = '198.51.100.30';
  readonly localPort = 25;
  readonly remoteAddress: string;
  readonly remotePort = 40_000;
  heard = '';
  /** We have ended our half; the client ends its own where it is polite. */
  ended = false;
  closed = false;
  paused = false;
  readonly #polite: boolean;
  #events: ConnectionEvents | null = null;

  constructor(remoteAddress: string, polite: boolean) {
    this.remoteAddress = remoteAddress;
    this.#polite = polite;
  }

  handle(events: ConnectionEvents): void {
    this.#events = events;
  }
  write(chunks: readonly Buffer[]): boolean {
    this.heard += Buffer.concat(chunks).toString();
    return true;
  }
  async unsentBytes(): Promise<number> {
    return 0;
  }
  async startTls(): Promise<never> {
    throw new Error('This client speaks no TLS.');
  }
  pause(): void {
    this.paused = true;
  }
  resume(): void {
    this.paused = false;
  }
  end(): void {
    this.ended = true;
    if (this.#polite) this.destroy();
  }
  destroy(): void {
    if (this.closed) return;
    this.closed = true;
    this.#events?.closed(null);
  }
  /** The client ends its half. */
  finish(): void {
    this.#events?.ended?.();
  }

  /** Says lines and gives what is answered. */
  async say(...lines: string[]): Promise<string> {
    this.heard = '';
    this.#events?.data(Buffer.from(lines.map(line => `${line}\r\n`).join('')));
    await settled();
    return this.heard;
  }
}

const settled = (): Promise<void> => new Promise(resolve => setImmediate(() => setImmediate(resolve)));

const mx: ListenerSetting = {
  address: '198.51.100.30',
  port: 25,
  role: 'mx',
  name: 'mx1.example.com',
  publicAddress: null,
  bareNewline: 'refuse',
  allowPublic: false,
  tls: null,
};
const relay: ListenerSetting = { ...mx, address: '10.20.0.2', role: 'relay', name: 'mail.example.com' };

const settings: InboundSettings = {
  listeners: [mx, relay],
  domains: [primaryDomain('example.com', '10.20.0.10')],
  relay: { fromNetworks: ['10.20.0.0/24'] },
  limits: { messageSizeBytes: 1_000_000, recipients: 100, connections: 10, perClient: 2 },
  uplinkOf: address => (address === '198.51.100.30' ? 'isp1' : null),
};

/** The doors over a network whose addresses come and go and a store that commits when told. */
function house(given: Partial<InboundSettings> = {}, parts: Partial<ListenersParts> = {}) {
  const accepts = new Map<string, (connection: Connection) => void>();
  const absent = new Set<string>();
  const taken = new Set<string>();
  let hostChanged = (): void => {};
  const timers: (() => void)[] = [];
  /** What a look at the clock costs, in ms: where it is not 0, time passes with all that is done. */
  const pace = { ms: 0 };
  let elapsed = 0;
  const clock: Clock = {
    now: () => 1_800_000_000_000,
    monotonic: () => {
      elapsed += pace.ms;
      return elapsed;
    },
    timer: (_ms, fire) => {
      timers.push(fire);
      return {
        cancel: () => {
          const at = timers.indexOf(fire);
          if (at >= 0) timers.splice(at, 1);
        },
      };
    },
    sleep: async () => {},
  };
  const network = {
    listen: async (address: string, port: number, accept: (connection: Connection) => void) => {
      const fail = (kind: NetworkError['kind'], message: string) =>
        ({ ok: false, error: { kind, message } }) as const;
      if (absent.has(address)) return fail('address_absent', 'the address is not here');
      if (taken.has(address)) return fail('other', 'the port is in use');
      accepts.set(address, accept);
      return { ok: true, value: { address, port, close: async () => void accepts.delete(address) } } as const;
    },
    watchHost: (changed: () => void) => {
      hostChanged = changed;
      return { close: () => {} };
    },
  } as unknown as Network;
  const appended: NewMessage[] = [];
  const commits: ((result: Result<void, StoreError>) => void)[] = [];
  let fault: Error | null = null;
  const aborted: string[] = [];
  const writer: BodyWriter = {
    write: async () => ({ ok: true, value: undefined }),
    finish: async () => ({ ok: true, value: { kind: 'spool', file: '1-1', sizeBytes: 70_000 } }),
    abort: async () => void aborted.push('1-1'),
  };
  const store = {
    openBody: async () => ({ ok: true, value: writer }) as const,
    append: (message: NewMessage) => {
      if (fault !== null) throw fault;
      appended.push(message);
      return new Promise<Result<void, StoreError>>(commit => commits.push(commit));
    },
  } as unknown as QueueStore;
  const offered: LeasedRecipient[] = [];
  const outlet = {
    roomFor: () => 10,
    offer: (leased: readonly LeasedRecipient[]) => void offered.push(...leased),
    wake: () => {},
  };
  const events = new EventStream();
  const seen: GatewayEvent[] = [];
  events.subscribe(event => seen.push(event));
  const intake = new Intake({ store, clock, events, outlet, owner: 'node', ids: new MessageIds(null) });
  const listeners = new Listeners(
    { network, clock, events, store, intake, ...parts },
    { ...settings, ...given },
  );
  const call = (address: string, from: string, polite = true): Client => {
    const client = new Client(from, polite);
    accepts.get(address)?.(client);
    return client;
  };
  return {
    listeners,
    call,
    appended,
    offered,
    seen,
    absent,
    taken,
    accepts,
    aborted,
    failAppend: (error: Error) => {
      fault = error;
    },
    hostChanges: () => hostChanged(),
    pace,
    commit: async (result: Result<void, StoreError> = { ok: true, value: undefined }) => {
      for (const commit of commits.splice(0)) commit(result);
      await settled();
    },
    passTime: () => {
      for (const fire of timers.splice(0)) fire();
    },
  };
}

/** The code and enhanced status of each reply. */
const codes = (heard: string): string[] => heard.match(/^\d{3} \d\.\d\.\d/gm) ?? [];

const message = ['MAIL FROM:<a@example.com>', 'RCPT TO:<b@remote.example>', 'DATA'];

test('the 250 comes after the commit and not before; then delivery has the message', async () => {
  const { listeners, call, commit, appended, offered } = house();
  await listeners.start();
  const client = call('10.20.0.2', '10.20.0.7');
  assert.equal(client.heard, '220 mail.example.com ESMTP\r\n');
  await client.say('EHLO app.example.com');
  assert.match(await client.say(...message), /^250 2\.1\.0 .*\r\n250 2\.1\.5 .*\r\n354 .*\r\n$/);
  assert.equal(await client.say('Subject: x', '', 'hello', '.'), '');
  assert.equal(appended.length, 1);
  assert.equal(offered.length, 0);
  await commit();
  assert.match(client.heard, /^250 2\.0\.0 Queued as [0-9A-Z]{11}\.\r\n$/);
  assert.equal(offered.length, 1);
  const body = appended[0]?.body;
  assert.ok(body?.kind === 'inline');
  assert.match(
    body.bytes.toString(),
    /^Received: from app\.example\.com \(\[10\.20\.0\.7\]\)[^]*\r\nSubject: x\r\n\r\nhello\r\n$/,
  );
});

test('a full disk is a 452 4.3.1, told to the operator, and the next message is taken', async () => {
  const { listeners, call, commit, seen, offered } = house();
  await listeners.start();
  const client = call('10.20.0.2', '10.20.0.7');
  await client.say('EHLO app.example.com');
  await client.say(...message);
  await client.say('hello', '.');
  await commit({ ok: false, error: { kind: 'full', message: 'no space left' } });
  assert.match(client.heard, /^452 4\.3\.1 /);
  assert.equal(offered.length, 0);
  assert.ok(seen.some(event => event.kind === 'warning' && event.subject === 'disk'));
  await client.say(...message);
  await client.say('hello', '.');
  await commit();
  assert.match(client.heard, /^250 /);
});

test('a client that has ended its half still hears what became of its message', async () => {
  const { listeners, call, commit } = house();
  await listeners.start();
  const client = call('10.20.0.2', '10.20.0.7');
  await client.say('EHLO app.example.com');
  await client.say(...message);
  await client.say('hello', '.', 'QUIT');
  client.finish();
  assert.ok(!client.ended);
  await commit();
  assert.match(client.heard, /^250 2\.0\.0 .*\r\n221 2\.0\.0 .*\r\n$/);
  assert.ok(client.ended);
  const idle = call('10.20.0.2', '10.20.0.7');
  idle.finish();
  assert.ok(idle.ended);
});

test('whether a recipient of ours exists is asked, at once or with time, and only of those', async () => {
  const asked: RecipientQuestion[] = [];
  const later = Promise.withResolvers<Reply | null>();
  const { listeners, call, seen, passTime } = house(
    {},
    {
      recipientCheck: question => {
        asked.push(question);
        if (question.forwardPath.startsWith('slow')) return later.promise;
        return question.forwardPath.startsWith('no') ? reply(550, '5.1.1', 'Nobody has this address.') : null;
      },
    },
  );
  await listeners.start();
  const client = call('198.51.100.30', '192.0.2.7');
  passTime();
  await client.say('EHLO client.example');
  const told = await client.say(
    'MAIL FROM:<a@client.example>',
    'RCPT TO:<yes@Example.COM>',
    'RCPT TO:<no@example.com>',
    'RCPT TO:<postmaster>',
    'RCPT TO:<user@remote.example>',
    'RCPT TO:<slow@example.com>',
    'RCPT TO:<no2@example.com>',
    'QUIT',
  );
  client.finish();
  assert.deepEqual(codes(told), ['250 2.1.0', '250 2.1.5', '550 5.1.1', '250 2.1.5', '550 5.7.1']);
  assert.ok(!client.ended, 'who has ended its half is still answered');
  client.heard = '';
  later.resolve(reply(451, '4.3.0', 'Nobody can tell now.'));
  await settled();
  assert.deepEqual(codes(client.heard), ['451 4.3.0', '550 5.1.1', '221 2.0.0']);
  assert.deepEqual(asked[0], {
    forwardPath: 'yes@Example.COM',
    domain: 'example.com',
    reversePath: 'a@client.example',
    client: '192.0.2.7',
  });
  assert.deepEqual(
    asked.map(({ forwardPath }) => forwardPath),
    ['yes@Example.COM', 'no@example.com', 'postmaster@example.com', 'slow@example.com', 'no2@example.com'],
  );
  assert.equal(seen.filter(event => event.kind === 'rejected').length, 4);
});

test('a client that goes away while a recipient is asked for is forgotten', async () => {
  const later = Promise.withResolvers<Reply | null>();
  const { listeners, call, seen } = house({}, { recipientCheck: () => later.promise });
  await listeners.start();
  const client = call('10.20.0.2', '10.20.0.7');
  await client.say('EHLO app.example.com');
  await client.say('MAIL FROM:<a@example.com>', 'RCPT TO:<b@example.com>');
  client.destroy();
  later.resolve(null);
  await settled();
  assert.ok(!seen.some(event => event.kind === 'warning'));
});

test('what a client asked of reports, and for UTF-8, is kept with the message and offered with it', async () => {
  const { listeners, call, commit, appended, offered } = house();
  await listeners.start();
  const client = call('10.20.0.2', '10.20.0.7');
  await client.say('EHLO app.example.com');
  await client.say(
    'MAIL FROM:<\u00fc@example.com> SMTPUTF8 RET=HDRS ENVID=QQ+2B1',
    'RCPT TO:<b@remote.example>',
    'RCPT TO:<\u00fc@m\u00fcnchen.example> NOTIFY=NEVER',
    'BDAT 4 LAST',
    'ab',
  );
  await commit();
  const dsn = { notify: [], orcpt: null };
  assert.deepEqual(appended[0]?.forwardPaths, ['b@remote.example', '\u00fc@m\u00fcnchen.example']);
  assert.deepEqual(appended[0]?.recipientDsn, [null, dsn]);
  assert.equal(appended[0]?.message.smtpUtf8, true);
  assert.deepEqual(appended[0]?.message.dsn, { ret: 'hdrs', envid: 'QQ+1' });
  assert.deepEqual(
    offered.map(({ recipient }) => recipient.dsn),
    [undefined, dsn],
  );
  await client.say('MAIL FROM:<a@example.com>', 'RCPT TO:<b@remote.example>', 'BDAT 4 LAST', 'ab');
  await commit();
  const plain = Object.keys(appended[1] ?? {}).concat(Object.keys(appended[1]?.message ?? {}));
  assert.ok(
    !['recipientDsn', 'smtpUtf8', 'dsn'].some(key => plain.includes(key)),
    'nothing asked, nothing kept',
  );
});

test('mail for a domain of ours is ours by its U-label too', async () => {
  const { listeners, call, appended, passTime } = house({
    domains: [primaryDomain('xn--mnchen-3ya.example', '10.20.0.10')],
  });
  await listeners.start();
  const client = call('198.51.100.30', '192.0.2.7');
  passTime();
  await client.say('EHLO client.example');
  const told = await client.say(
    'MAIL FROM:<> SMTPUTF8',
    'RCPT TO:<a@M\u00fcnchen.example>',
    'RCPT TO:<a@b\u00fccher.example>',
    'BDAT 4 LAST',
    'ab',
  );
  assert.deepEqual(codes(told).slice(0, 3), ['250 2.1.0', '250 2.1.5', '550 5.7.1']);
  assert.deepEqual(appended[0]?.forwardPaths, ['a@xn--mnchen-3ya.example']);
});

test('who keeps a connection after our last word is not waited for', async () => {
  const { listeners, call, passTime } = house();
  await listeners.start();
  const told = call('10.20.0.2', '10.20.0.7', false);
  await told.say('QUIT');
  const turnedAway = call('10.20.0.2', '192.0.2.9', false);
  for (const client of [told, turnedAway]) assert.deepEqual([client.ended, client.closed], [true, false]);
  passTime();
  for (const client of [told, turnedAway]) assert.ok(client.closed);
});

test('what was refused is told with its reason, each thing once', async () => {
  const { listeners, call, seen } = house({ domains: [] });
  await listeners.start();
  const client = call('10.20.0.2', '10.20.0.7');
  await client.say('EHLO app.example.com');
  await client.say(...message);
  await client.say('a bare\nline', '.');
  await client.say('MAIL FROM:<a@example.com>', 'RCPT TO:<postmaster>', 'RCPT TO:<b@remote.example>');
  await client.say('DATA', 'too early');
  const told = seen.flatMap(event => (event.kind === 'rejected' ? [[event.what, event.reason]] : []));
  assert.deepEqual(told, [
    ['message', 'a message from <a@example.com>: a bare CR or LF in the message'],
    [
      'recipient',
      'mail from <a@example.com> for <postmaster>: 550 5.1.1 No domain is served here; write the recipient with its domain.',
    ],
    ['client', 'the client pipelined where it must wait'],
  ]);
});

test('a fault of our own ends the one connection, and is told', async () => {
  const { listeners, call, seen, failAppend } = house();
  await listeners.start();
  const unlucky = call('10.20.0.2', '10.20.0.7');
  const other = call('10.20.0.2', '10.20.0.7');
  await unlucky.say('EHLO app.example.com');
  await unlucky.say(...message);
  failAppend(new TypeError('a bug'));
  assert.equal(await unlucky.say('hello', '.'), '');
  assert.ok(unlucky.closed);
  assert.ok(
    seen.some(event => event.kind === 'warning' && /by a fault of Postern: .*a bug/.test(event.message)),
  );
  assert.match(await other.say('EHLO app.example.com'), /^250-/);
});

test('a message that goes in a circle is refused, with 100 servers on its way it is taken', async () => {
  const { listeners, call, commit, appended } = house();
  await listeners.start();
  const client = call('10.20.0.2', '10.20.0.7');
  await client.say('EHLO app.example.com');
  const passed = Array.from({ length: 100 }, (_, index) => `Received: from a by b id ${index}`);
  await client.say(...message);
  await client.say(...passed, '', 'hello', '.');
  await commit();
  assert.match(client.heard, /^250 /);
  await client.say(...message);
  assert.match(await client.say('Received: from a by b', ...passed, '', 'hello', '.'), /^554 5\.4\.6 /);
  assert.equal(appended.length, 1);
});

for (const [sentence, kind, kept] of [
  ['a full disk kept no row, and the file of the body goes', 'full', false],
  ['after another failure a row may name the file of the body, which stays', 'failed', true],
] as const) {
  test(sentence, async () => {
    const { listeners, call, commit, appended, aborted } = house();
    await listeners.start();
    const client = call('10.20.0.2', '10.20.0.7');
    await client.say('EHLO app.example.com');
    await client.say(...message);
    await client.say(...Array.from({ length: 1_000 }, () => 'x'.repeat(70)), '.');
    assert.equal(appended[0]?.body.kind, 'spool');
    await commit({ ok: false, error: { kind, message: 'the disk said no' } });
    assert.match(client.heard, /^45[12] /);
    assert.equal(aborted.length === 0, kept);
  });
}

test('an mx listener makes strangers wait for the greeting, and refuses who speaks before it', async () => {
  const { listeners, call, passTime } = house();
  await listeners.start();
  const patient = call('198.51.100.30', '192.0.2.9');
  const early = call('198.51.100.30', '192.0.2.10');
  assert.equal(patient.heard, '');
  assert.match(await early.say('EHLO spam.example'), /^554 5\.5\.1 /);
  assert.ok(early.ended);
  passTime();
  assert.equal(patient.heard, '220 mx1.example.com ESMTP\r\n');
  await patient.say('EHLO mx.remote.example');
  await patient.say('MAIL FROM:<b@remote.example>');
  assert.match(await patient.say('RCPT TO:<c@elsewhere.example>'), /^550 5\.7\.1 /);
  assert.match(await patient.say('RCPT TO:<a@example.com>'), /^250 2\.1\.5 /);
});

test('who leaves before the greeting is let go at once, without an end of our own to wait for', async () => {
  const { listeners, call, passTime } = house();
  await listeners.start();
  const gone = call('198.51.100.30', '192.0.2.9');
  gone.finish();
  assert.ok(gone.closed);
  assert.equal(gone.ended, false);
  passTime();
  assert.equal(gone.heard, '');
});

test('strangers at a relay listener are turned away, and one client too many is told to come later', async () => {
  const { listeners, call } = house();
  await listeners.start();
  assert.match(call('10.20.0.2', '192.0.2.9').heard, /^554 5\.7\.1 /);
  call('198.51.100.30', '192.0.2.9');
  call('198.51.100.30', '192.0.2.9').end();
  call('198.51.100.30', '192.0.2.9');
  assert.match(call('198.51.100.30', '192.0.2.9').heard, /^421 4\.7\.0 /);
});

test('an absent address is waited for and taken when it appears; a taken port is an error', async () => {
  const { listeners, absent, accepts, hostChanges, seen } = house();
  absent.add('198.51.100.30');
  assert.deepEqual(await listeners.start(), { ok: true, value: undefined });
  assert.deepEqual(
    listeners.states().map(door => door.state),
    ['absent', 'listening'],
  );
  hostChanges();
  await settled();
  assert.ok(!accepts.has('198.51.100.30'));
  absent.clear();
  hostChanges();
  await settled();
  assert.ok(accepts.has('198.51.100.30'));
  assert.equal(
    seen.filter(event => event.kind === 'listener' && event.state === 'absent').length,
    1,
    'told once',
  );

  const other = house();
  other.taken.add('10.20.0.2');
  const started = await other.listeners.start();
  assert.match(started.ok ? '' : started.error, /10\.20\.0\.2:25 cannot be opened \(the port is in use\)/);
});

test('a port that is in use keeps no other door shut, and is taken when it is free', async () => {
  const { listeners, accepts, taken, passTime, seen } = house({ listeners: [] });
  await listeners.start();
  taken.add('198.51.100.30');
  const reloaded = await listeners.reload(settings);
  assert.match(reloaded.ok ? '' : reloaded.error, /^The listener 198\.51\.100\.30:25 cannot be opened/);
  assert.deepEqual([...accepts.keys()], ['10.20.0.2']);
  passTime();
  await settled();
  assert.equal((await listeners.reload(settings)).ok, false);
  assert.equal(
    seen.filter(event => event.kind === 'listener' && event.state === 'failed').length,
    1,
    'told once',
  );
  taken.clear();
  passTime();
  await settled();
  assert.ok(accepts.has('198.51.100.30'));
  assert.deepEqual(
    listeners.states().map(door => door.state),
    ['listening', 'listening'],
  );
});

test('an IPv6 listener is written as people write it', async () => {
  const six: ListenerSetting = { ...relay, address: '2001:db8:1::30' };
  const { listeners, call, commit, seen, appended } = house({
    listeners: [six],
    relay: { fromNetworks: ['2001:db8:20::/64'] },
  });
  await listeners.start();
  const client = call('2001:db8:1::30', '2001:db8:20::7');
  await client.say('EHLO app.example.com');
  await client.say(...message);
  await client.say('hello', '.');
  await commit();
  const [told] = seen;
  assert.equal(told?.kind === 'listener' ? told.address : told?.kind, '[2001:db8:1::30]:25');
  assert.equal(appended[0]?.message.client?.listener, '[2001:db8:1::30]:25');
});

test('reload opens and closes doors and holds for sessions that are open', async () => {
  const { listeners, call, accepts } = house();
  await listeners.start();
  const client = call('10.20.0.2', '10.20.0.7');
  await listeners.reload({ ...settings, listeners: [relay], domains: [] });
  assert.deepEqual([...accepts.keys()], ['10.20.0.2']);
  assert.ok(!client.ended);
  await client.say('EHLO app.example.com');
  await client.say('MAIL FROM:<>');
  assert.match(await client.say('RCPT TO:<postmaster>'), /^550 5\.1\.1 /);
});

test('who is no longer in our networks relays no more, in a session that is open too', async () => {
  const { listeners, call } = house();
  await listeners.start();
  const client = call('10.20.0.2', '10.20.0.7');
  await client.say('EHLO app.example.com');
  assert.match(await client.say('MAIL FROM:<a@example.com>', 'RCPT TO:<b@remote.example>'), /^250 2\.1\.5 /m);
  await listeners.reload({ ...settings, relay: { fromNetworks: ['10.20.1.0/24'] } });
  assert.match(await client.say('RCPT TO:<c@remote.example>'), /^550 5\.7\.1 Relaying denied/);
  assert.match(await client.say('RCPT TO:<d@example.com>'), /^250 2\.1\.5 /);
});

test('a message that is given up while the spool is opened leaves its client no longer held', async () => {
  const opening = Promise.withResolvers<Result<BodyWriter, StoreError>>();
  const store = { openBody: () => opening.promise } as unknown as QueueStore;
  const { listeners, call } = house({}, { store });
  await listeners.start();
  const client = call('10.20.0.2', '10.20.0.7');
  await client.say('EHLO app.example.com');
  await client.say(...message);
  for (let count = 0; count < 4; count++) await client.say('x'.repeat(100_000));
  assert.ok(client.paused, 'more waits than may');
  await client.say('a bare\nline');
  const aborted: string[] = [];
  const done = async () => ({ ok: true, value: undefined }) as const;
  const finish = async () => ({ ok: false, error: { kind: 'failed', message: 'given up' } }) as const;
  opening.resolve({ ok: true, value: { write: done, finish, abort: async () => void aborted.push('1-1') } });
  await settled();
  assert.deepEqual(aborted, ['1-1']);
  assert.ok(!client.paused);
  assert.match(await client.say('.', 'NOOP'), /^550 5\.6\.0 /);
});

test('a stop ends idle sessions with 421', async () => {
  const { listeners, call } = house();
  await listeners.start();
  const client = call('10.20.0.2', '10.20.0.7');
  await client.say('EHLO app.example.com');
  client.heard = '';
  await listeners.stop(1_000);
  assert.match(client.heard, /^421 4\.3\.2 /);
  assert.ok(client.ended);
});

test('who calls while a stop waits for others gets 421 at once', async () => {
  const { listeners, call, pace } = house();
  await listeners.start();
  const busy = call('10.20.0.2', '10.20.0.7');
  await busy.say('EHLO app.example.com');
  await busy.say(...message);
  pace.ms = 1;
  const stopping = listeners.stop(1_000);
  const late = call('10.20.0.2', '10.20.0.8');
  await settled();
  assert.match(late.heard, /^220 .*\r\n421 4\.3\.2 /);
  assert.ok(late.ended);
  await stopping;
});

test('where time is short a stranger waits for its turn, unread, and is heard when it comes', async () => {
  const { listeners, call, passTime, pace } = house();
  await listeners.start();
  const flood = call('198.51.100.30', '192.0.2.1');
  const honest = call('198.51.100.30', '192.0.2.2');
  const own = call('198.51.100.30', '10.20.0.7');
  passTime();
  pace.ms = 3;
  assert.match(await flood.say('EHLO flood.example'), /^250/, 'the first is heard at once');
  assert.equal(await honest.say('EHLO honest.example'), '');
  assert.ok(honest.paused);
  honest.finish();
  assert.equal(honest.ended, false, 'what it said is still to be answered');
  assert.match(await own.say('EHLO app.example.com'), /^250/, 'our own do not wait');
  passTime();
  assert.match(honest.heard, /^250/);
  assert.ok(!honest.paused);
  assert.equal(honest.ended, true);
});

test('who calls more often than it may have connections, for ten seconds, is closed without a word', async () => {
  const { listeners, call, seen } = house();
  await listeners.start();
  const calls = Array.from({ length: 21 }, () => {
    const client = call('198.51.100.30', '192.0.2.1');
    client.destroy();
    return client;
  });
  assert.deepEqual(
    seen.flatMap(event => (event.kind === 'rejected' ? [`${event.client}: ${event.reason}`] : [])),
    ['192.0.2.1: it calls too often'],
  );
  assert.equal(calls.at(-1)?.heard, '');
  const honest = call('198.51.100.30', '192.0.2.2');
  assert.ok(!honest.closed);
  for (let at = 0; at < 30; at += 1) call('198.51.100.30', '10.20.0.7').destroy();
  assert.ok(!call('198.51.100.30', '10.20.0.7').closed, 'our own networks call as they like');
});
