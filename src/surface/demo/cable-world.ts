import { realNetwork } from '../../runtime/net/real-network.ts';
import type { Result } from '../../runtime/ports.ts';
import { cable, inOrder, Namespace } from './namespaces.ts';
import { PeerProcess } from './peer-process.ts';
import { type DemoWorld, demoIdentity, demoSites, demoZone, type OnDelivery } from './world.ts';

const sources = { isp1: '198.51.100.30', isp2: '203.0.113.40' } as const;
const sites = demoSites(['192.0.2.25', '198.18.7.25']);
const nameServer = '192.0.2.53';

/**
 * Two real cables between this process's network namespace, which must be a new one (`unshare --user
 * --map-root-user --net`), and an Internet namespace with receivers and a name server.
 */
export async function openCableWorld(onDelivery: OnDelivery): Promise<Result<DemoWorld, string>> {
  const host = Namespace.here();
  const made = await Namespace.create();
  if (!made.ok) return made;
  const internet = made.value;
  let peer: PeerProcess | null = null;
  const close = async (): Promise<void> => {
    peer?.close();
    internet.close();
  };

  const laid = await inOrder(
    () => host.ip('link set lo up'),
    () => cable(host, 'isp1', internet, 'far1'),
    () => cable(host, 'isp2', internet, 'far2'),
    () =>
      internet.ip(
        'address add 198.51.100.1/24 dev far1',
        'address add 203.0.113.1/24 dev far2',
        'link set far1 up',
        'link set far2 up',
        ...[nameServer, ...sites.map(site => site.address)].map(
          address => `address add ${address}/32 dev lo`,
        ),
      ),
    () => layUplink(host, 1),
    () => layUplink(host, 2),
    async () => {
      const started = await PeerProcess.start(internet, news => {
        if (news.news === 'delivery') onDelivery(news.delivery);
      });
      if (!started.ok) return started;
      peer = started.value;
      for (const order of [
        {
          do: 'name_server',
          address: nameServer,
          port: 53,
          zone: demoZone(sources, sites),
          customers: [],
          delayMs: 0,
        },
        {
          do: 'receive',
          addresses: sites.map(site => site.address),
          port: 25,
          name: 'mx.remote.example',
          identity: demoIdentity(sources),
          behaviour: {},
        },
      ] as const) {
        const done = await started.value.order(order);
        if (!done.ok) return done;
      }
      return { ok: true, value: undefined };
    },
  );
  if (!laid.ok) {
    await close();
    return laid;
  }
  return {
    ok: true,
    value: {
      cable:
        'The cable is a real one: a veth pair between two network namespaces, and its far end goes down.',
      network: realNetwork(),
      sources,
      nameServer: `${nameServer}:53`,
      smtpPort: 25,
      listen: { address: '127.0.0.1', port: 2525 },
      pull: () => internet.ip('link set far1 down'),
      restore: () =>
        inOrder(
          () => internet.ip('link set far1 up'),
          () => layUplink(host, 1),
        ),
      close,
    },
  };
}

/** Address, and a rule and table of its own, for one uplink of the mail host. */
function layUplink(host: Namespace, n: 1 | 2): Promise<Result<void, string>> {
  const [source, gateway] =
    n === 1 ? ([sources.isp1, '198.51.100.1'] as const) : ([sources.isp2, '203.0.113.1'] as const);
  const table = 100 + n;
  return inOrder(
    () =>
      host.ip(
        `link set isp${n} up`,
        `address replace ${source}/24 dev isp${n}`,
        `route replace default via ${gateway} dev isp${n} metric ${100 * n}`,
        `route replace default via ${gateway} dev isp${n} table ${table}`,
        `route replace unreachable default metric 4278198272 table ${table}`,
      ),
    async () => {
      const known = await host.run('ip', ['rule', 'show', 'from', source]);
      if (!known.ok || known.value.trim() !== '') return { ok: true, value: undefined };
      return host.ip(`rule add from ${source} lookup ${table}`);
    },
  );
}
