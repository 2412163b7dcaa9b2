import { createHash, X509Certificate } from 'node:crypto';
import type { CertificateFact } from '../../decision/audit/facts.ts';

/** What a certificate says, from its DER or PEM; null where it cannot be read. */
export function certificateFact(bytes: Buffer): CertificateFact | null {
  try {
    const certificate = new X509Certificate(bytes);
    const { publicKey } = certificate;
    const key = publicKey.export({ type: 'spki', format: 'der' });
    const details = publicKey.asymmetricKeyDetails;
    return {
      subject: oneLine(certificate.subject),
      issuer: oneLine(certificate.issuer),
      names: namesOf(certificate.subjectAltName ?? ''),
      from: certificate.validFromDate.getTime(),
      until: certificate.validToDate.getTime(),
      keyDigest: digest('sha256', key),
      digest: digest('sha256', certificate.raw),
      keyDigest512: digest('sha512', key),
      digest512: digest('sha512', certificate.raw),
      keyType: publicKey.asymmetricKeyType ?? 'unknown',
      keyBits: details?.modulusLength ?? null,
      selfSigned: certificate.checkIssued(certificate) && certificate.verify(publicKey),
    };
  } catch {
    return null;
  }
}

function digest(algorithm: 'sha256' | 'sha512', bytes: Buffer): string {
  return createHash(algorithm).update(bytes).digest('hex');
}

const oneLine = (name: string): string => name.replaceAll('\n', ', ');

/** `DNS:mail.example.com, DNS:"a, b"` and others; only DNS names, in lower case. */
function namesOf(alternative: string): string[] {
  return [...alternative.matchAll(/DNS:(?:"([^"]*)"|([^,\s]+))/g)].map(([, quoted, plain]) =>
    (quoted ?? plain ?? '').toLowerCase(),
  );
}
