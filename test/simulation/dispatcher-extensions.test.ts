import assert from 'node:assert/strict';
import { type ConnectTerms, plainTerms } from '../../src/runtime/delivery/connect-terms.ts';
import { HostMemory } from '../../src/runtime/delivery/host-memory.ts';
import { plainLane } from '../../src/runtime/delivery/lane.ts';
import { Opening, type OpeningEnd } from '../../src/runtime/delivery/opening.ts';
import { EventStream, type GatewayEvent } from '../../src/runtime/events.ts';
import type { RunningReceiver } from '../../src/surface/demo/receiver.ts';
import type { ReceiverBehaviour, ReceiverTls } from '../../src/surface/demo/receiver-behaviour.ts';
import { testCertificate } from '../certificates.ts';
import { type DispatcherHouse, dispatcherStories } from './dispatcher-house.ts';

/** What the far side offers beside plain SMTP, and the ways in which that goes wrong. */
const story = dispatcherStories('delivery, extensions');

const cipher = 'TLSv1.3 TLS_AES_256_GCM_SHA384';
const recipient = 'receiver@remote.example';
const client = { address: '192.0.2.7', helo: 'relay.example.net', listener: 'mx', uplink: 'isp1' } as const;

function remoteOf(house: DispatcherHouse, behaviour: Partial<ReceiverBehaviour> = {}): RunningReceiver {
  const receiver = house.world.worldReceivers.find(({ name }) => name === 'mx.remote.example');
  assert.ok(receiver);
  receiver.behave(behaviour);
  return receiver;
}

const startTls = (whim: ReceiverTls['whim'] = 'none'): ReceiverTls => ({
  ...testCertificate('remote'),
  whim,
});

const lastTrace = (house: DispatcherHouse, id: string) => house.trace(id).at(-1);

const tlsEvents = (house: DispatcherHouse): string[] =>
  house.events.flatMap(event =>
    event.kind === 'tls' ? [`${event.with} ${event.facts?.protocol ?? event.error}`] : [],
  );

story('TLS is used where it is offered, and the trace names the cipher', async house => {
  const remote = remoteOf(house, { startTls: startTls() });
  const id = await house.accept(recipient);
  await house.clock.run(5_000);
  assert.deepEqual(
    house.trace(id).map(({ event, tls }) => [event, tls]),
    [
      ['attempt', cipher],
      ['delivered', cipher],
    ],
  );
  assert.equal(remote.deliveries[0]?.tls, cipher);
  assert.deepEqual(tlsEvents(house), ['mx.remote.example TLSv1.3']);
});

story('a host without TLS gets the mail in clear, and the trace says so', async house => {
  const id = await house.accept(recipient);
  await house.clock.run(5_000);
  assert.deepEqual([lastTrace(house, id)?.event, lastTrace(house, id)?.tls], ['delivered', null]);
  assert.deepEqual(tlsEvents(house), []);
});

for (const [sentence, whim, withinMs] of [
  ['STARTTLS that is refused', 'refused', 2_000],
  ['junk in the place of a handshake', 'junk', 2_000],
  ['a host that leaves after the handshake', 'left', 2_000],
  ['a handshake that hangs', 'hang', 33_000],
] as const)
  story(`${sentence} leads to clear text on a new connection, and the next goes so at once`, async house => {
    const remote = remoteOf(house, { startTls: startTls(whim) });
    const id = await house.accept(recipient);
    await house.clock.run(withinMs);
    assert.equal(lastTrace(house, id)?.event, 'delivered');
    assert.equal(lastTrace(house, id)?.tls, null);
    assert.equal(remote.counts.connections, 2);
    await house.clock.run(60_000);
    const next = await house.accept(recipient);
    await house.clock.run(2_000);
    assert.equal(lastTrace(house, next)?.event, 'delivered');
    assert.equal(remote.counts.connections, 3);
    remote.behave({ startTls: startTls() });
    await house.clock.run(11 * 60_000);
    const later = await house.accept(recipient);
    await house.clock.run(2_000);
    assert.equal(lastTrace(house, later)?.tls, cipher);
  });

story('a reply that was slipped in before the cipher is never read', async house => {
  const remote = remoteOf(house, { startTls: startTls('injected') });
  const id = await house.accept(recipient);
  await house.clock.run(30_000);
  assert.equal(lastTrace(house, id)?.event, 'deferred');
  assert.match(lastTrace(house, id)?.reason ?? '', /Bytes came in clear after the answer to STARTTLS/);
  assert.equal(remote.deliveries.length, 0);
});

story('the mail store behind us is spoken with under TLS too', async house => {
  const [store] = house.world.mailStores;
  store?.behave({ startTls: startTls() });
  const id = await house.accept('b@example.com');
  await house.clock.run(2_000);
  assert.equal(lastTrace(house, id)?.tls, cipher);
});

story('a mail store is told the client of each message, over TLS and in chunks', async house => {
  const [store] = house.world.mailStores;
  store?.behave({ startTls: startTls(), xclient: true, chunking: true });
  const to = { host: '10.20.0.10', address: '10.20.0.10', port: 25 };
  const hosts = [{ name: to.host, mxPreference: 10, addresses: [to], local: true, xclient: true as const }];
  house.hops.set('example.com', { kind: 'hosts', site: to.host, hosts });
  const now = house.clock.now();
  await house.acceptFrom('a@remote.example', ['b@example.com'], 400, now, client);
  await house.clock.run(2_000);
  await house.acceptFrom('a@remote.example', ['b@example.com'], 400, now, client);
  await house.clock.run(2_000);
  await house.acceptFrom('', ['b@example.com'], 400, now, { ...client, address: '2001:db8:7::7', helo: '' });
  await house.clock.run(2_000);
  await house.acceptFrom('', ['b@example.com']);
  await house.clock.run(2_000);
  const told = store?.deliveries.map(({ xclient, chunks }) => `${chunks} ${xclient}`);
  assert.deepEqual(told, [
    '1 NAME=[UNAVAILABLE] ADDR=192.0.2.7 PROTO=ESMTP HELO=relay.example.net',
    '1 NAME=[UNAVAILABLE] ADDR=192.0.2.7 PROTO=ESMTP HELO=relay.example.net',
    '1 NAME=[UNAVAILABLE] ADDR=IPV6:2001:db8:7::7 PROTO=ESMTP HELO=[UNAVAILABLE]',
    '1 NAME=[UNAVAILABLE] ADDR=[UNAVAILABLE] PROTO=ESMTP HELO=[UNAVAILABLE]',
  ]);
  assert.equal(store?.counts.connections, 1);
});

story('a large body goes in chunks, whole', async house => {
  const remote = remoteOf(house, { chunking: true, startTls: startTls() });
  const byData = await house.acceptFrom('a@example.com', [recipient], 700_000);
  await house.clock.run(30_000);
  assert.equal(lastTrace(house, byData)?.event, 'delivered');
  remote.behave({ chunking: false });
  for (const each of house.world.uplinks) void each;
  await house.clock.run(60_000);
  await house.acceptFrom('a@example.com', [recipient], 700_000);
  await house.clock.run(30_000);
  const [chunked, dotted] = remote.deliveries;
  assert.ok(chunked && chunked.chunks > 5, `${chunked?.chunks} chunks`);
  assert.equal(dotted?.chunks, 0);
  assert.equal(chunked.sizeBytes, dotted?.sizeBytes);
  assert.equal(chunked.bodyDigest, dotted?.bodyDigest);
});

story('a cut in the middle of a body in chunks leaves no doubt', async house => {
  remoteOf(house, { chunking: true });
  const id = await house.acceptFrom('a@example.com', [recipient], 3_000_000);
  await house.clock.run(400);
  for (const link of house.world.uplinks) house.world.gateway.cut(link, 'black hole');
  house.guide.verdict = 'silent';
  await house.clock.run(60_000);
  assert.ok(!house.eventsOf(id).includes('in_doubt'));
  assert.ok(!house.eventsOf(id).includes('delivered'));
});

story('an international message goes whole, or is given back for those who cannot have it', async house => {
  const remote = remoteOf(house, { smtpUtf8: true });
  const to = ['θ@remote.example', recipient];
  await house.acceptFrom('ü@example.com', to, 400, undefined, null, { message: { smtpUtf8: true } });
  await house.clock.run(2_000);
  assert.deepEqual(remote.deliveries[0]?.rcptTo, to);
  assert.equal(remote.deliveries[0]?.mailFrom, 'ü@example.com');
  remote.behave({ smtpUtf8: false });
  await house.clock.run(60_000);
  const id = await house.acceptFrom('a@example.com', to, 400, undefined, null, {
    message: { smtpUtf8: true },
  });
  await house.clock.run(2_000);
  const ends = house.trace(id).filter(({ event }) => event !== 'attempt');
  assert.deepEqual(
    ends.map(each => `${each.recipient} ${each.event}`),
    ['θ@remote.example bounced', `${recipient} delivered`],
  );
  assert.match(ends[0]?.reply ?? '', /^553 5\.6\.7 The address is not ASCII/);
});

story('8-bit content that is none goes to a host without 8BITMIME, and what is comes back', async house => {
  const remote = remoteOf(house, { eightBitMime: false });
  const declared = { message: { bodyType: '8bitmime' } } as const;
  const plain = await house.acceptFrom('a@example.com', [recipient], 400, undefined, null, declared);
  const large = await house.acceptFrom('a@example.com', [recipient], 700_000, undefined, null, declared);
  const text = 'Subject: x\r\n\r\nGrüße\r\n';
  const real = await house.acceptFrom('a@example.com', [recipient], 400, undefined, null, {
    ...declared,
    text,
  });
  await house.clock.run(30_000);
  assert.deepEqual(
    [plain, large, real].map(id => lastTrace(house, id)?.event),
    ['delivered', 'delivered', 'bounced'],
  );
  assert.match(lastTrace(house, real)?.reply ?? '', /^554 5\.6\.3 /);
  assert.equal(remote.deliveries.length, 2);
});

story('what was asked of reports is passed on where DSN is known', async house => {
  const remote = remoteOf(house, { dsn: true });
  await house.acceptFrom('a@example.com', [recipient], 400, undefined, null, {
    message: { dsn: { ret: 'hdrs', envid: 'a b' } },
    dsn: { notify: ['success'], orcpt: 'rfc822;first@example.com' },
  });
  await house.clock.run(2_000);
  assert.match(remote.deliveries[0]?.mailParameters ?? '', /RET=HDRS ENVID=a\+20b$/);
  assert.deepEqual(remote.deliveries[0]?.rcptParameters, ['NOTIFY=SUCCESS ORCPT=rfc822;first@example.com']);
});

/** One opening by these terms; what came of it, and what was told. */
async function open(
  house: DispatcherHouse,
  hosts: HostMemory,
  terms: Partial<ConnectTerms>,
): Promise<{ readonly end: OpeningEnd; readonly events: readonly GatewayEvent[] }> {
  const events = new EventStream();
  const told: GatewayEvent[] = [];
  events.subscribe(event => told.push(event));
  const ended = Promise.withResolvers<OpeningEnd>();
  const { clock, store, guide, world } = house;
  const local = { kind: 'local', id: 'local', ehlo: 'mail.example.com' } as const;
  const remote = remoteOf(house);
  const to = { host: 'mx.remote.example', address: remote.address, port: 25 };
  const targets = [{ to, local: false, mxPreference: 10, backup: false, terms: { ...plainTerms, ...terms } }];
  new Opening(
    { clock, store, guide, events, hosts, network: world.gateway, local: () => local },
    { site: to.host, lane: plainLane, targets, avoid: null, onHedge() {}, done: ended.resolve },
  ).start();
  const end = await clock.await(ended.promise);
  if (end.kind === 'session') end.session.quit();
  return { end, events: told };
}

const login = { user: 'u', password: 'swordfish' };

story('a login is shown under verified TLS, and mail may go', async house => {
  remoteOf(house, { startTls: startTls(), login });
  const { end } = await open(house, new HostMemory(), { tls: 'verify', login });
  assert.equal(end.kind, 'session');
});

story('a login that is refused bounces nothing, and is told once with what to do', async house => {
  remoteOf(house, { startTls: startTls(), login: { ...login, password: 'other' } });
  const hosts = new HostMemory();
  const first = await open(house, hosts, { tls: 'verify', login });
  const second = await open(house, hosts, { tls: 'verify', login });
  assert.equal(first.end.kind, 'unreached');
  assert.match(JSON.stringify(first.end), /The login was refused: 535 5\.7\.8 Not you/);
  const warnings = [...first.events, ...second.events].flatMap(event =>
    event.kind === 'warning' ? [event.message] : [],
  );
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? '', /its mail waits\. .*535.* Check user and password_file/);
  assert.ok(!JSON.stringify([first, second]).includes('swordfish'));
});

for (const [sentence, behaviour, why] of [
  ['offers no TLS', {}, /It offers no STARTTLS/],
  ['refuses STARTTLS', { startTls: startTls('refused') }, /STARTTLS was refused: 454/],
  ['answers the handshake with junk', { startTls: startTls('junk') }, /handshake failed/],
] as const)
  story(
    `where TLS is a must no mail goes to a host that ${sentence}, however often it is asked`,
    async house => {
      const remote = remoteOf(house, behaviour);
      const hosts = new HostMemory();
      for (let i = 0; i < 2; i++) {
        const { end } = await open(house, hosts, { tls: 'verify' });
        assert.equal(end.kind, 'unreached');
        assert.match(end.kind === 'unreached' ? end.error : '', why);
      }
      assert.equal(remote.deliveries.length, 0);
    },
  );

story(
  'a host that wants TLS, with which TLS fails for a moment, bounces nothing and has its mail by TLS',
  async house => {
    const wanting = { [recipient]: '530 5.7.0 Must issue a STARTTLS command first' };
    const remote = remoteOf(house, { startTls: startTls('junk'), refuse: wanting });
    const id = await house.accept(recipient);
    await house.clock.run(5_000);
    assert.deepEqual(house.eventsOf(id), ['attempt', 'deferred']);
    remote.behave({ startTls: startTls(), refuse: {} });
    await house.clock.run(400_000);
    assert.deepEqual(
      remote.deliveries.map(({ tls }) => tls),
      [cipher],
    );
  },
);

story('a host that wanted TLS may be asked by any egress from then on', async house => {
  const wanting = { [recipient]: '530 5.7.0 Must issue a STARTTLS command first' };
  const remote = remoteOf(house, { startTls: startTls('refused'), refuse: wanting });
  await house.accept(recipient);
  await house.clock.run(5_000);
  remote.behave({ startTls: startTls(), refuse: {} });
  house.guide.set('isp1', 'down');
  await house.clock.run(400_000);
  assert.deepEqual(
    remote.deliveries.map(({ tls, remoteAddress }) => `${remoteAddress} ${tls}`),
    [`203.0.113.40 ${cipher}`],
  );
});
