import { isIP } from 'node:net';
import { canonicalAddress } from '../../protocol/dns/address.ts';
import { parseExtensions } from '../../protocol/smtp/extensions.ts';
import type { Clock, Network } from '../ports.ts';
import { replyOf, sayOne } from './converse.ts';
import { Dialogue } from './dialogue.ts';

const connectMs = 8_000;
const greetingMs = 10_000;
/** Within it a sender that looks for black holes by itself (RFC 4821) has found one and made its packets smaller. */
const fullPacketMs = 8_000;

export type Knocking = {
  readonly source: string;
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly ehlo: string;
};

export type Knocked = {
  /** The host took our call. */
  readonly reached: boolean;
  /** The address of ours that it told in reply to EHLO; null: many do not. */
  readonly observed: string | null;
  /** Did a packet of full size come to it? Null: none was sent, or nobody can tell. */
  readonly fullPacket: 'passed' | 'stalled' | null;
};

type Ports = { readonly network: Network; readonly clock: Clock };

/**
 * Calls a mail host: greeting, EHLO, and STARTTLS where it is offered, for the hello of a client with today's keys is
 * larger than a packet. A hello that the far side's TCP does not acknowledge, while a new call is answered, was
 * swallowed on the way for its size (RFC 2923 section 2.1).
 */
export async function knock(ports: Ports, to: Knocking, signal: AbortSignal): Promise<Knocked> {
  const dialogue = await open(ports, to, signal);
  if (dialogue === null) return { reached: false, observed: null, fullPacket: null };
  const greeted = await isGreeted(dialogue);
  const offered = greeted ? await sayOne(dialogue, `EHLO ${to.ehlo}`) : null;
  if (offered?.ok !== true) {
    dialogue.close();
    return { reached: true, observed: null, fullPacket: null };
  }
  const observed = addressIn(offered.value.lines[0] ?? '');
  const { startTls } = parseExtensions(replyOf(offered.value));
  const fullPacket = startTls ? await sendHello(ports, dialogue, to, signal) : null;
  dialogue.quit();
  return { reached: true, observed, fullPacket };
}

async function open({ network, clock }: Ports, to: Knocking, signal: AbortSignal): Promise<Dialogue | null> {
  const { source, address, port } = to;
  const connected = await network.connect({ source, address, port, timeoutMs: connectMs, signal });
  if (!connected.ok) return null;
  const dialogue = new Dialogue(connected.value, clock);
  signal.addEventListener('abort', () => dialogue.close(), { once: true });
  return dialogue;
}

async function isGreeted(dialogue: Dialogue): Promise<boolean> {
  const greeting = await dialogue.listen(greetingMs);
  return greeting.ok && greeting.value.code === 220;
}

async function sendHello(
  ports: Ports,
  dialogue: Dialogue,
  to: Knocking,
  signal: AbortSignal,
): Promise<Knocked['fullPacket']> {
  const agreed = await sayOne(dialogue, 'STARTTLS');
  if (!agreed.ok || agreed.value.code !== 220) return null;
  const shaken = dialogue.startTls({
    side: 'client',
    serverName: to.name,
    verify: false,
    sessionKey: `knock ${to.source} ${to.address}`,
    chain: true,
    timeoutMs: fullPacketMs + 1_000,
  });
  const first = await Promise.race([shaken, ports.clock.sleep(fullPacketMs, signal).then(() => null)]);
  if (first !== null) return first.ok ? 'passed' : null;
  const unheard = await dialogue.unheardBytes();
  dialogue.close();
  if (unheard === null || unheard === 0 || signal.aborted) return null;
  return (await answersStill(ports, to, signal)) ? 'stalled' : null;
}

/** Does the host take a call and greet, now that large packets do not come to it? */
async function answersStill(ports: Ports, to: Knocking, signal: AbortSignal): Promise<boolean> {
  const dialogue = await open(ports, to, signal);
  if (dialogue === null) return false;
  const greeted = await isGreeted(dialogue);
  dialogue.quit();
  return greeted;
}

/** `mx.remote.example at your service, [198.51.100.30]`. */
function addressIn(line: string): string | null {
  for (const [, text = ''] of line.matchAll(/\[(?:IPv6:)?([0-9A-Fa-f.:]+)\]/g))
    if (isIP(text) !== 0) return canonicalAddress(text);
  return null;
}
