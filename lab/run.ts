/**
 * Runs a command where the lab may build its networks: `node lab/run.ts COMMAND ARGUMENT…`. Root runs it directly;
 * anyone else becomes root of user, mount and network namespaces of his own, with a /run in memory. The exit code is
 * the command's, or 2 where the lab cannot be run here.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { delimiter, join } from 'node:path';
import { decideLaunch, type Host, namespaceOptions, programs } from './launch.ts';

/** An ordinary user's PATH on Debian lacks the folders that hold `nft`. */
const path = `${process.env['PATH'] ?? ''}${delimiter}/usr/sbin${delimiter}/sbin`;

function environment(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: path };
}

/** Becomes the command, which the kernel kills when the launcher dies. */
const tied = ['setpriv', '--pdeathsig', 'KILL', '--'];

function isHere(program: string): boolean {
  return path.split(delimiter).some(folder => existsSync(join(folder, program)));
}

/** Whether a table of ranges (subuid(5)) gives one to a user. */
function gives(file: string, names: readonly string[]): boolean {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
  return lines.some(line => names.includes(line.split(':')[0] ?? ''));
}

function whoAmI(): { readonly user: string; readonly uid: number } {
  const uid = process.getuid?.() ?? -1;
  try {
    return { user: userInfo().username, uid };
  } catch {
    return { user: String(uid), uid };
  }
}

/** What hinders namespaces here, by making one of each. */
function hindrance(root: boolean): string | null {
  if (root) return trial(namespaceOptions.root);
  // First without the maps: unshare 2.38 leaves behind a helper that waits for ever where the kernel says no.
  return trial(['--user', ...namespaceOptions.root]) ?? trial(namespaceOptions.user);
}

function trial(options: readonly string[]): string | null {
  const tried = spawnSync('unshare', [...options, '--', 'true'], { env: environment(), encoding: 'utf8' });
  if (tried.status === 0) return null;
  return tried.stderr?.trim() || tried.error?.message || 'unshare failed';
}

function look(): Host {
  const { user, uid } = whoAmI();
  const root = uid === 0;
  const missing = Object.keys(programs).filter(program => !isHere(program));
  return {
    user,
    root,
    missing,
    hindrance: missing.length > 0 ? null : hindrance(root),
    mapper: isHere('newuidmap') && isHere('newgidmap'),
    range: ['/etc/subuid', '/etc/subgid'].every(file => gives(file, [user, String(uid)])),
  };
}

/** The command line that runs `command` in namespaces of its own, over which it is root. */
function apart(command: readonly string[]): readonly string[] {
  const enter = 'mount -t tmpfs tmpfs /run && exec "$@"';
  return ['unshare', ...namespaceOptions.user, '--', 'sh', '-c', enter, 'sh', ...tied, ...command];
}

/** Runs it to its end. Ctrl-C reaches it by itself; we stay until it has tidied up. */
function follow([file = '', ...args]: readonly string[]): Promise<number> {
  return new Promise(resolve => {
    const child = spawn(file, args, { stdio: 'inherit', env: environment() });
    process.on('SIGINT', () => {});
    for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
    child.once('error', error => {
      console.error(error.message);
      resolve(1);
    });
    child.once('close', code => resolve(code ?? 1));
  });
}

/** Runs a command as the lab needs it; gives the exit code. */
export async function runInLab(command: readonly string[]): Promise<number> {
  const launch = decideLaunch(look());
  if (launch.how === 'refused') {
    console.error(launch.reason);
    return 2;
  }
  return follow(launch.how === 'directly' ? [...tied, ...command] : apart(command));
}

if (import.meta.main) {
  const command = process.argv.slice(2);
  if (command.length === 0)
    console.error('Name the command to run in the lab: node lab/run.ts COMMAND ARGUMENT…');
  process.exitCode = command.length === 0 ? 2 : await runInLab(command);
}
