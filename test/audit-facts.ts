import type { DnsFact } from '../src/decision/audit/dns-fact.ts';
import type {
  AuditFacts,
  CertificateFact,
  ConversationFact,
  EgressFact,
  Said,
} from '../src/decision/audit/facts.ts';

/** Wall ms of all fixtures: 2026-11-24T12:00:00Z. */
export const auditedAt = Date.UTC(2026, 10, 24, 12);
const day = 86_400_000;

export const values = (...data: string[]): DnsFact => ({ kind: 'records', values: data });
export const nodata: DnsFact = { kind: 'nodata' };
export const nxdomain: DnsFact = { kind: 'nxdomain' };
export const silence: DnsFact = { kind: 'temperror', reason: 'no resolver answered in 10 s' };

export const said = (code: number, ...lines: string[]): Said => ({
  code,
  status: null,
  lines,
  elapsedMs: 12,
});

export const certificate: CertificateFact = {
  subject: 'CN=mail.example.com',
  issuer: 'CN=Example Authority',
  names: ['mail.example.com', 'mail2.example.com', 'mx1.example.com', 'mx2.example.com'],
  from: auditedAt - 30 * day,
  until: auditedAt + 60 * day,
  keyDigest: 'ab'.repeat(32),
  digest: 'cd'.repeat(32),
  keyDigest512: 'ab'.repeat(64),
  digest512: 'cd'.repeat(64),
  keyType: 'ec',
  keyBits: null,
  selfSigned: false,
};

/** A sound conversation with one of our MX hosts. */
export function conversation(
  host: string,
  address: string,
  more: Partial<ConversationFact> = {},
): ConversationFact {
  const ehlo = said(
    250,
    host,
    'PIPELINING',
    'SIZE 50000000',
    '8BITMIME',
    'SMTPUTF8',
    'STARTTLS',
    'CHUNKING',
    'DSN',
    'ENHANCEDSTATUSCODES',
  );
  return {
    host,
    address,
    port: 25,
    egress: null,
    inside: false,
    connectMs: 20,
    error: null,
    greeting: said(220, `${host} ESMTP`),
    greetedAt: auditedAt,
    ehlo,
    helo: null,
    tls: {
      kind: 'done',
      protocol: 'TLSv1.3',
      cipher: 'TLS_AES_256_GCM_SHA384',
      chain: [certificate],
      unverified: null,
      injected: false,
    },
    ehloAfterTls: { ...ehlo, lines: ehlo.lines.filter(line => line !== 'STARTTLS') },
    nullSender: said(250, 'Sender taken.'),
    postmaster: said(250, 'Recipient taken.'),
    unknownRecipient: { ...said(550, 'No such mailbox.'), status: '5.1.1' },
    relay: null,
    literal: null,
    pipelining: { asked: 4, answered: 4 },
    bareNewlineEnds: null,
    stopped: null,
    ...more,
  };
}

const egress = (uplink: string, preference: number, address: string, ehlo: string): EgressFact => ({
  id: `${uplink}/${address}`,
  uplink,
  preference,
  family: 4,
  source: address,
  address,
  ehlo,
  smartHost: null,
  port25: null,
  observed: null,
  temporary: false,
});

const isp1 = '198.51.100.30';
const isp2 = '203.0.113.40';

/** What is alike in all layouts: MX, SPF and policies of example.com. */
const commonDns: Record<string, DnsFact> = {
  'example.com MX': values('10 mx1.example.com.', '20 mx2.example.com.'),
  'example.com A': nodata,
  'example.com AAAA': nodata,
  'example.com NS': values('ns1.example.net', 'ns2.example.net'),
  'example.com TXT': values(`v=spf1 ip4:${isp1} ip4:${isp2} -all`),
  '_dmarc.example.com TXT': values('v=DMARC1; p=none; rua=mailto:postmaster@example.com'),
  '_mta-sts.example.com TXT': nxdomain,
  '_smtp._tls.example.com TXT': values('v=TLSRPTv1; rua=mailto:postmaster@example.com'),
  'mx1.example.com A': values(isp1),
  'mx1.example.com AAAA': nodata,
  '_25._tcp.mx1.example.com TLSA': nxdomain,
  'mx2.example.com A': values(isp2),
  'mx2.example.com AAAA': nodata,
  '_25._tcp.mx2.example.com TLSA': nxdomain,
};

const outside: Omit<AuditFacts, 'dns' | 'egresses'> = {
  version: 1,
  domain: 'example.com',
  startedAt: auditedAt,
  conversations: [conversation('mx1.example.com', isp1), conversation('mx2.example.com', isp2)],
  nameServers: [],
  policy: null,
  configuration: null,
  host: null,
  asked: { dkimSelectors: [], blocklists: [], intrusive: false },
};

/** One shared outbound name, which leads to both addresses. */
export const layoutA: AuditFacts = {
  ...outside,
  egresses: [egress('isp1', 10, isp1, 'mail.example.com'), egress('isp2', 20, isp2, 'mail.example.com')],
  dns: {
    ...commonDns,
    'mail.example.com A': values(isp1, isp2),
    'mail.example.com AAAA': nodata,
    'mail.example.com TXT': values(`v=spf1 ip4:${isp1} ip4:${isp2} -all`),
    '30.100.51.198.in-addr.arpa PTR': values('mail.example.com'),
    '40.113.0.203.in-addr.arpa PTR': values('mail.example.com'),
  },
};

/** Names of their own. */
export const layoutB: AuditFacts = {
  ...outside,
  egresses: [egress('isp1', 10, isp1, 'mail.example.com'), egress('isp2', 20, isp2, 'mail2.example.com')],
  dns: {
    ...commonDns,
    'mail.example.com A': values(isp1),
    'mail.example.com AAAA': nodata,
    'mail.example.com TXT': values(`v=spf1 ip4:${isp1} -all`),
    'mail2.example.com A': values(isp2),
    'mail2.example.com AAAA': nodata,
    'mail2.example.com TXT': values(`v=spf1 ip4:${isp2} -all`),
    '30.100.51.198.in-addr.arpa PTR': values('mail.example.com'),
    '40.113.0.203.in-addr.arpa PTR': values('mail2.example.com'),
  },
};

/** The same facts, but for some answers of DNS; undefined takes one away, as if it had not been asked. */
export function withDns(facts: AuditFacts, changes: Record<string, DnsFact>): AuditFacts {
  return { ...facts, dns: { ...facts.dns, ...changes } };
}

/** The same facts, but for the conversation with one host. */
export function withConversation(
  facts: AuditFacts,
  host: string,
  more: Partial<ConversationFact>,
): AuditFacts {
  return {
    ...facts,
    conversations: facts.conversations.map(each => (each.host === host ? { ...each, ...more } : each)),
  };
}
