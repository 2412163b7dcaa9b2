import type { ConversationFact, Said, TlsFact } from '../../decision/audit/facts.ts';
import { parseExtensions } from '../../protocol/smtp/extensions.ts';
import type { Clock, Network, Result, TlsFacts } from '../ports.ts';
import { certificateFact } from './certificate-fact.ts';
import { Dialogue, type Silence } from './dialogue.ts';

/** Whom to speak with, as whom, and about what. */
export type ConversationRequest = {
  readonly host: string;
  readonly address: string;
  readonly port: number;
  readonly egress: string | null;
  /** The address is this host's own. */
  readonly inside: boolean;
  readonly source: string | null;
  /** What EHLO says; null: the address that the connection has here, as a literal (RFC 5321 section 4.1.3). */
  readonly ehlo: string | null;
  readonly domain: string;
  /** A local part that nobody has. */
  readonly unknownLocalPart: string;
  /** A stranger's address, to see whether the host relays; null: not tried. */
  readonly relayTo: string | null;
};

type Facts = { -readonly [Key in keyof ConversationFact]: ConversationFact[Key] };

const connectMs = 10_000;
const greetingMs = 25_000;
const replyMs = 15_000;
const tlsMs = 10_000;

/**
 * Holds one polite conversation: greeting, EHLO, STARTTLS where it is offered, the envelope of a message that is never
 * sent, QUIT. Where the handshake fails, a second one in clear asks the rest.
 */
export async function converse(
  ports: { readonly network: Network; readonly clock: Clock },
  request: ConversationRequest,
  signal: AbortSignal,
): Promise<ConversationFact> {
  const facts = await converseOnce(ports, request, { withTls: true, grouped: true }, signal);
  if (signal.aborted) return facts;
  if (facts.tls?.kind === 'failed') {
    const clear = await converseOnce(ports, request, { withTls: false, grouped: true }, signal);
    return { ...facts, ...envelopeOf(clear) };
  }
  const { pipelining } = facts;
  if (pipelining === null || pipelining.answered >= pipelining.asked) return facts;
  // Did it fail because the commands came together? Then each alone is answered.
  const alone = await converseOnce(ports, request, { withTls: facts.tls !== null, grouped: false }, signal);
  return { ...facts, ...envelopeOf(alone), pipelining: alone.nullSender === null ? null : pipelining };
}

/** What a second conversation says in the place of the first. */
function envelopeOf(facts: ConversationFact): Partial<ConversationFact> {
  const { nullSender, postmaster, unknownRecipient, literal: atAddress, relay, stopped } = facts;
  return { nullSender, postmaster, unknownRecipient, literal: atAddress, relay, stopped };
}

async function converseOnce(
  { network, clock }: { readonly network: Network; readonly clock: Clock },
  request: ConversationRequest,
  way: { readonly withTls: boolean; readonly grouped: boolean },
  signal: AbortSignal,
): Promise<ConversationFact> {
  const { host, address, port, egress, inside, source } = request;
  const facts: Facts = {
    host,
    address,
    port,
    egress,
    inside,
    connectMs: null,
    error: null,
    greeting: null,
    greetedAt: null,
    ehlo: null,
    helo: null,
    tls: null,
    ehloAfterTls: null,
    nullSender: null,
    postmaster: null,
    unknownRecipient: null,
    relay: null,
    literal: null,
    pipelining: null,
    bareNewlineEnds: null,
    stopped: null,
  };
  const startedAt = clock.monotonic();
  const connected = await network.connect({ source, address, port, timeoutMs: connectMs, signal });
  if (!connected.ok) return { ...facts, error: connected.error, stopped: connected.error.message };
  facts.connectMs = Math.round(clock.monotonic() - startedAt);
  const dialogue = new Dialogue(connected.value, clock);
  const abort = (): void => dialogue.close();
  signal.addEventListener('abort', abort);
  const ehlo = request.ehlo ?? literal(connected.value.localAddress);
  facts.stopped = await speak(dialogue, facts, { ...request, ehlo, ...way }, () => clock.now());
  signal.removeEventListener('abort', abort);
  if (facts.stopped === null) dialogue.quit();
  else dialogue.close();
  return facts;
}

/** Fills the facts in; gives why it ended early, or null. */
async function speak(
  dialogue: Dialogue,
  facts: Facts,
  request: ConversationRequest & {
    readonly ehlo: string;
    readonly withTls: boolean;
    readonly grouped: boolean;
  },
  now: () => number,
): Promise<Silence | null> {
  const { ehlo } = request;
  const greeting = await dialogue.listen(greetingMs);
  if (!greeting.ok) return greeting.error;
  facts.greeting = greeting.value;
  facts.greetedAt = now();
  if (greeting.value.code !== 220) return `The server greeted with ${greeting.value.code}.`;
  const offered = await sayOne(dialogue, `EHLO ${ehlo}`);
  if (!offered.ok) return offered.error;
  facts.ehlo = offered.value;
  let extensions = parseExtensions(replyOf(offered.value));
  if (offered.value.code !== 250) {
    const helo = await sayOne(dialogue, `HELO ${ehlo}`);
    if (!helo.ok) return helo.error;
    facts.helo = helo.value;
    if (helo.value.code !== 250) return `The server refused EHLO and HELO (${helo.value.code}).`;
    extensions = parseExtensions(replyOf({ ...helo.value, lines: [] }));
  } else if (request.withTls && extensions.startTls) {
    const stopped = await goOverToTls(dialogue, facts, request);
    if (stopped !== null) return stopped;
    if (facts.tls?.kind === 'done') {
      const again = await sayOne(dialogue, `EHLO ${ehlo}`);
      if (!again.ok) return again.error;
      facts.ehloAfterTls = again.value;
      extensions = parseExtensions(replyOf(again.value));
    }
  }
  return askEnvelope(dialogue, facts, request, extensions.pipelining && request.grouped);
}

async function goOverToTls(
  dialogue: Dialogue,
  facts: Facts,
  { host, address, egress }: ConversationRequest,
): Promise<Silence | null> {
  const agreed = await sayOne(dialogue, 'STARTTLS');
  if (!agreed.ok) return agreed.error;
  if (agreed.value.code !== 220) {
    facts.tls = { kind: 'refused', said: agreed.value };
    return null;
  }
  const secured = await dialogue.startTls({
    side: 'client',
    serverName: host,
    verify: false,
    sessionKey: `audit ${egress ?? ''} ${address}`,
    timeoutMs: tlsMs,
    chain: true,
  });
  if (!secured.ok) {
    facts.tls = { kind: 'failed', reason: secured.error.message };
    return `The TLS handshake failed: ${secured.error.message}`;
  }
  facts.tls = tlsFact(secured.value);
  return null;
}

function tlsFact({ protocol, cipher, unverified, chain = [] }: TlsFacts): TlsFact {
  return {
    kind: 'done',
    protocol,
    cipher,
    chain: chain.flatMap(der => certificateFact(der) ?? []),
    unverified,
    injected: false,
  };
}

/** The envelope of a message that is never sent: what the server says of recipients. */
async function askEnvelope(
  dialogue: Dialogue,
  facts: Facts,
  { address, domain, unknownLocalPart, relayTo }: ConversationRequest,
  pipelining: boolean,
): Promise<Silence | null> {
  const recipients = [
    `postmaster@${domain}`,
    `${unknownLocalPart}@${domain}`,
    `postmaster@${literal(address)}`,
    ...(relayTo === null ? [] : [relayTo]),
  ];
  const commands = ['MAIL FROM:<>', ...recipients.map(recipient => `RCPT TO:<${recipient}>`), 'RSET'];
  const replies: Result<Said, Silence>[] = [];
  for (const group of pipelining ? [commands] : commands.map(command => [command])) {
    replies.push(...(await dialogue.say(group, replyMs)));
    if (replies.at(-1)?.ok === false) break;
  }
  const said = (place: number): Said | null => {
    const reply = replies[place];
    return reply?.ok ? reply.value : null;
  };
  facts.nullSender = said(0);
  facts.postmaster = said(1);
  facts.unknownRecipient = said(2);
  facts.literal = said(3);
  facts.relay = relayTo === null ? null : said(4);
  if (pipelining)
    facts.pipelining = { asked: commands.length, answered: replies.filter(({ ok }) => ok).length };
  const last = replies.at(-1);
  return last === undefined || last.ok ? null : last.error;
}

export async function sayOne(dialogue: Dialogue, command: string): Promise<Result<Said, Silence>> {
  const [reply] = await dialogue.say([command], replyMs);
  return reply ?? { ok: false, error: 'The server said nothing.' };
}

export const replyOf = ({ code, status, lines }: Said) => ({ code, enhancedStatus: status, lines });

export const literal = (address: string): string =>
  address.includes(':') ? `[IPv6:${address}]` : `[${address.replace(/^::ffff:/, '')}]`;
