import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { join } from 'node:path';
import { packages } from '../../lab/servers/isolated.ts';

/** What the trials ran on, in words. */
export function describeMachine(): string {
  const debian = readFileSync('/etc/debian_version', 'utf8').trim();
  const postfix = said('usr/sbin/postconf', ['-d', '-h', 'mail_version']);
  const smtpd = /OpenSMTPD [\w.]+/.exec(said('usr/sbin/smtpd', ['-h']))?.[0] ?? 'OpenSMTPD';
  return `${cpus().length} cores, Debian ${debian}, Linux ${release()}, Node ${process.versions.node}, Postfix ${postfix.trim()}, ${smtpd}`;
}

/** All that a program of the lab's own packages says. */
function said(program: string, args: readonly string[]): string {
  const libraries = join(packages, 'usr/lib/postfix');
  try {
    return execFileSync('sh', ['-c', '"$0" "$@" 2>&1 || true', join(packages, program), ...args], {
      encoding: 'utf8',
      env: { ...process.env, LD_LIBRARY_PATH: libraries },
    });
  } catch {
    return '';
  }
}
