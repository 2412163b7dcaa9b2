import { createHash, X509Certificate } from 'node:crypto';
import type { ListenerSetting } from '../../decision/admission/listener.ts';
import type { Files } from '../ports.ts';

const certificateLimitBytes = 1_000_000;

/** The digests of the keys that listeners show, by `address:port`, and a sentence for each certificate that cannot be read. */
export type ListenerKeys = {
  readonly digests: ReadonlyMap<string, string>;
  readonly troubles: readonly string[];
};

/** SHA-256 of the public key of each listener's certificate, in hex: what a TLSA record `3 1 1` holds (RFC 6698 section 2.1). */
export async function listenerKeys(
  files: Files,
  listeners: readonly ListenerSetting[],
): Promise<ListenerKeys> {
  const digests = new Map<string, string>();
  const troubles: string[] = [];
  for (const { address, port, tls } of listeners) {
    if (tls === null) continue;
    const read = await files.read(tls.certFile, certificateLimitBytes);
    const digest = read.ok ? keyDigest(read.value) : null;
    if (digest !== null) digests.set(`${address}:${port}`, digest);
    else troubles.push(read.ok ? `${tls.certFile} holds no certificate in PEM.` : read.error);
  }
  return { digests, troubles: [...new Set(troubles)] };
}

/** Of the first certificate of a chain in PEM; null where there is none. */
function keyDigest(chain: Buffer): string | null {
  try {
    const key = new X509Certificate(chain).publicKey.export({ type: 'spki', format: 'der' });
    return createHash('sha256').update(key).digest('hex');
  } catch {
    return null;
  }
}
