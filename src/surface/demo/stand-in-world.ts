import { realNetwork } from '../../runtime/net/real-network.ts';
import type { Result } from '../../runtime/ports.ts';
import { realClock } from '../../runtime/real-clock.ts';
import { CutNetwork } from './cut-network.ts';
import { startNameServer } from './name-server.ts';
import { identityByTable, startReceiver } from './receiver.ts';
import { type DemoWorld, demoIdentity, demoSites, demoZone, type OnDelivery } from './world.ts';

const sources = { isp1: '127.0.0.2', isp2: '127.0.0.3' } as const;
const sites = demoSites(['127.0.25.1', '127.1.25.1']);
const triesForPort = 20;

/** All on loopback, in this process: the cable is a stand-in at the gateway's network port. */
export async function openStandInWorld(onDelivery: OnDelivery): Promise<Result<DemoWorld, string>> {
  const real = realNetwork();
  const network = new CutNetwork(real, realClock);
  const closers: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.reverse()) await closer();
  };
  const fail = async (what: string): Promise<Result<DemoWorld, string>> => {
    await close();
    return { ok: false, error: what };
  };

  const identity = demoIdentity(sources);
  let smtpPort = 0;
  for (let tries = 0; smtpPort === 0; tries += 1) {
    if (tries === triesForPort) return fail('No port of the loopback addresses is free for the receivers.');
    const opened: { close(): Promise<void>; port: number }[] = [];
    for (const site of sites) {
      const receiver = await startReceiver(real, {
        address: site.address,
        port: opened[0]?.port ?? 0,
        name: site.host,
        clock: realClock,
        identity: identityByTable(identity.forward, identity.reverse),
        onDelivery,
        keep: 0,
      });
      if (receiver.ok) opened.push(receiver.value);
      else if (receiver.error.kind === 'address_absent') return fail(lacksLoopback);
    }
    if (opened.length === sites.length) {
      smtpPort = opened[0]?.port ?? 0;
      closers.push(...opened.map(receiver => () => receiver.close()));
    } else {
      for (const receiver of opened) await receiver.close();
    }
  }

  const nameServer = await startNameServer(real, {
    address: '127.0.0.1',
    port: 0,
    zone: demoZone(sources, sites),
    clock: realClock,
  });
  if (!nameServer.ok) return fail(`The demo's name server did not start: ${nameServer.error.message}.`);
  closers.push(async () => nameServer.value.close());

  const port = await freePort();
  if (port === null) return fail('No port of 127.0.0.1 is free for the gateway.');
  return {
    ok: true,
    value: {
      cable:
        'The cable is a stand-in: all that isp1 sends and hears is held back at the gateway’s network port.',
      network,
      sources,
      nameServer: `127.0.0.1:${nameServer.value.port}`,
      smtpPort,
      listen: { address: '127.0.0.1', port },
      pull: async () => {
        network.pull(sources.isp1);
        return { ok: true, value: undefined };
      },
      restore: async () => {
        network.restore(sources.isp1);
        return { ok: true, value: undefined };
      },
      close,
    },
  };

  /** A port that was free a moment ago. */
  async function freePort(): Promise<number | null> {
    const listener = await real.listen('127.0.0.1', 0, connection => connection.destroy());
    if (!listener.ok) return null;
    await listener.value.close();
    return listener.value.port;
  }
}

const lacksLoopback =
  'This system has only 127.0.0.1 on its loopback; the demo needs all of 127.0.0.0/8, as Linux has it.';
