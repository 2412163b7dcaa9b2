import { type ChildProcess, execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Namespace } from '../../src/surface/demo/namespaces.ts';

const run = promisify(execFile);
const programs = { knot: '/usr/sbin/knotd', keys: '/usr/sbin/keymgr', unbound: '/usr/sbin/unbound' } as const;

/** The server of every zone; only resolvers ask it. */
export const authority = { name: 'ns1.example.com.', address: '192.0.2.54' } as const;

const head = `@ 300 IN SOA ${authority.name} hostmaster.example.com. 1 3600 600 86400 300
@ 300 IN NS ${authority.name}
`;
const glue = `${authority.name} 300 IN A ${authority.address}\n`;

/** A validating resolver: where it runs, listens and asks from, and whom it answers (default: everyone). */
export type ResolverPlace = {
  readonly namespace: Namespace;
  readonly address: string;
  readonly from: string;
  readonly customers?: readonly string[];
};

type Setting = {
  /** For keys, zones and configurations. */
  readonly directory: string;
  /** Where the server of the zones runs. */
  readonly internet: Namespace;
  /** The zones below the root, with the dot at the end. */
  readonly zones: readonly string[];
  readonly resolvers: readonly ResolverPlace[];
};

/**
 * The world's names: a knot with a signed root and signed zones below it, and an unbound for each resolver, which
 * validates from that root's key. Records are lines in zone format with absolute names. Failures are thrown.
 */
export class SignedNames {
  readonly #setting: Setting;
  readonly #zones: readonly string[];
  readonly #ds = new Map<string, string>();
  #processes: readonly ChildProcess[] = [];
  #run = 0;

  private constructor(setting: Setting) {
    this.#setting = setting;
    this.#zones = ['.', ...setting.zones];
  }

  /** Makes the keys; nothing is served yet. */
  static async prepare(setting: Setting): Promise<SignedNames> {
    for (const program of Object.values(programs)) {
      if (!existsSync(program))
        throw new Error(`${program} is missing: run lab/servers/install, as root, on Debian 12.`);
    }
    const names = new SignedNames(setting);
    await names.#makeKeys();
    const laid = await setting.internet.ip(`address replace ${authority.address}/32 dev lo`);
    if (!laid.ok) throw new Error(laid.error);
    return names;
  }

  /** Serves these records, and from now on nothing else; `wrongDs` is a zone whose DS in the root is a wrong one. */
  async serve(records: readonly string[], more: { readonly wrongDs?: string } = {}): Promise<void> {
    await this.close();
    this.#run += 1;
    const place = join(this.#setting.directory, `names-${this.#run}`);
    await mkdir(place);
    for (const zone of this.#setting.zones) {
      const own = records.filter(line => isIn(zone, line.split(/\s/)[0] ?? ''));
      const text = [head, isIn(zone, authority.name) ? glue : '', ...own.map(line => `${line}\n`)].join('');
      await writeFile(join(place, fileOf(zone)), text);
    }
    await writeFile(join(place, fileOf('.')), this.#rootZone(more.wrongDs));
    const config = join(place, 'knot.conf');
    await writeFile(config, this.#knotConfig(place));
    await writeFile(join(place, 'hints'), `. 300 IN NS ${authority.name}\n${glue}`);
    const quiet = { stdio: 'ignore' } as const;
    const started = [this.#setting.internet.spawn(programs.knot, ['-c', config], quiet)];
    for (const [index, resolver] of this.#setting.resolvers.entries()) {
      const file = join(place, `unbound-${index}.conf`);
      await writeFile(file, this.#unboundConfig(place, resolver));
      started.push(resolver.namespace.spawn(programs.unbound, ['-d', '-c', file], quiet));
    }
    this.#processes = started;
    await Promise.all(this.#setting.resolvers.map(answers));
  }

  /** Ends the server and the resolvers. */
  async close(): Promise<void> {
    const running = this.#processes.filter(
      ({ exitCode, signalCode }) => exitCode === null && signalCode === null,
    );
    this.#processes = [];
    await Promise.all(
      running.map(child => {
        const gone = new Promise(resolve => child.once('exit', resolve));
        child.kill('SIGKILL');
        return gone;
      }),
    );
  }

  async #makeKeys(): Promise<void> {
    const { directory } = this.#setting;
    await mkdir(join(directory, 'keys'));
    const config = join(directory, 'keys.conf');
    await writeFile(config, this.#knotConfig(directory));
    for (const zone of this.#zones) {
      const key = ['generate', 'algorithm=ECDSAP256SHA256', 'ksk=yes', 'zsk=yes'];
      await run(programs.keys, ['-c', config, zone, ...key]);
      const { stdout } = await run(programs.keys, ['-c', config, zone, 'ds']);
      const ds = / DS (?<data>\d+ 13 2 [0-9a-fA-F]+)/.exec(stdout)?.groups?.['data'];
      if (ds === undefined) throw new Error(`keymgr gives no DS of ${zone}: ${stdout}`);
      this.#ds.set(zone, ds);
    }
  }

  #rootZone(wrongDs: string | undefined): string {
    const delegations = this.#setting.zones.map(zone => {
      const right = this.#ds.get(zone) ?? '';
      const ds = zone === wrongDs ? right.replace(/[0-9a-f]{8}$/i, '00000000') : right;
      return `${zone} 300 IN NS ${authority.name}\n${zone} 300 IN DS ${ds}\n`;
    });
    return [head, glue, ...delegations].join('');
  }

  #knotConfig(place: string): string {
    const served = this.#zones.map(
      zone => `  - domain: ${zone}
    file: ${fileOf(zone)}
    storage: ${place}
    dnssec-signing: on
    dnssec-policy: ours
    zonefile-sync: -1
`,
    );
    return `server:
    rundir: ${place}
    listen: ${authority.address}@53
database:
    storage: ${place}
    kasp-db: ${this.#setting.directory}/keys
policy:
  - id: ours
    manual: on
    algorithm: ecdsap256sha256
zone:
${served.join('')}`;
  }

  #unboundConfig(place: string, { address, from, customers }: ResolverPlace): string {
    const allowed = customers === undefined ? ['0.0.0.0/0'] : [`${address}/32`, ...customers];
    const access = allowed.map(network => `    access-control: ${network} allow\n`);
    const unblocked = this.#setting.zones.map(zone => `    local-zone: "${zone}" nodefault\n`);
    return `server:
    directory: "${place}"
    chroot: ""
    username: ""
    pidfile: ""
    use-syslog: no
    interface: ${address}
    outgoing-interface: ${from}
    do-ip6: no
    root-hints: "${place}/hints"
    trust-anchor: ". DS ${this.#ds.get('.')}"
    module-config: "validator iterator"
    access-control: 0.0.0.0/0 deny
${access.join('')}${unblocked.join('')}remote-control:
    control-enable: no
`;
  }
}

/** Records as `{ 'example.com MX': ['10 mx1.example.com'] }` as lines in zone format. */
export function zoneLines(records: Readonly<Record<string, readonly string[]>>): string[] {
  return Object.entries(records).flatMap(([key, values]) => {
    const [name = '', type = ''] = key.split(' ');
    return values.map(value => `${name}. 300 IN ${type} ${zoneData(type, value)}`);
  });
}

function zoneData(type: string, value: string): string {
  if (type === 'TXT') return `"${value}"`;
  return type === 'MX' || type === 'PTR' || type === 'CNAME' ? `${value}.` : value;
}

function isIn(zone: string, name: string): boolean {
  return name === zone || name.endsWith(`.${zone}`);
}

function fileOf(zone: string): string {
  return zone === '.' ? 'root.zone' : `${zone}zone`;
}

/** Waits until a resolver denies, with the root's word for it, a name that is not there. */
async function answers({ namespace, address }: ResolverPlace): Promise<void> {
  const ask = `const r = new (require('node:dns').Resolver)({ timeout: 500, tries: 1 });
    r.setServers(['${address}']);
    r.resolve('ns9.', 'A', error => process.exit(error?.code === 'ENOTFOUND' ? 0 : 1))`;
  const end = performance.now() + 20_000;
  while (!(await namespace.run(process.execPath, ['-e', ask])).ok) {
    if (performance.now() > end) throw new Error('knot and unbound do not answer');
    await sleep(50);
  }
}
