import assert from 'node:assert/strict';
import test from 'node:test';
import { spfOf } from '../../src/decision/audit/spf-of.ts';
import { Notebook } from '../../src/runtime/audit/notebook.ts';
import { askForSpf } from '../../src/runtime/audit/spf-questions.ts';
import { outsideResolver } from '../../src/runtime/dns/outside-resolver.ts';
import { startNameServer } from '../../src/surface/demo/name-server.ts';
import type { ZoneTable } from '../../src/surface/demo/zone-table.ts';
import { composedExamples, exampleZone, simpleExamples } from '../spf-examples.ts';
import { must } from './reference-network.ts';
import { SimClock } from './sim-clock.ts';
import { SimHost } from './sim-host.ts';
import { SimInternet } from './sim-internet.ts';
import { SimLink } from './sim-link.ts';
import { SimRandom } from './sim-random.ts';

const nameServer = '192.0.2.53';

/** What SPF of the domain says of an address, with every answer asked of a name server through our own resolver. */
async function judged(zone: ZoneTable, domain: string, address: string): Promise<string> {
  const clock = new SimClock();
  const internet = new SimInternet(clock, new SimRandom(1));
  const place = (name: string, at: string) =>
    new SimHost(name, internet).attach('eth0', at, new SimLink(name, new Set()));
  const network = place('auditor', '192.0.2.200');
  const names = place('name server', nameServer);
  const served = must(await startNameServer(names, { address: nameServer, port: 53, zone, clock }));
  const resolver = outsideResolver(
    { network, clock, random: new SimRandom(2) },
    { uplinks: [], dnsServers: [{ address: nameServer, port: 53, uplink: null, trustAd: false }] },
  );
  const book = new Notebook(resolver);
  const sender = { address, ehlo: 'mail.example.com' };
  await clock.await(askForSpf(book, domain, [sender]));
  const { result, unasked } = spfOf({ dns: book.facts() }, domain, sender);
  resolver.close();
  await served.close();
  assert.deepEqual(unasked, []);
  return result;
}

for (const [sentence, record, address, result] of simpleExamples)
  test(`SPF, RFC 7208 appendix A.1 through our resolver: ${sentence}`, async () => {
    const zone = { ...exampleZone, 'example.com TXT': [record] };
    assert.equal(await judged(zone, 'example.com', address), result);
  });

for (const [sentence, domain, address, result] of composedExamples)
  test(`SPF, RFC 7208 appendix through our resolver: ${sentence}`, async () => {
    assert.equal(await judged(exampleZone, domain, address), result);
  });
