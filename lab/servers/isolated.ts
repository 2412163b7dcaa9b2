import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Namespace } from '../../src/surface/demo/namespaces.ts';

/** Where `lab/servers/install` unpacks the mail servers. */
export const packages = join(import.meta.dirname, '.packages');

/** Users that the mail servers change to; they exist only where the servers run. */
const users = ['postfix', 'Debian-exim', 'opensmtpd', 'opensmtpq'];
const groups = [...users, 'postdrop'];
const firstId = 64_001;

/**
 * Runs in the server's own mount namespace: the unpacked packages lie over /usr, users and resolver are ours, and
 * what a mail server keeps in the machine's folders is kept in memory. The shell stays as the first process of the
 * tree, so that all of it goes when the shell does. A file of /etc that was bound would go from under the server when the
 * machine replaces its own (as adduser does). Arguments: packages, etc, then the command.
 */
const enter = `
set -e
mount -t overlay overlay -o "lowerdir=$1/usr:/usr" /usr
for folder in /run /var/spool /var/lib; do mount -t tmpfs tmpfs $folder; done
mkdir -p /var/spool/smtpd /var/lib/opensmtpd/empty
chmod 711 /var/spool/smtpd
mount -t overlay overlay -o "lowerdir=$2:/etc" /etc
shift 2
"$@" &
wait
`;

/** Writes the files that the servers see in /etc, below `directory`; gives their folder. */
export async function writeEtc(directory: string, resolver: string): Promise<string> {
  if (!existsSync(join(packages, 'usr/sbin/smtpd')))
    throw new Error('The mail servers are missing: run lab/servers/install, as root, on Debian 12.');
  const etc = join(directory, 'etc');
  await mkdir(etc);
  const passwd = users.map(
    (user, n) => `${user}:x:${firstId + n}:${firstId + n}::/nonexistent:/usr/sbin/nologin`,
  );
  const group = groups.map((name, n) => `${name}:x:${firstId + n}:`);
  await writeFile(join(etc, 'passwd'), `${await readOwn('/etc/passwd', users)}${passwd.join('\n')}\n`);
  await writeFile(join(etc, 'group'), `${await readOwn('/etc/group', groups)}${group.join('\n')}\n`);
  await writeFile(join(etc, 'resolv.conf'), `nameserver ${resolver}\n`);
  return etc;
}

async function readOwn(file: string, without: readonly string[]): Promise<string> {
  const lines = (await readFile(file, 'utf8')).split('\n');
  return lines.filter(line => !without.some(name => line.startsWith(`${name}:`))).join('\n');
}

/** A mail server as a process tree of its own: it ends, whole, when the namespace is closed or we die. */
export class IsolatedServer {
  /** What it wrote, the newest 5,000 lines. */
  readonly log: string[] = [];
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      if (stream)
        createInterface({ input: stream }).on('line', line => {
          this.log.push(line);
          if (this.log.length > 5_000) this.log.shift();
        });
    }
  }

  static start(namespace: Namespace, etc: string, command: readonly string[]): IsolatedServer {
    const apart = ['--mount', '--pid', '--fork', '--kill-child=KILL', '--mount-proc'];
    const child = namespace.spawn('unshare', [...apart, 'sh', '-c', enter, 'sh', packages, etc, ...command], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return new IsolatedServer(child);
  }

  /** The arguments of `nsenter` that run a command among the server's own files, processes and networks. */
  async entering(command: readonly string[]): Promise<readonly string[]> {
    const { pid } = this.#child;
    const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
    const inner = children.trim().split(' ')[0];
    return ['--target', inner ?? '', '--mount', '--pid', '--net', '--', ...command];
  }

  /** The root of its process tree. */
  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get ended(): boolean {
    return this.#child.exitCode !== null;
  }
}
