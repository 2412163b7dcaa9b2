import type { ConversationFact } from '../../decision/audit/facts.ts';
import { type Extensions, parseExtensions } from '../../protocol/smtp/extensions.ts';
import type { Clock, Network } from '../ports.ts';
import { endsAtBareNewline } from './bare-newline-trap.ts';
import { type ConversationRequest, literal, replyOf, sayOne } from './converse.ts';
import { Dialogue } from './dialogue.ts';

type Ports = { readonly network: Network; readonly clock: Clock };

const connectMs = 10_000;
const greetingMs = 25_000;
const tlsMs = 10_000;

/** What came of the traps; null where it did not come so far. */
export type Intrusions = { readonly injected: boolean | null; readonly bareNewlineEnds: boolean | null };

/**
 * Two traps that only hosts of our own are put to, or others with the caller's word: a command in clear behind STARTTLS,
 * and dots between bare newlines. Each on a connection of its own.
 */
export async function tryIntrusions(
  ports: Ports,
  request: ConversationRequest,
  signal: AbortSignal,
): Promise<Intrusions> {
  const [injected, bareNewlineEnds] = await Promise.all([
    withDialogue(ports, request, signal, isInjectable),
    withDialogue(ports, request, signal, (dialogue, { domain }, { pipelining }) =>
      endsAtBareNewline(dialogue, domain, pipelining),
    ),
  ]);
  return { injected, bareNewlineEnds };
}

/** The conversation with what came of the traps. */
export function withIntrusions(
  fact: ConversationFact,
  { injected, bareNewlineEnds }: Intrusions,
): ConversationFact {
  const tls = fact.tls?.kind === 'done' ? { ...fact.tls, injected: injected === true } : fact.tls;
  return { ...fact, tls, bareNewlineEnds };
}

/** Greeted and past EHLO; null where it does not come so far. */
async function withDialogue(
  { network, clock }: Ports,
  request: ConversationRequest,
  signal: AbortSignal,
  trap: (dialogue: Dialogue, request: ConversationRequest, extensions: Extensions) => Promise<boolean | null>,
): Promise<boolean | null> {
  const { source, address, port } = request;
  const connected = await network.connect({ source, address, port, timeoutMs: connectMs, signal });
  if (!connected.ok) return null;
  const dialogue = new Dialogue(connected.value, clock);
  const abort = (): void => dialogue.close();
  signal.addEventListener('abort', abort);
  const greeting = await dialogue.listen(greetingMs);
  const ehlo = request.ehlo ?? literal(connected.value.localAddress);
  const offered = greeting.ok ? await sayOne(dialogue, `EHLO ${ehlo}`) : greeting;
  const verdict =
    offered.ok && offered.value.code === 250
      ? await trap(dialogue, request, parseExtensions(replyOf(offered.value)))
      : null;
  signal.removeEventListener('abort', abort);
  dialogue.close();
  return verdict;
}

/**
 * What was said in clear after STARTTLS must be forgotten (RFC 3207 section 4.2): else it is answered first, and the
 * answer to QUIT is not the last of two.
 */
async function isInjectable(
  dialogue: Dialogue,
  { host, address }: ConversationRequest,
): Promise<boolean | null> {
  const agreed = await sayOne(dialogue, 'STARTTLS\r\nNOOP');
  if (!agreed.ok || agreed.value.code !== 220) return null;
  const secured = await dialogue.startTls({
    side: 'client',
    serverName: host,
    verify: false,
    sessionKey: `audit ${address}`,
    timeoutMs: tlsMs,
  });
  if (!secured.ok) return false;
  const farewell = await sayOne(dialogue, 'QUIT');
  return farewell.ok && farewell.value.code !== 221;
}
