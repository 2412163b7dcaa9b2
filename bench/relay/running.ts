import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../lab/loopback/free-port.ts';
import type { RelayGateway } from '../relay-gateway.ts';
import { Sink, sendLoad } from '../smtp-load.ts';
import { sendTlsLoad, TlsSink } from '../tls-load.ts';
import { type ContestantName, contestants } from './contestants.ts';
import type { Load } from './load.ts';

/** How long a load took, from its first message: until the last was acknowledged, and until the sink had it. */
export type Relayed = { readonly acceptedMs: number; readonly ms: number };

/** A gateway between a generator and a sink. */
export type Running = {
  readonly gateway: RelayGateway;
  /** Its own folder, which goes when it ends. */
  readonly directory: string;
  readonly relay: (load: Load) => Promise<Relayed>;
};

/** A gateway from start to stop: warmed up, then given to `work`. */
export async function withGateway<Outcome>(
  name: ContestantName,
  tls: boolean,
  work: (running: Running) => Promise<Outcome>,
): Promise<Outcome> {
  const directory = await mkdtemp(join(tmpdir(), `postern-bench-${name}-`));
  const sink = tls ? await TlsSink.start() : await Sink.start();
  let gateway: RelayGateway | null = null;
  try {
    const port = await freePort();
    gateway = await contestants[name].start({ directory, port, sinkPort: sink.port, tls });
    let sent = 0;
    const relay = async (load: Load): Promise<Relayed> => {
      let start = performance.now();
      const begun = (): void => {
        start = performance.now();
      };
      await (tls ? sendTlsLoad(port, load, begun) : sendLoad(port, load));
      const acceptedMs = performance.now() - start;
      sent += load.messages;
      await sink.until(sent);
      return { acceptedMs, ms: performance.now() - start };
    };
    await relay({ messages: 1_000, senders: 20, sizeBytes: 4_096, tls });
    return await work({ gateway, directory, relay });
  } finally {
    await gateway?.stop();
    await sink.stop();
    await rm(directory, { recursive: true, force: true });
  }
}
