import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import type { CertificateFiles } from '../../decision/admission/listener.ts';
import type { CertificateFact } from '../../decision/audit/facts.ts';
import { certificateFact } from '../audit/certificate-fact.ts';
import { contextOf } from '../net/real-tls.ts';
import type { Files, Result, ServerCertificate } from '../ports.ts';

/** A certificate that can be shown, and what it says. */
export type LoadedCertificate = { readonly certificate: ServerCertificate; readonly fact: CertificateFact };

const limitBytes = 1_000_000;
const block = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * Reads a certificate chain and its key (PEM), and sees that they can be used: each certificate of the chain is one, the
 * first is the key's, and OpenSSL takes them. The error is a sentence that names the files, and holds nothing of them.
 */
export async function readCertificate(
  files: Files,
  { certFile, keyFile }: CertificateFiles,
): Promise<Result<LoadedCertificate, string>> {
  const [chainBytes, keyBytes] = await Promise.all([
    files.read(certFile, limitBytes),
    files.read(keyFile, limitBytes),
  ]);
  if (!chainBytes.ok) return chainBytes;
  if (!keyBytes.ok) return keyBytes;
  const chain = chainBytes.value.toString('latin1');
  const blocks = chain.match(block) ?? [];
  const [first] = blocks;
  if (first === undefined)
    return bad(`${certFile} holds no certificate in PEM; write the whole chain there.`);
  const facts = blocks.map(pem => certificateFact(Buffer.from(pem, 'latin1')));
  const broken = facts.indexOf(null) + 1;
  const [fact] = facts;
  if (broken > 0 || !fact)
    return bad(`Certificate ${broken} in ${certFile} cannot be read; write the file anew.`);
  const key = readKey(keyBytes.value);
  if (key === null)
    return bad(`${keyFile} holds no private key in PEM that can be read; it must have no password.`);
  if (!new X509Certificate(first).checkPrivateKey(key))
    return bad(
      `The key in ${keyFile} does not fit the first certificate in ${certFile}; write the server's own certificate first, and the key that it was made for.`,
    );
  const certificate = { chain, key: keyBytes.value.toString('latin1') };
  const unusable = whyUnusable(certificate);
  if (unusable !== null)
    return bad(`The certificate in ${certFile} and its key cannot be used: ${unusable}.`);
  return { ok: true, value: { certificate, fact } };
}

const bad = (error: string): Result<LoadedCertificate, string> => ({ ok: false, error });

function readKey(pem: Buffer): KeyObject | null {
  try {
    return createPrivateKey(pem);
  } catch {
    return null;
  }
}

/** OpenSSL refuses what is too weak. */
function whyUnusable(certificate: ServerCertificate): string | null {
  try {
    contextOf(certificate);
    return null;
  } catch (error) {
    return error instanceof Error && 'reason' in error ? String(error.reason) : 'OpenSSL refuses them';
  }
}
