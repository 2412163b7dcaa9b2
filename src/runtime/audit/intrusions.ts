import type { ConversationFact } from '../../decision/audit/facts.ts';
import type { Clock, Network } from '../ports.ts';
import { type ConversationRequest, literal, sayOne } from './converse.ts';
import { Dialogue } from './dialogue.ts';

type Ports = { readonly network: Network; readonly clock: Clock };

const connectMs = 10_000;
const greetingMs = 25_000;
const tlsMs = 10_000;
/** So long a server has to fall into a trap. */
const trapMs = 1_500;

/** What came of the traps; null where it did not come so far. */
export type Intrusions = { readonly injected: boolean | null; readonly bareNewlineEnds: boolean | null };

/**
 * Two traps that only hosts of our own are put to, or others with the caller's word: a command in clear behind STARTTLS,
 * and a dot between bare line feeds. Each on a connection of its own, which is cut; no message is ever ended in order.
 */
export async function tryIntrusions(
  ports: Ports,
  request: ConversationRequest,
  signal: AbortSignal,
): Promise<Intrusions> {
  const [injected, bareNewlineEnds] = await Promise.all([
    withDialogue(ports, request, signal, isInjectable),
    withDialogue(ports, request, signal, endsAtBareNewline),
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
  trap: (dialogue: Dialogue, request: ConversationRequest) => Promise<boolean | null>,
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
  const verdict = offered.ok && offered.value.code === 250 ? await trap(dialogue, request) : null;
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

/** Only CRLF ends a line (RFC 5321 section 2.3.8). Null: it did not come to a message. */
async function endsAtBareNewline(
  dialogue: Dialogue,
  { domain }: ConversationRequest,
): Promise<boolean | null> {
  for (const command of ['MAIL FROM:<>', `RCPT TO:<postmaster@${domain}>`]) {
    const reply = await sayOne(dialogue, command);
    if (!reply.ok || reply.value.code >= 300) return null;
  }
  const data = await sayOne(dialogue, 'DATA');
  if (!data.ok || data.value.code !== 354) return null;
  const [answer] = await dialogue.say(
    ['Subject: A test of line ends\r\n\r\nThe next line must not end this.\n.\n'],
    trapMs,
  );
  return answer?.ok === true && answer.value.code < 300;
}
