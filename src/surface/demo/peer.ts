/**
 * A process of the outside world, for the demo's and the lab's namespaces: receivers, a name server and a mail user,
 * ordered about by JSON lines on standard input. It ends when its input ends.
 */
import { createInterface } from 'node:readline';
import { realNetwork } from '../../runtime/net/real-network.ts';
import { realClock } from '../../runtime/real-clock.ts';
import { composeMessage } from './compose.ts';
import { startNameServer } from './name-server.ts';
import type { PeerCounts, PeerNews, PeerRequest, PeerValue } from './peer-protocol.ts';
import { identityByTable, type RunningReceiver, startReceiver } from './receiver.ts';
import { SteadySender } from './steady-sender.ts';

const network = realNetwork();
const receivers = new Map<string, RunningReceiver>();
let sender: SteadySender | null = null;

function tell(news: PeerNews): void {
  process.stdout.write(`${JSON.stringify(news)}\n`);
}

async function follow(request: PeerRequest): Promise<PeerValue> {
  switch (request.do) {
    case 'receive': {
      const { identity } = request;
      let port = request.port;
      for (const address of request.addresses) {
        const started = await startReceiver(network, {
          address,
          port,
          name: request.name,
          clock: realClock,
          behaviour: request.behaviour,
          ...(identity === null ? {} : { identity: identityByTable(identity.forward, identity.reverse) }),
          onDelivery: delivery => tell({ news: 'delivery', delivery }),
          keep: 0,
        });
        if (!started.ok) throw new Error(started.error.message);
        port = started.value.port;
        receivers.set(address, started.value);
      }
      return { port };
    }
    case 'behave': {
      const receiver = receivers.get(request.address);
      if (receiver === undefined) throw new Error(`no receiver at ${request.address}`);
      receiver.behave(request.behaviour);
      return null;
    }
    case 'name_server': {
      const started = await startNameServer(network, {
        address: request.address,
        port: request.port,
        zone: request.zone,
        customers: request.customers,
        delayMs: request.delayMs,
        clock: realClock,
      });
      if (!started.ok) throw new Error(started.error.message);
      return { port: started.value.port };
    }
    case 'send': {
      const digests = new Map<string, string>();
      sender = new SteadySender({
        network,
        clock: realClock,
        target: request.target,
        ...(request.others === undefined ? {} : { others: request.others }),
        ...(request.patienceMs === undefined ? {} : { patienceMs: request.patienceMs }),
        source: request.source,
        ehlo: request.ehlo,
        compose: n => {
          const message = composeMessage(request, n, realClock.now());
          digests.set(message.messageId, message.bodyDigest);
          return message;
        },
        onAccepted: (messageId, at) => {
          tell({ news: 'accepted', messageId, at, bodyDigest: digests.get(messageId) ?? '' });
          digests.delete(messageId);
        },
        onTrouble: (messageId, reason) => tell({ news: 'trouble', messageId, reason }),
      });
      sender.start(request.intervalMs);
      return null;
    }
    case 'stop_sending':
      await sender?.stop();
      sender = null;
      return null;
    case 'counts':
      return counts();
    default:
      request satisfies never;
      throw new Error('no such order');
  }
}

function counts(): PeerCounts {
  const all = [...receivers.values()];
  const sum = (of: (receiver: RunningReceiver) => number): number =>
    all.reduce((total, receiver) => total + of(receiver), 0);
  const identities = merge(all.map(receiver => receiver.identities));
  const callers = merge(all.map(receiver => receiver.callers));
  return {
    connections: sum(receiver => receiver.counts.connections),
    open: sum(receiver => receiver.counts.open),
    deliveries: sum(receiver => receiver.counts.deliveries),
    refusedIdentity: sum(receiver => receiver.counts.refusedIdentity),
    begun: sum(receiver => receiver.counts.begun),
    abandoned: sum(receiver => receiver.counts.abandoned),
    identities: [...identities].map(([key, sessions]) => {
      const [address = '', ehlo = ''] = key.split(' ');
      return { address, ehlo, sessions };
    }),
    callers: [...callers].map(([address, connections]) => ({ address, connections })),
  };
}

function merge(tables: readonly ReadonlyMap<string, number>[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const [key, count] of tables.flatMap(table => [...table])) sums.set(key, (sums.get(key) ?? 0) + count);
  return sums;
}

process.stdout.on('error', () => process.exit(0));
process.on('SIGINT', () => {});
createInterface({ input: process.stdin })
  .on('line', line => {
    const request: PeerRequest = JSON.parse(line);
    follow(request).then(
      value => tell({ news: 'answer', id: request.id, error: null, value }),
      (error: unknown) => {
        const words = error instanceof Error ? error.message : String(error);
        tell({ news: 'answer', id: request.id, error: words, value: null });
      },
    );
  })
  .on('close', () => process.exit(0));
tell({ news: 'ready' });
