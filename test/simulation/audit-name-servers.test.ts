import assert from 'node:assert/strict';
import test from 'node:test';
import { decodeQuery, encodeAnswer } from '../../src/protocol/dns/message.ts';
import { askNameServers } from '../../src/runtime/audit/name-servers.ts';
import { must } from './reference-network.ts';
import { SimClock } from './sim-clock.ts';
import { SimHost } from './sim-host.ts';
import { SimInternet } from './sim-internet.ts';
import { SimLink } from './sim-link.ts';
import { SimRandom } from './sim-random.ts';

const server = { name: 'ns1.example.net', address: '192.0.2.53' };
/** Where the AA bit stands (RFC 1035 section 4.1.1). */
const flags = { byte: 2, authoritative: 0b100 };

for (const [sentence, lame, expected] of [
  ['has authority is believed', false, 'records'],
  ['has none is lame, whatever it answers', true, 'lame'],
] as const)
  test(`audit: a name server that ${sentence}`, async () => {
    const clock = new SimClock();
    const random = new SimRandom(3);
    const internet = new SimInternet(clock, random.fork());
    const wire = (name: string): SimLink => new SimLink(name, new Set([25]), { latencyMs: 10, jitterMs: 0 });
    const auditor = new SimHost('auditor', internet).attach('eth0', '192.0.2.200', wire('auditor'));
    const names = new SimHost('names', internet).attach('eth0', server.address, wire('names'));
    const socket = must(await names.datagrams(server.address, 4, 53));
    socket.handle((datagram, from) => {
      const query = decodeQuery(datagram);
      assert.ok(query);
      const { name, type } = query.question;
      const data =
        type === 'MX'
          ? ({ type: 'MX', preference: 10, exchange: 'mx1.example.com' } as const)
          : ({ type: 'TXT', text: 'v=spf1 -all' } as const);
      const answer = encodeAnswer(query, {
        rcode: 'noerror',
        truncated: false,
        authenticated: false,
        answers: [{ name, ttlS: 300, data }],
        authorities: [],
      });
      if (lame) answer[flags.byte] = (answer[flags.byte] ?? 0) & ~flags.authoritative;
      socket.send(answer, from);
    });
    const ports = { network: auditor, clock, random };
    const [seen] = await clock.await(
      askNameServers(ports, [server], 'example.com', new AbortController().signal),
    );
    assert.deepEqual(
      Object.values(seen?.answers ?? {}).map(fact => (fact.kind === 'temperror' ? fact.failure : fact.kind)),
      [expected, expected],
    );
  });
