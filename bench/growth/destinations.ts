import { realNetwork } from '../../src/runtime/net/real-network.ts';
import { realClock } from '../../src/runtime/real-clock.ts';
import { type RunningNameServer, startNameServer } from '../../src/surface/demo/name-server.ts';
import { remoteDomain, sinkAddress } from '../remote-domains.ts';

/** A name server on loopback that gives each remote domain a mail host with an address of its own. */
export async function serveDomains(count: number): Promise<RunningNameServer> {
  const zone = Array.from({ length: count }, (_, at): [string, string[]][] => {
    const domain = remoteDomain(at);
    return [
      [`${domain} MX`, [`10 mx.${domain}`]],
      [`mx.${domain} A`, [sinkAddress(at)]],
    ];
  });
  const server = await startNameServer(realNetwork(), {
    address: '127.0.0.1',
    port: 0,
    zone: Object.fromEntries(zone.flat()),
    clock: realClock,
    ttlS: 3_600,
  });
  if (!server.ok) throw new Error(JSON.stringify(server.error));
  return server.value;
}
