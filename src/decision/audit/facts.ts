import type { NetworkErrorKind } from '../egress/observation.ts';
import type { DnsFact } from './dns-fact.ts';

/** All that one audit has seen, in a form that can be written down and judged again. Times are wall ms, durations ms. */
export type AuditFacts = {
  readonly version: 1;
  /** The domain that was asked about, in A-labels. */
  readonly domain: string;
  readonly startedAt: number;
  /** By `name TYPE` (`questionKey`); what was not asked is missing. Data as in a master file, a TXT as its text. */
  readonly dns: Readonly<Record<string, DnsFact>>;
  /** What sends for the domain: of the configuration, or named by the caller. */
  readonly egresses: readonly EgressFact[];
  readonly conversations: readonly ConversationFact[];
  /** What each authoritative server of the domain said itself. */
  readonly nameServers: readonly NameServerFact[];
  /** The MTA-STS policy as it was fetched; null: there was no reason to ask. */
  readonly policy: PolicyFact | null;
  /** Null where the audit looks from outside. */
  readonly configuration: ConfigurationFact | null;
  readonly host: HostFact | null;
  /** What was seen the last time, where somebody watches. */
  readonly before?: { readonly policy: string | null; readonly policyRecord: string };
  /** What the caller gave. */
  readonly asked: {
    readonly dkimSelectors: readonly string[];
    /** The public keys of selectors whose signing key the caller has, as in `p=` of a record. */
    readonly dkimKeys?: Readonly<Record<string, { readonly type: 'rsa' | 'ed25519'; readonly data: string }>>;
    readonly blocklists: readonly { readonly zone: string; readonly kind: 'major' | 'policy' }[];
    readonly intrusive: boolean;
  };
};

export type EgressFact = {
  readonly id: string;
  readonly uplink: string;
  readonly preference: number;
  readonly family: 4 | 6;
  /** What the host binds; null where it is absent, or the audit looks from outside. */
  readonly source: string | null;
  /** What the world sees. */
  readonly address: string;
  readonly ehlo: string;
  /** The server that its mail goes through; null: straight to the receivers. */
  readonly smartHost: string | null;
  /** Port 25 outward from it, tried with a few well-known hosts: null where it was not tried. */
  readonly port25: { readonly reached: readonly string[]; readonly failed: readonly string[] } | null;
  /** Those of them to which a packet of full size came, and those to which none did though small ones do. */
  readonly fullPackets?: { readonly passed: readonly string[]; readonly stalled: readonly string[] };
  /** The address that a far side saw, where one told. */
  readonly observed: string | null;
  readonly temporary: boolean;
};

/** What a server said. */
export type Said = {
  readonly code: number;
  /** The enhanced status code, as in `5.7.1`; null where there was none. */
  readonly status: string | null;
  readonly lines: readonly string[];
  readonly elapsedMs: number;
};

/** One SMTP session with one address of one host. What was not reached is null. */
export type ConversationFact = {
  readonly host: string;
  readonly address: string;
  readonly port: number;
  /** The egress that it went by; null: the host's own choice. */
  readonly egress: string | null;
  /** The address is this host's own, so the kernel kept the packets inside. */
  readonly inside: boolean;
  readonly connectMs: number | null;
  readonly error: { readonly kind: NetworkErrorKind; readonly message: string } | null;
  readonly greeting: Said | null;
  /** When it came, by our clock. */
  readonly greetedAt: number | null;
  readonly ehlo: Said | null;
  /** Where EHLO was refused. */
  readonly helo: Said | null;
  readonly tls: TlsFact | null;
  readonly ehloAfterTls: Said | null;
  readonly nullSender: Said | null;
  readonly postmaster: Said | null;
  /** RCPT for a mailbox drawn at random. */
  readonly unknownRecipient: Said | null;
  /** RCPT for a stranger's domain; asked only where that is allowed. */
  readonly relay: Said | null;
  /** RCPT for postmaster at the address itself. */
  readonly literal: Said | null;
  /** How many commands that went together were answered, and all of them alone; null: not offered, or all was well. */
  readonly pipelining: { readonly asked: number; readonly answered: number } | null;
  /** Did a dot between bare line feeds end a message? Tried only where that is allowed. */
  readonly bareNewlineEnds: boolean | null;
  /** It was tried, and the server did not tell: why, in a whole sentence. */
  readonly bareNewlineUntold?: string;
  /** Why it ended before its end, in a whole sentence. */
  readonly stopped: string | null;
};

export type TlsFact =
  | { readonly kind: 'refused'; readonly said: Said }
  | { readonly kind: 'failed'; readonly reason: string }
  | {
      readonly kind: 'done';
      readonly protocol: string;
      readonly cipher: string;
      /** As shown, the host's own first. */
      readonly chain: readonly CertificateFact[];
      /** Why it does not verify for the host's name by the usual authorities; null where it does. */
      readonly unverified: string | null;
      /** What was said in clear after STARTTLS was answered. */
      readonly injected: boolean;
    };

export type CertificateFact = {
  readonly subject: string;
  readonly issuer: string;
  /** Its DNS names, as written. */
  readonly names: readonly string[];
  readonly from: number;
  readonly until: number;
  /** SHA-256 of the public key, and of the whole, in hex. */
  readonly keyDigest: string;
  readonly digest: string;
  /** The same by SHA-512. */
  readonly keyDigest512: string;
  readonly digest512: string;
  readonly keyType: string;
  readonly keyBits: number | null;
  readonly selfSigned: boolean;
};

export type NameServerFact = {
  readonly name: string;
  readonly address: string;
  readonly answers: Readonly<Record<string, DnsFact>>;
  readonly tcp: boolean | null;
};

export type PolicyFact =
  | { readonly kind: 'fetched'; readonly text: string; readonly redirected: boolean }
  | { readonly kind: 'failed'; readonly reason: string };

/** What of the configuration the rules look at. */
export type ConfigurationFact = {
  readonly hostname: string;
  readonly uplinks: readonly {
    readonly name: string;
    readonly preference: number;
    /** How many hosts its probes may call. */
    readonly probes: number;
  }[];
  readonly listeners: readonly {
    readonly name: string;
    readonly role: 'mx' | 'relay';
    /** What the world calls. */
    readonly address: string;
    readonly uplink: string | null;
    readonly certificate: CertificateFact | null;
  }[];
  readonly domains: readonly { readonly name: string; readonly role: 'primary' | 'backup' }[];
  readonly relayNetworks: readonly string[];
  readonly queueExpireMs: number;
};

export type HostFact = {
  /** For each source address: does the host have it, and how would its packets leave. */
  readonly sources: readonly {
    readonly egress: string;
    readonly address: string | null;
    /** That of the monitor, or `wrong way`: its packets leave by the interface of another address. */
    readonly condition: string;
    readonly message: string;
    readonly commands: readonly string[];
  }[];
  readonly resolvers: readonly { readonly address: string; readonly validates: boolean | null }[];
  /** Names of the configuration that the host's own files answer otherwise than DNS. */
  readonly overrides: readonly { readonly name: string; readonly files: string; readonly dns: string }[];
  readonly clockOffsetMs: number | null;
  /** Interfaces that filter strictly by the way back. */
  readonly strictInterfaces: readonly string[];
  readonly mtus: readonly {
    readonly egress: string;
    readonly interface: string;
    readonly link: number;
    /** The widest of the ways out that packets of full size were sent by, as the kernel has learnt it; null: none was. */
    readonly path: number | null;
  }[];
};

/** The key of a question in `AuditFacts.dns`. */
export const questionKey = (name: string, type: string): string => `${name} ${type}`;
