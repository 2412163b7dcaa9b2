import { isIP, type Socket } from 'node:net';
import {
  checkServerIdentity,
  connect,
  createSecureContext,
  type SecureContext,
  TLSSocket,
  type TLSSocket as TlsSocket,
} from 'node:tls';
import type { Result, ServerCertificate, TlsFacts, TlsTerms } from '../ports.ts';

export type Secured = { readonly socket: TlsSocket; readonly facts: TlsFacts };

type ClientTerms = Extract<TlsTerms, { side: 'client' }>;
type ServerTerms = Extract<TlsTerms, { side: 'server' }>;

/** A session of a server that we spoke with, and what its certificate was worth when it was shown. */
type Remembered = { readonly session: Buffer; readonly unverified: string | null };

/** Sessions kept for resumption; the one that was used longest ago goes first. */
const keptSessions = 2_000;
const sessions = new Map<string, Remembered>();

/** Certificates of a chain that are looked at. */
const longestChain = 10;

/** Parsed once for each certificate: its object stands for the secrets by which its sessions are resumed. */
const contexts = new WeakMap<ServerCertificate, SecureContext>();

/** The handshake on a connected socket that nobody reads. The error is a sentence; the socket is then destroyed. */
export function secure(socket: Socket, terms: TlsTerms): Promise<Result<Secured, string>> {
  return terms.side === 'client' ? secureAsClient(socket, terms) : secureAsServer(socket, terms);
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
function secureAsClient(raw: Socket, terms: ClientTerms): Promise<Result<Secured, string>> {
  const { serverName, verify, timeoutMs } = terms;
  const key = `${serverName ?? ''} ${verify ? 'verified' : 'any'} ${terms.sessionKey}`;
  const known = terms.chain === true ? undefined : sessions.get(key);
  const socket = connect({
    socket: raw,
    rejectUnauthorized: false,
    checkServerIdentity: (_host, certificate) =>
      serverName === null ? undefined : checkServerIdentity(serverName, certificate),
    ...(serverName === null || isIP(serverName) !== 0 ? {} : { servername: serverName }),
    ...(known === undefined ? {} : { session: known.session }),
  });
  return settled(socket, raw, 'secureConnect', timeoutMs, () => {
    const resumed = socket.isSessionReused();
    const unverified = resumed && known !== undefined ? known.unverified : judgement(socket);
    if (verify && unverified !== null)
      return { ok: false, error: `The certificate does not verify: ${unverified}.` };
    socket.on('session', session => remember(key, { session, unverified }));
    const facts = factsOf(socket, resumed, unverified);
    return {
      ok: true,
      value: { socket, facts: terms.chain === true ? { ...facts, chain: chainOf(socket) } : facts },
    };
  });
}

/** As the far side showed it; no more than a sound chain has. */
function chainOf(socket: TlsSocket): Buffer[] {
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
  return settled(socket, raw, 'secure', timeoutMs, () => ({
    ok: true,
    value: { socket, facts: factsOf(socket, socket.isSessionReused(), null) },
  }));
}

function settled(
  socket: TlsSocket,
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
  socket.on('close', closed);
  raw.on('error', () => {});
  return promise;
}

/** Why the certificate proves nothing; null where it verifies for the name. */
function judgement(socket: TlsSocket): string | null {
  if (socket.authorized) return null;
  const error: unknown = socket.authorizationError;
  if (error instanceof Error) return error.message;
  return typeof error === 'string' ? error : 'it was not verified';
}

function factsOf(socket: TlsSocket, resumed: boolean, unverified: string | null): TlsFacts {
  return {
    protocol: socket.getProtocol() ?? 'TLS',
    cipher: socket.getCipher()?.name ?? 'unknown',
    resumed,
    unverified,
  };
}

function remember(key: string, session: Remembered): void {
  sessions.delete(key);
  sessions.set(key, session);
  if (sessions.size <= keptSessions) return;
  const [oldest] = sessions.keys();
  if (oldest !== undefined) sessions.delete(oldest);
}

/** OpenSSL's errors name its source files; the reason is what a person can use. */
function reason(error: Error): string {
  const said = 'reason' in error && typeof error.reason === 'string' ? error.reason : error.message;
  return said.replace(/\.$/, '');
}
