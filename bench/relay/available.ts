import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { packages } from '../../lab/servers/isolated.ts';
import { installHaraka } from '../haraka-gateway.ts';
import { type ContestantName, contestantNames, titles } from './contestants.ts';

/** Whether a program is there to be run. */
export function hasTool(tool: string): boolean {
  try {
    execFileSync('sh', ['-c', 'command -v "$0"', tool], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Those that this machine can run; who is left out is said, with the reason. */
export async function presentContestants(say: (line: string) => void): Promise<ContestantName[]> {
  const present: ContestantName[] = [];
  for (const name of contestantNames) {
    const reason = await reasonAgainst(name);
    if (reason === null) present.push(name);
    else say(`${titles[name]} is left out: ${reason}`);
  }
  return present;
}

async function reasonAgainst(name: ContestantName): Promise<string | null> {
  switch (name) {
    case 'postern':
      return null;
    case 'postfix':
      return hasTool('postfix') ? null : 'it is not installed.';
    case 'opensmtpd':
    case 'exim': {
      const program = name === 'exim' ? 'exim4' : 'smtpd';
      const isThere = existsSync(join(packages, 'usr/sbin', program));
      return isThere ? null : 'run lab/servers/install, as root, on Debian 12.';
    }
    case 'haraka':
      return installHaraka().then(
        () => null,
        error => `npm could not install it (${String(error).split('\n')[0]}).`,
      );
  }
}
