import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { AuditFacts } from '../../decision/audit/facts.ts';
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
  if (isFacts(value)) return { ok: true, value };
  return {
    ok: false,
    error: `${file} holds no facts of a check; make them with "postern check DOMAIN --save-facts ${file}".`,
  };
}

const isFacts = (value: unknown): value is AuditFacts => facts.safeParse(value).success;

const text = z.string();
const texts = z.array(text);
const number = z.number();
const maybe = <Schema extends z.ZodType>(schema: Schema) => z.union([schema, z.null()]);

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
  z.object({ kind: z.literal('temperror'), reason: text }),
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
