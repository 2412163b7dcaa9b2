import { createPublicKey, type KeyObject } from 'node:crypto';
import type { DkimKey } from '../../decision/records/dkim-record.ts';
import type { Files, Result } from '../../runtime/ports.ts';

/** The public part of a key, and the bits of an RSA modulus, of another kind null. */
export type ReadDkimKey = { readonly key: DkimKey; readonly bits: number | null };

const fileLimitBytes = 1_000_000;

/** The key in a file, as `dkimKeyOf` reads it. The error is a sentence that names the file. */
export async function readDkimKey(
  files: Pick<Files, 'read'>,
  file: string,
): Promise<Result<ReadDkimKey, string>> {
  const bytes = await files.read(file, fileLimitBytes);
  return bytes.ok ? dkimKeyOf(bytes.value.toString('latin1'), file) : bytes;
}

/** What is published of a key that signs, private or public, in PEM. The error is a sentence that names the file. */
function dkimKeyOf(pem: string, file: string): Result<ReadDkimKey, string> {
  const key = publicKey(pem);
  if (key === null)
    return no(
      /ENCRYPTED/.test(pem)
        ? `${file} is locked by a passphrase; name the public key in its place, as "openssl pkey -in ${file} -pubout" writes it.`
        : `${file} holds no key in PEM; name the file of the key that signs, private or public.`,
    );
  const der = key.export({ type: 'spki', format: 'der' });
  if (key.asymmetricKeyType === 'rsa')
    return {
      ok: true,
      value: {
        key: { type: 'rsa', data: der.toString('base64') },
        bits: key.asymmetricKeyDetails?.modulusLength ?? null,
      },
    };
  // RFC 8463 section 4: of an Ed25519 key the record holds the bare 32 bytes.
  if (key.asymmetricKeyType === 'ed25519')
    return {
      ok: true,
      value: { key: { type: 'ed25519', data: der.subarray(-32).toString('base64') }, bits: null },
    };
  return no(`${file} holds a key that is neither RSA nor Ed25519, which DKIM does not know.`);
}

const no = (error: string): { readonly ok: false; readonly error: string } => ({ ok: false, error });

function publicKey(pem: string): KeyObject | null {
  try {
    return createPublicKey(pem);
  } catch {
    return null;
  }
}
