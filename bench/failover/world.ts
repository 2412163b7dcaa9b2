import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { identity, inside, sites, zoneOf } from '../../lab/addresses.ts';
import { LabNetwork } from '../../lab/network.ts';
import { must } from '../../lab/scenario.ts';
import { PeerProcess } from '../../src/surface/demo/peer-process.ts';
import type { PeerCounts, PeerNews } from '../../src/surface/demo/peer-protocol.ts';
import { Tally } from '../../src/surface/demo/tally.ts';

/**
 * A name server inside, which no cut reaches. So each system is judged by how it sends and not by how it asks, which
 * spares those that have one resolver for both uplinks.
 */
export const resolver = inside.store;

/** The label of the mail in a trial. */
const label = 'steady';

/**
 * What every system finds: the reference network, strict receivers that remember, a name server, and a mail user
 * inside who sends at a steady pace. The mail host is empty. Failures are thrown.
 */
export class World {
  readonly network: LabNetwork;
  /** For the system's files; others may read it. */
  readonly directory: string;
  readonly tally = new Tally();
  readonly #peers: PeerProcess[] = [];
  #internet: PeerProcess | null = null;
  #user: PeerProcess | null = null;

  private constructor(network: LabNetwork, directory: string) {
    this.network = network;
    this.directory = directory;
  }

  static async build(): Promise<World> {
    const network = must(await LabNetwork.build());
    const world = new World(network, await mkdtemp(join(tmpdir(), 'postern-failover-')));
    try {
      await chmod(world.directory, 0o755);
      await world.#populate();
      return world;
    } catch (error) {
      await world.close();
      throw error;
    }
  }

  /** Begins the steady mail: each recipient is `m{n}@` one of the sites in turn. */
  async send(intervalMs: number): Promise<void> {
    must(
      await this.#peer(this.#user).order({
        do: 'send',
        target: { address: inside.mailHost, port: 25 },
        source: inside.user,
        ehlo: 'user.example.com',
        intervalMs,
        mailFrom: 'user@example.com',
        recipients: sites.map(site => `m{n}@${site.domain}`),
        sizeBytes: 1000,
        label,
      }),
    );
  }

  async stopSending(): Promise<void> {
    must(await this.#peer(this.#user).order({ do: 'stop_sending' }));
  }

  /** What the receivers saw. */
  async counts(): Promise<PeerCounts> {
    const value = must(await this.#peer(this.#internet).order({ do: 'counts' }));
    if (value === null || !('identities' in value)) throw new Error('the peer told no counts');
    return value;
  }

  /** Ends everything and leaves nothing behind. */
  async close(): Promise<void> {
    for (const peer of this.#peers) peer.close();
    this.network.destroy();
    await sleep(200);
    await rm(this.directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }

  async #populate(): Promise<void> {
    const hear = (news: PeerNews): void => {
      if (news.news === 'delivery') this.tally.delivered(news.delivery);
      else if (news.news === 'accepted') this.tally.accepted(news.messageId, news.at);
    };
    this.#internet = must(await PeerProcess.start(this.network.internet, hear));
    this.#peers.push(this.#internet);
    this.#user = must(await PeerProcess.start(this.network.inside, hear));
    this.#peers.push(this.#user);
    must(
      await this.#user.order({
        do: 'name_server',
        address: resolver,
        port: 53,
        zone: zoneOf(sites),
        customers: [],
        delayMs: 0,
      }),
    );
    for (const { address, host } of sites)
      must(
        await this.#internet.order({
          do: 'receive',
          addresses: [address],
          port: 25,
          name: host,
          identity,
          behaviour: {},
        }),
      );
  }

  #peer(peer: PeerProcess | null): PeerProcess {
    if (peer === null) throw new Error('the peer is not there yet');
    return peer;
  }
}

/** The Message-ID of the message whose recipient is `m{n}@…`. */
export function messageIdOf(number: string): string {
  return `<${label}.${number}@example.com>`;
}

/** The numbers of all recipients `m{n}@…` that a text names. */
export function numbersIn(text: string): Set<string> {
  return new Set([...text.matchAll(/\bm(\d+)@/g)].flatMap(([, number]) => number ?? []));
}
