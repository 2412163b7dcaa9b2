import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, release, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { packages } from '../../lab/servers/isolated.ts';
import { BusyMeter } from '../failover/busy-meter.ts';
import { harakaVersion } from '../haraka-gateway.ts';

/** When, by which command and on what something was measured. */
export type Provenance = {
  /** ISO 8601. */
  readonly at: string;
  readonly command: string;
  /** The share of all cores' time that others took, just before it began. */
  readonly busy?: number;
  /** Load average of one minute at the begin, in place of `busy` in what was kept earlier. */
  readonly load?: number;
  /** In words. */
  readonly machine: string;
  readonly versions: string;
};

const restMs = 2_000;

/** Of a measurement that begins when this resolves; meanwhile nothing of it may run. */
export async function provenanceOf(command: string): Promise<Provenance> {
  const meter = new BusyMeter();
  await sleep(restMs);
  const { busy } = meter.read();
  return {
    at: new Date().toISOString(),
    command,
    busy,
    machine: machine(),
    versions: versions(),
  };
}

function machine(): string {
  const [first] = cpus();
  const debian = readOr('/etc/debian_version', 'unknown').trim();
  const disk = said('findmnt', ['-n', '-o', 'FSTYPE,SOURCE', '-T', tmpdir()])
    .trim()
    .split(/\s+/)
    .join(' on ');
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB of memory`;
  return `${cpus().length} cores (${first?.model.trim() ?? 'unknown'}), ${memory}, ${disk || 'a disk'}, Debian ${debian}, Linux ${release()}`;
}

function versions(): string {
  const { version }: { version: string } = JSON.parse(
    readOr(join(import.meta.dirname, '../../package.json'), '{"version":"?"}'),
  );
  const commit = said('git', ['-C', import.meta.dirname, 'rev-parse', '--short', 'HEAD']).trim();
  const smtpd = /OpenSMTPD ([\w.]+)/.exec(saidByPackage('smtpd', ['-h']))?.[1];
  const found: [string, string | undefined][] = [
    ['Postern', commit === '' ? version : `${version} (${commit})`],
    ['Node', process.versions.node],
    ['SQLite', process.versions.sqlite],
    ['Postfix', said('postconf', ['-d', '-h', 'mail_version']).trim() || undefined],
    ['OpenSMTPD', smtpd],
    ['Exim', eximVersion()],
    ['Haraka', harakaVersion],
  ];
  return found.map(([name, text]) => `${name} ${text ?? 'missing'}`).join(', ');
}

/** Of Debian's package, for the program does not say it where its user does not exist. */
function eximVersion(): string | undefined {
  const changes = join(packages, 'usr/share/doc/exim4-base/changelog.Debian.gz');
  try {
    const [first] = gunzipSync(readFileSync(changes)).toString().split('\n');
    return /\(([^)]+)\)/.exec(first ?? '')?.[1];
  } catch {
    return undefined;
  }
}

function saidByPackage(program: string, args: readonly string[]): string {
  return said(join(packages, 'usr/sbin', program), args);
}

/** All that a program says; '' where it cannot be run. */
function said(program: string, args: readonly string[]): string {
  try {
    return execFileSync('sh', ['-c', '"$0" "$@" 2>&1 || true', program, ...args], { encoding: 'utf8' });
  } catch {
    return '';
  }
}

function readOr(file: string, otherwise: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return otherwise;
  }
}
