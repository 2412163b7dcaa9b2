import { InvalidArgumentError } from 'commander';
import type { DkimSigner } from '../../decision/records/dkim-record.ts';
import { hostName } from '../../protocol/dns/names.ts';
import type { Files, Result } from '../../runtime/ports.ts';
import { readDkimKey } from './dkim-key.ts';

/** A selector as it was named, its key still in its file. */
export type NamedSelector = Omit<DkimSigner, 'key'> & { readonly file: string };

/** Receivers pass over signatures by a shorter key (RFC 8301 section 3.2). */
const leastBits = 1024;

/** `s1=FILE`, or `s1@example.com=FILE` where each domain has a key of its own. */
export function readNamedSelector(text: string, before: NamedSelector[] = []): NamedSelector[] {
  const equals = text.indexOf('=');
  const file = text.slice(equals + 1);
  const [selector = '', domain = null, ...more] = text.slice(0, Math.max(equals, 0)).toLowerCase().split('@');
  const name = domain === null ? null : hostName(domain);
  if (file === '' || more.length > 0 || !isSelector(selector) || (domain !== null && name === null))
    throw new InvalidArgumentError(
      'Write the selector as in s= of a signature and the file of its key, as in s1=/etc/dkim/s1.pem, or s1@example.com=/etc/dkim/s1.pem for one domain.',
    );
  if (before.some(other => other.selector === selector && other.domain === name))
    throw new InvalidArgumentError(`${text.slice(0, equals)} was named before; a selector has one key.`);
  return [...before, { selector, domain: name, file }];
}

const isSelector = (text: string): boolean => text !== '' && hostName(`${text}.example`) !== null;

/** With their keys. The error is a sentence. Of a private key nothing but its public part is kept. */
export async function withKeys(
  files: Pick<Files, 'read'>,
  named: readonly NamedSelector[],
): Promise<Result<readonly DkimSigner[], string>> {
  const signers: DkimSigner[] = [];
  for (const { selector, domain, file } of named) {
    const read = await readDkimKey(files, file);
    if (!read.ok) return read;
    const { key, bits } = read.value;
    if (bits !== null && bits < leastBits)
      return {
        ok: false,
        error: `${file} holds an RSA key of ${bits} bits, and receivers pass over signatures by less than ${leastBits}; make one of 2048 under a new selector.`,
      };
    signers.push({ selector, domain, key });
  }
  return { ok: true, value: signers };
}
