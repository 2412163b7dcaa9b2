import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { DnsFact } from '../../decision/audit/dns-fact.ts';
import type { AuditFacts, NameServerFact } from '../../decision/audit/facts.ts';
import type { DnsFailure } from '../../protocol/dns/failure.ts';
import type { Result } from '../../runtime/ports.ts';

/** What `--save-facts` wrote, or why the file holds no such thing, in a whole sentence. */
export async function readFacts(file: string): Promise<Result<AuditFacts, string>> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { ok: false, error: `${file} cannot be read as facts: ${why}.` };
  }
  if (isFacts(value)) return { ok: true, value: withFailures(value) };
  return {
    ok: false,
    error: `${file} holds no facts of a check; make them with "postern check DOMAIN --save-facts ${file}".`,
  };
}

/** Files of an earlier Postern tell in words only why there was no answer. */
type SavedDnsFact =
  | Exclude<DnsFact, { readonly kind: 'temperror' }>
  | { readonly kind: 'temperror'; readonly reason: string; readonly failure?: DnsFailure };
type SavedAnswers = Readonly<Record<string, SavedDnsFact>>;
type SavedFacts = Omit<AuditFacts, 'dns' | 'nameServers'> & {
  readonly dns: SavedAnswers;
  readonly nameServers: readonly (Omit<NameServerFact, 'answers'> & { readonly answers: SavedAnswers })[];
};

const isFacts = (value: unknown): value is SavedFacts => facts.safeParse(value).success;

function withFailures(saved: SavedFacts): AuditFacts {
  return {
    ...saved,
    dns: completed(saved.dns),
    nameServers: saved.nameServers.map(server => ({ ...server, answers: completed(server.answers) })),
  };
}

function completed(saved: SavedAnswers): Readonly<Record<string, DnsFact>> {
  return Object.fromEntries(
    Object.entries(saved).map(([question, fact]) => [
      question,
      fact.kind === 'temperror' ? { ...fact, failure: fact.failure ?? failureIn(fact.reason) } : fact,
    ]),
  );
}

/** The words of those files; what none of them is was an RCODE. */
function failureIn(reason: string): DnsFailure {
  const known = oldWords.find(([words]) => words.test(reason));
  return known?.[1] ?? 'other_rcode';
}

const oldWords: readonly (readonly [RegExp, DnsFailure])[] = [
  [/bogus \(DNSSEC\)$/, 'bogus'],
  [/SERVFAIL$/, 'servfail'],
  [/REFUSED$|does not recurse$/, 'refused'],
  [/^it answers without authority/, 'lame'],
  [/more than \d+ aliases$/, 'alias_loop'],
  [/no resolver answered|did not answer in/, 'timeout'],
  [/no way to ask|without an answer$|^Connecting/, 'unreachable'],
  [/time of the check|^more than \d+ questions|are waiting$|is stopping$/, 'given_up'],
];

const text = z.string();
const texts = z.array(text);
const number = z.number();
const maybe = <Schema extends z.ZodType>(schema: Schema) => z.union([schema, z.null()]);

const dnsFailure = z.enum([
  'timeout',
  'unreachable',
  'servfail',
  'bogus',
  'refused',
  'other_rcode',
  'lame',
  'alias_loop',
  'given_up',
] satisfies readonly DnsFailure[]);
const dnsFact = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('records'),
    values: texts.min(1),
    alias: text.optional(),
    authenticated: z.boolean().optional(),
    ttlS: number.optional(),
  }),
  z.object({
    kind: z.enum(['nodata', 'nxdomain']),
    alias: text.optional(),
    authenticated: z.boolean().optional(),
  }),
  z.object({ kind: z.literal('temperror'), reason: text, failure: dnsFailure.optional() }),
]);
const answers = z.record(text, dnsFact);

const reply = z.object({ code: number, status: maybe(text), lines: texts, elapsedMs: number });
const said = maybe(reply);

const certificate = z.object({
  subject: text,
  issuer: text,
  names: texts,
  from: number,
  until: number,
  keyDigest: text,
  digest: text,
  keyDigest512: text,
  digest512: text,
  keyType: text,
  keyBits: maybe(number),
  selfSigned: z.boolean(),
});

const tls = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('refused'), said: reply }),
  z.object({ kind: z.literal('failed'), reason: text }),
  z.object({
    kind: z.literal('done'),
    protocol: text,
    cipher: text,
    chain: z.array(certificate),
    unverified: maybe(text),
    injected: z.boolean(),
  }),
]);

const conversation = z.object({
  host: text,
  address: text,
  port: number,
  egress: maybe(text),
  inside: z.boolean(),
  connectMs: maybe(number),
  error: maybe(z.object({ kind: text, message: text })),
  greeting: said,
  greetedAt: maybe(number),
  ehlo: said,
  helo: said,
  tls: maybe(tls),
  ehloAfterTls: said,
  nullSender: said,
  postmaster: said,
  unknownRecipient: said,
  relay: said,
  literal: said,
  pipelining: maybe(z.object({ asked: number, answered: number })),
  bareNewlineEnds: maybe(z.boolean()),
  bareNewlineUntold: text.optional(),
  stopped: maybe(text),
});

const egress = z.object({
  id: text,
  uplink: text,
  preference: number,
  family: z.union([z.literal(4), z.literal(6)]),
  source: maybe(text),
  address: text,
  ehlo: text,
  smartHost: maybe(text),
  port25: maybe(z.object({ reached: texts, failed: texts })),
  fullPackets: z.object({ passed: texts, stalled: texts }).optional(),
  observed: maybe(text),
  temporary: z.boolean(),
});

const configuration = z.object({
  hostname: text,
  uplinks: z.array(z.object({ name: text, preference: number, probes: number })),
  listeners: z.array(
    z.object({
      name: text,
      role: z.enum(['mx', 'relay']),
      address: text,
      uplink: maybe(text),
      certificate: maybe(certificate),
    }),
  ),
  domains: z.array(z.object({ name: text, role: z.enum(['primary', 'backup']) })),
  relayNetworks: texts,
  queueExpireMs: number,
});

const host = z.object({
  sources: z.array(
    z.object({ egress: text, address: maybe(text), condition: text, message: text, commands: texts }),
  ),
  resolvers: z.array(z.object({ address: text, validates: maybe(z.boolean()) })),
  overrides: z.array(z.object({ name: text, files: text, dns: text })),
  clockOffsetMs: maybe(number),
  strictInterfaces: texts,
  mtus: z.array(z.object({ egress: text, interface: text, link: number, path: maybe(number) })),
});

const facts = z.object({
  version: z.literal(1),
  domain: text,
  startedAt: number.min(0).max(8.64e15),
  dns: answers,
  egresses: z.array(egress),
  conversations: z.array(conversation),
  nameServers: z.array(z.object({ name: text, address: text, answers, tcp: maybe(z.boolean()) })),
  policy: maybe(
    z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('fetched'), text, redirected: z.boolean() }),
      z.object({ kind: z.literal('failed'), reason: text }),
    ]),
  ),
  configuration: maybe(configuration),
  host: maybe(host),
  before: z.object({ policy: maybe(text), policyRecord: text }).optional(),
  asked: z.object({
    dkimSelectors: texts,
    dkimKeys: z.record(text, z.object({ type: z.enum(['rsa', 'ed25519']), data: text })).optional(),
    blocklists: z.array(z.object({ zone: text, kind: z.enum(['major', 'policy']) })),
    intrusive: z.boolean(),
  }),
});
