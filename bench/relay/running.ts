import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../lab/loopback/free-port.ts';
import { OwnSink, sendOwnLoad } from '../own-load.ts';
import type { RelayGateway } from '../relay-gateway.ts';
import { Sink, sendLoad } from '../smtp-load.ts';
import type { Contestant } from './contestants.ts';
import { type Load, needsOwnTools, partOf } from './load.ts';

/** How long a load took, from its first message: until the last was acknowledged, and until the sink had it. */
export type Relayed = { readonly acceptedMs: number; readonly ms: number };

/** A gateway that listens, and its own folder, which goes when it ends. */
export type Listening = { readonly gateway: RelayGateway; readonly directory: string; readonly port: number };

/** A gateway between a generator and a sink. */
export type Running = Listening & { readonly relay: (load: Load) => Promise<Relayed> };

/** As much as a gateway needs to find its pace, whichever comes first. */
const warmUp = { messages: 1_000, bytes: 64 * 2 ** 20, recipients: 20_000 };

/** A gateway from start to stop, which delivers to a sink that is there. */
export async function whileListening<Outcome>(
  { start }: Pick<Contestant, 'start'>,
  sinkPort: number,
  tls: boolean,
  work: (listening: Listening) => Promise<Outcome>,
): Promise<Outcome> {
  const directory = await mkdtemp(join(tmpdir(), 'postern-bench-'));
  let gateway: RelayGateway | null = null;
  try {
    const port = await freePort();
    gateway = await start({ directory, port, sinkPort, tls });
    return await work({ gateway, directory, port });
  } finally {
    await gateway?.stop();
    // A gateway's processes may write their last while they end.
    await rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }
}

/**
 * A gateway with a sink and a generator that suit this kind of load, from start to stop: warmed up by a little of it, then
 * given to `work`.
 */
export async function whileRelaying<Outcome>(
  contestant: Contestant,
  kind: Load,
  work: (running: Running) => Promise<Outcome>,
): Promise<Outcome> {
  const own = needsOwnTools(kind);
  const sink = own ? await OwnSink.start({ tls: kind.tls, addresses: kind.domains }) : await Sink.start();
  try {
    return await whileListening(contestant, sink.port, kind.tls, async listening => {
      let sent = 0;
      const relay = async (load: Load): Promise<Relayed> => {
        let start = performance.now();
        const begun = (): void => {
          start = performance.now();
        };
        await (own ? sendOwnLoad(listening.port, load, begun) : sendLoad(listening.port, load));
        const acceptedMs = performance.now() - start;
        sent += load.messages * load.recipients;
        await sink.until(sent);
        return { acceptedMs, ms: performance.now() - start };
      };
      await relay(warmUpOf(kind, contestant.share));
      await sleep(contestant.restMs ?? 0);
      return await work({ ...listening, relay });
    });
  } finally {
    await sink.stop();
  }
}

function warmUpOf(load: Load, share: number): Load {
  const { messages, bytes, recipients } = warmUp;
  const enough = Math.min(messages, bytes / load.sizeBytes, recipients / load.recipients);
  return { ...partOf({ ...load, messages: enough }, share), senders: Math.min(load.senders, 20) };
}
