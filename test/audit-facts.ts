import type { DnsFact } from '../src/decision/audit/dns-fact.ts';
import type {
  AuditFacts,
  CertificateFact,
  ConfigurationFact,
  ConversationFact,
  EgressFact,
  HostFact,
  Said,
} from '../src/decision/audit/facts.ts';

/** Wall ms of all fixtures: 2026-11-24T12:00:00Z. */
export const auditedAt = Date.UTC(2026, 10, 24, 12);
const day = 86_400_000;

export const values = (...data: string[]): DnsFact => ({ kind: 'records', values: data });
export const nodata: DnsFact = { kind: 'nodata' };
export const nxdomain: DnsFact = { kind: 'nxdomain' };
export const silence: DnsFact = {
  kind: 'temperror',
  reason: 'no resolver answered in 10 s',
  failure: 'timeout',
};

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

const securely = {
  kind: 'done',
  protocol: 'TLSv1.3',
  cipher: 'TLS_AES_256_GCM_SHA384',
  chain: [certificate],
  unverified: null,
  injected: false,
} as const;

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
    tls: securely,
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

const second = '192.0.2.80';

const secondCertificate: CertificateFact = {
  ...certificate,
  subject: 'CN=backup.example.com',
  names: ['backup.example.com'],
  keyDigest: 'ba'.repeat(32),
  digest: 'dc'.repeat(32),
  keyDigest512: 'ba'.repeat(64),
  digest512: 'dc'.repeat(64),
};

/** A second machine in another place stands behind the first, which has names of its own: a backup that never sends. */
export const layoutC: AuditFacts = {
  ...layoutB,
  conversations: [
    ...layoutB.conversations,
    conversation('backup.example.com', second, {
      tls: { ...securely, chain: [secondCertificate] },
    }),
  ],
  dns: {
    ...layoutB.dns,
    'example.com MX': values('10 mx1.example.com.', '20 mx2.example.com.', '100 backup.example.com.'),
    'backup.example.com A': values(second),
    'backup.example.com AAAA': nodata,
    '_25._tcp.backup.example.com TLSA': nxdomain,
  },
};

/** The same, where the second machine sends too: it is in SPF, and has a name and a PTR of its own. */
export const layoutCSending: AuditFacts = {
  ...layoutC,
  egresses: [...layoutC.egresses, egress('second', 100, second, 'backup.example.com')],
  dns: {
    ...layoutC.dns,
    'example.com TXT': values(`v=spf1 ip4:${isp1} ip4:${isp2} ip4:${second} -all`),
    'backup.example.com TXT': values(`v=spf1 ip4:${second} -all`),
    '80.2.0.192.in-addr.arpa PTR': values('backup.example.com'),
  },
};

const configuration: ConfigurationFact = {
  hostname: 'mail.example.com',
  uplinks: [
    { name: 'isp1', preference: 10, probes: 3 },
    { name: 'isp2', preference: 20, probes: 3 },
  ],
  listeners: [
    { name: 'mx1.example.com', role: 'mx', address: isp1, uplink: 'isp1', certificate },
    { name: 'mx2.example.com', role: 'mx', address: isp2, uplink: 'isp2', certificate },
  ],
  domains: [{ name: 'example.com', role: 'primary' }],
  relayNetworks: ['10.20.0.0/24', '127.0.0.0/8'],
  queueExpireMs: 5 * day,
};

const host: HostFact = {
  sources: [isp1, isp2].map((address, place) => ({
    egress: `isp${place + 1}/${address}`,
    address,
    condition: 'sound',
    message: '',
    commands: [],
  })),
  resolvers: [{ address: '127.0.0.1', validates: true }],
  overrides: [],
  clockOffsetMs: 120,
  strictInterfaces: [],
  mtus: [isp1, isp2].map((address, place) => ({
    egress: `isp${place + 1}/${address}`,
    interface: `eth${place + 1}`,
    link: 1500,
    path: null,
  })),
};

/** A layout as its own gateway sees it: with its configuration and host, by each uplink, and what only it may try. */
export function onGateway(facts: AuditFacts): AuditFacts {
  const own = new Set([isp1, isp2]);
  return {
    ...facts,
    configuration,
    host,
    egresses: facts.egresses
      .filter(({ address }) => own.has(address))
      .map(each => ({
        ...each,
        source: each.address,
        port25: { reached: ['mx.remote.example [192.0.2.25]'], failed: [] },
        observed: each.address,
      })),
    conversations: facts.conversations.map(each =>
      own.has(each.address)
        ? {
            ...each,
            egress: each.address === isp1 ? `isp2/${isp2}` : `isp1/${isp1}`,
            inside: true,
            relay: { ...said(550, 'Relaying denied.'), status: '5.7.1' },
            bareNewlineEnds: false,
          }
        : each,
    ),
  };
}

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
