import { readFileSync } from 'node:fs';
import type { ServerCertificate } from '../src/runtime/ports.ts';

/** What `test/certificates/README.md` lists. */
export type TestCertificate =
  | 'remote'
  | 'mail'
  | 'mx1'
  | 'mx2'
  | 'smart-host'
  | 'expired'
  | 'wrong-name'
  | 'self-signed';

const folder = new URL('certificates/', import.meta.url);
const read = (file: string): string => readFileSync(new URL(file, folder), 'utf8');

/** Where the file is, for settings that name it: `certificateFile('mail.pem')`. */
export const certificateFile = (file: string): string => new URL(file, folder).pathname;

/** The certificate of the authority that signed all but the self-signed one. */
export const testAuthority = read('ca.pem');

/** A key that fits no certificate. */
export const strayKey = read('stray.key');

export function testCertificate(name: TestCertificate): ServerCertificate {
  return { chain: read(`${name}.pem`), key: read(`${name}.key`) };
}
