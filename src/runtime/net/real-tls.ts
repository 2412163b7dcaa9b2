import { isIP, type Socket } from 'node:net';
import {
  checkServerIdentity,
  connect,
  createSecureContext,
  getCACertificates,
  type SecureContext,
  TLSSocket,
} from 'node:tls';
import { BoundedMap } from '../../decision/bounded-map.ts';
import type { Result, ServerCertificate, TlsFacts, TlsTerms } from '../ports.ts';

export type Secured = { readonly socket: TLSSocket; readonly facts: TlsFacts };

type ClientTerms = Extract<TlsTerms, { side: 'client' }>;
type ServerTerms = Extract<TlsTerms, { side: 'server' }>;

/** A session of a server that we spoke with, and what its certificate was worth when it was shown. */
type Remembered = { readonly session: Buffer; readonly unverified: string | null };

/** Sessions kept for resumption; the one that was used longest ago goes first. */
const keptSessions = 2_000;

/** Certificates of a chain that are looked at. */
const longestChain = 10;

/** Parsed once for each certificate: its object stands for the secrets by which its sessions are resumed. */
const contexts = new WeakMap<ServerCertificate, SecureContext>();

/** Why a certificate proves nothing, where OpenSSL and Node have a code for it. */
const flaws: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'it has expired',
  CERT_NOT_YET_VALID: 'it is not valid yet',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'it is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'its chain ends in an authority that this host does not trust',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its authority is not known to this host, or its chain is not whole',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its authority is not known to this host, or its chain is not whole',
};

/** Whom a client trusts, and the sessions that it can go on with: one for each network, made when first needed. */
export class ClientTrust {
  readonly #authorities: readonly string[];
  readonly #sessions = new BoundedMap<string, Remembered>(keptSessions);
  #context: SecureContext | null = null;

  /** `authorities`, PEM, are trusted beside those of the host and of Node. */
  constructor(authorities: readonly string[] = []) {
    this.#authorities = authorities;
  }

  get context(): SecureContext {
    this.#context ??= createSecureContext({
      ca: [
        ...new Set([...getCACertificates('default'), ...getCACertificates('system'), ...this.#authorities]),
      ],
    });
    return this.#context;
  }

  recall(key: string): Remembered | undefined {
    return this.#sessions.get(key);
  }

  remember(key: string, session: Remembered): void {
    this.#sessions.set(key, session);
  }
}

/** The handshake on a connected socket that nobody reads. The error is a sentence; the socket is then destroyed. */
export function secure(
  socket: Socket,
  terms: TlsTerms,
  trust: ClientTrust,
): Promise<Result<Secured, string>> {
  return terms.side === 'client' ? secureAsClient(socket, terms, trust) : secureAsServer(socket, terms);
}

/** The context of a certificate and its key. Throws where they do not fit each other or cannot be read. */
export function contextOf(certificate: ServerCertificate): SecureContext {
  const known = contexts.get(certificate);
  if (known !== undefined) return known;
  const context = createSecureContext({ cert: certificate.chain, key: certificate.key });
  contexts.set(certificate, context);
  return context;
}

/** Whatever the certificate is worth, the handshake is completed first; only then is it judged, and told why. */
function secureAsClient(
  raw: Socket,
  terms: ClientTerms,
  trust: ClientTrust,
): Promise<Result<Secured, string>> {
  const { serverName, verify, timeoutMs } = terms;
  // What was verified for one name is never resumed as anything else.
  const key = `${serverName ?? ''} ${verify ? 'verified' : 'any'} ${terms.sessionKey}`;
  const known = terms.chain === true ? undefined : trust.recall(key);
  const socket = connect({
    socket: raw,
    secureContext: trust.context,
    rejectUnauthorized: false,
    checkServerIdentity: (_host, certificate) =>
      serverName === null ? undefined : checkServerIdentity(serverName, certificate),
    ...(serverName === null || isIP(serverName) !== 0 ? {} : { servername: serverName }),
    ...(known === undefined ? {} : { session: known.session }),
  });
  return settled(socket, raw, 'secureConnect', timeoutMs, () => {
    const resumed = socket.isSessionReused();
    const unverified = resumed && known !== undefined ? known.unverified : judgement(socket, serverName);
    if (verify && unverified !== null)
      return { ok: false, error: `The certificate does not verify: ${unverified}.` };
    // Tickets of TLS 1.3 come later; the session of TLS 1.2 is there by now.
    socket.on('session', session => trust.remember(key, { session, unverified }));
    const session = socket.getProtocol() === 'TLSv1.3' ? undefined : socket.getSession();
    if (session !== undefined) trust.remember(key, { session, unverified });
    const facts = factsOf(socket, resumed, unverified);
    return {
      ok: true,
      value: { socket, facts: terms.chain === true ? { ...facts, chain: chainOf(socket) } : facts },
    };
  });
}

/** As the far side showed it; no more than a sound chain has. */
function chainOf(socket: TLSSocket): Buffer[] {
  const chain: Buffer[] = [];
  let certificate = socket.getPeerX509Certificate();
  while (certificate !== undefined && chain.length < longestChain) {
    chain.push(certificate.raw);
    certificate = certificate.issuerCertificate;
  }
  return chain;
}

function secureAsServer(raw: Socket, terms: ServerTerms): Promise<Result<Secured, string>> {
  const { certificates, timeoutMs } = terms;
  const socket = new TLSSocket(raw, {
    isServer: true,
    secureContext: contextOf(certificates.choose(null)),
    SNICallback: (name, done) => done(null, contextOf(certificates.choose(name))),
  });
  return settled(socket, raw, 'secure', timeoutMs, () => {
    // A TLS socket without a server tells of later errors only so, and would stand.
    socket.on('_tlsError', error => socket.destroy(error));
    return { ok: true, value: { socket, facts: factsOf(socket, socket.isSessionReused(), null) } };
  });
}

function settled(
  socket: TLSSocket,
  raw: Socket,
  success: 'secureConnect' | 'secure',
  timeoutMs: number,
  judge: () => Result<Secured, string>,
): Promise<Result<Secured, string>> {
  const { promise, resolve } = Promise.withResolvers<Result<Secured, string>>();
  const end = (result: Result<Secured, string>): void => {
    clearTimeout(deadline);
    socket.off(success, done);
    socket.off('_tlsError', failed);
    socket.off('error', failed);
    socket.off('end', closed);
    socket.off('close', closed);
    if (!result.ok) {
      socket.on('error', () => {});
      socket.destroy();
      raw.destroy();
    }
    resolve(result);
  };
  const done = (): void => end(judge());
  const failed = (error: Error): void =>
    end({ ok: false, error: `The TLS handshake failed: ${reason(error)}.` });
  const closed = (): void =>
    end({ ok: false, error: 'The far side closed the connection in the TLS handshake.' });
  const deadline = setTimeout(
    () => end({ ok: false, error: `The TLS handshake was not done in ${timeoutMs} ms.` }),
    timeoutMs,
  );
  socket.on(success, done);
  socket.on('_tlsError', failed);
  socket.on('error', failed);
  // The socket is half-open: whoever leaves in the handshake only ends it.
  socket.on('end', closed);
  socket.on('close', closed);
  raw.on('error', () => {});
  return promise;
}

/** Why the certificate proves nothing; null where it verifies for the name. */
function judgement(socket: TLSSocket, serverName: string | null): string | null {
  if (socket.authorized) return null;
  const error: unknown = socket.authorizationError;
  const said = error instanceof Error ? error.message : error;
  const code = typeof said === 'string' ? said : 'it was not verified';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return `it is not for ${serverName}`;
  return flaws[code] ?? code;
}

function factsOf(socket: TLSSocket, resumed: boolean, unverified: string | null): TlsFacts {
  return {
    protocol: socket.getProtocol() ?? 'TLS',
    cipher: socket.getCipher()?.name ?? 'unknown',
    resumed,
    unverified,
  };
}

/** OpenSSL's errors name its source files; the reason is what a person can use. */
function reason(error: Error): string {
  const said = 'reason' in error && typeof error.reason === 'string' ? error.reason : error.message;
  return said.replace(/\.$/, '');
}
