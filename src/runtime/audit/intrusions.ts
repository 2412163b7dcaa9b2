import { saidText } from '../../decision/audit/conversation-evidence.ts';
import type { ConversationFact } from '../../decision/audit/facts.ts';
import { type Extensions, parseExtensions } from '../../protocol/smtp/extensions.ts';
import type { Clock, Network, Result } from '../ports.ts';
import { endsAtBareNewline } from './bare-newline-trap.ts';
import { type ConversationRequest, literal, replyOf, sayOne } from './converse.ts';
import { Dialogue } from './dialogue.ts';

type Ports = { readonly network: Network; readonly clock: Clock };

const connectMs = 10_000;
const greetingMs = 25_000;
const tlsMs = 10_000;

/** What came of the traps, or why nothing did, in a whole sentence. */
export type Intrusions = {
  readonly injected: Result<boolean, string>;
  readonly bareNewlineEnds: Result<boolean, string>;
};

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
  const tls = fact.tls?.kind === 'done' ? { ...fact.tls, injected: injected.ok && injected.value } : fact.tls;
  return bareNewlineEnds.ok
    ? { ...fact, tls, bareNewlineEnds: bareNewlineEnds.value }
    : { ...fact, tls, bareNewlineUntold: bareNewlineEnds.error };
}

/** Springs the trap on a server that has greeted and taken EHLO. */
async function withDialogue(
  { network, clock }: Ports,
  request: ConversationRequest,
  signal: AbortSignal,
  trap: (
    dialogue: Dialogue,
    request: ConversationRequest,
    extensions: Extensions,
  ) => Promise<Result<boolean, string>>,
): Promise<Result<boolean, string>> {
  const { source, address, port } = request;
  const connected = await network.connect({ source, address, port, timeoutMs: connectMs, signal });
  if (!connected.ok) return { ok: false, error: connected.error.message };
  const dialogue = new Dialogue(connected.value, clock);
  const abort = (): void => dialogue.close();
  signal.addEventListener('abort', abort);
  const greeting = await dialogue.listen(greetingMs);
  const ehlo = request.ehlo ?? literal(connected.value.localAddress);
  const offered = greeting.ok ? await sayOne(dialogue, `EHLO ${ehlo}`) : greeting;
  const verdict = !offered.ok
    ? offered
    : offered.value.code === 250
      ? await trap(dialogue, request, parseExtensions(replyOf(offered.value)))
      : { ok: false as const, error: `The server refuses EHLO: "${saidText(offered.value)}".` };
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
): Promise<Result<boolean, string>> {
  const agreed = await sayOne(dialogue, 'STARTTLS\r\nNOOP');
  if (!agreed.ok) return agreed;
  if (agreed.value.code !== 220)
    return { ok: false, error: `The server refuses STARTTLS: "${saidText(agreed.value)}".` };
  const secured = await dialogue.startTls({
    side: 'client',
    serverName: host,
    verify: false,
    sessionKey: `audit ${address}`,
    timeoutMs: tlsMs,
  });
  if (!secured.ok) return { ok: true, value: false };
  const farewell = await sayOne(dialogue, 'QUIT');
  return { ok: true, value: farewell.ok && farewell.value.code !== 221 };
}
