import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { inside, publicResolver, uplinks } from '../lab/addresses.ts';
import { LabGateway } from '../lab/gateway.ts';
import { LabNetwork } from '../lab/network.ts';
import { must } from '../lab/scenario.ts';
import type { Namespace } from '../src/surface/demo/namespaces.ts';

const run = promisify(execFile);
const certificates = join(import.meta.dirname, '..', 'test', 'certificates');
const [one, two] = uplinks;
const zones = ['.', 'example.com.', '100.51.198.in-addr.arpa.', '113.0.203.in-addr.arpa.'] as const;
const head =
  '@ 300 IN SOA ns1.example.com. hostmaster.example.com. 1 3600 600 86400 300\n@ 300 IN NS ns1.example.com.\n';

type Process = ReturnType<Namespace['spawn']>;

/** One finding of `check --json`, as far as scenarios read it. */
export type FindingView = {
  readonly id: string;
  readonly level: string;
  readonly subject: { readonly name?: string };
};

export type ReportView = { readonly verdict: string; readonly findings: readonly FindingView[] };

/**
 * The reference network with a live gateway in layout B, a knot in the Internet that serves a signed root, example.com
 * and both reverse zones, and on the mail host an unbound that validates from that root's key. The zones hold what
 * `postern records` prints, so they change with it. Failures are thrown: the test fails.
 */
export class SignedHouse {
  readonly directory: string;
  readonly network: LabNetwork;
  readonly gateway: LabGateway;
  #records: readonly string[] = [];
  #knot: Process | null = null;
  #unbound: Process | null = null;
  #run = 0;

  private constructor(directory: string, network: LabNetwork) {
    this.directory = directory;
    this.network = network;
    this.gateway = new LabGateway(network.mailHost, join(directory, 'postern.yaml'));
  }

  static async build(): Promise<SignedHouse> {
    const network = must(await LabNetwork.build({ sites: [] }));
    const house = new SignedHouse(await mkdtemp(join(tmpdir(), 'postern-signed-')), network);
    try {
      await house.#furnish();
      return house;
    } catch (error) {
      await house.close();
      throw error;
    }
  }

  /** The records that the configuration needs, one a line in zone format, with absolute names. */
  get records(): readonly string[] {
    return this.#records;
  }

  /** Serves these records, and from now on nothing else; the DS of example.com in the root may be a wrong one. */
  async serve(records: readonly string[], more: { readonly wrongDs?: boolean } = {}): Promise<void> {
    await this.#stopNames();
    this.#run += 1;
    const place = join(this.directory, `run-${this.#run}`);
    await mkdir(place);
    const config = join(place, 'knot.conf');
    await writeFile(config, this.#knotConfig(place));
    for (const zone of zones.slice(1)) {
      const own = records.filter(
        line => ` ${line.split(/\s/)[0]}`.endsWith(`.${zone}`) || line.startsWith(`${zone} `),
      );
      const glue = zone === 'example.com.' ? `ns1.example.com. 300 IN A ${publicResolver}\n` : '';
      await writeFile(join(place, `${zone}zone`), `${head}${glue}${own.join('\n')}\n`);
    }
    const root = [head, `ns1.example.com. 300 IN A ${publicResolver}\n`];
    for (const zone of zones.slice(1)) {
      const ds = await this.#dsOf(config, zone);
      const shown =
        more.wrongDs === true && zone === 'example.com.' ? ds.replace(/[0-9a-f]{8}$/i, '00000000') : ds;
      root.push(`${zone} 300 IN NS ns1.example.com.\n${zone} 300 IN DS ${shown}\n`);
    }
    await writeFile(join(place, 'root.zone'), root.join(''));
    await writeFile(
      join(place, 'hints'),
      `. 300 IN NS ns1.example.com.\nns1.example.com. 300 IN A ${publicResolver}\n`,
    );
    await writeFile(join(place, 'unbound.conf'), unboundConfig(place, await this.#dsOf(config, '.')));
    this.#knot = this.network.internet.spawn('/usr/sbin/knotd', ['-c', config], { stdio: 'ignore' });
    this.#unbound = this.network.mailHost.spawn(
      '/usr/sbin/unbound',
      ['-d', '-c', join(place, 'unbound.conf')],
      {
        stdio: 'ignore',
      },
    );
    await this.#answers();
  }

  /** What `postern check example.com --config` says now. */
  async check(): Promise<{ readonly code: number; readonly report: ReportView }> {
    const { code, out, err } = await this.gateway.command('check', 'example.com', '--json');
    if (out === '') throw new Error(`check told nothing: ${err}`);
    const report: ReportView = JSON.parse(out);
    return { code, report };
  }

  async close(): Promise<void> {
    await this.gateway.stop('SIGKILL');
    await this.#stopNames();
    this.network.destroy();
    await sleep(100);
    await rm(this.directory, { recursive: true, force: true, maxRetries: 5 });
  }

  async #furnish(): Promise<void> {
    const { directory } = this;
    await chmod(directory, 0o755);
    await cp(certificates, join(directory, 'certificates'), { recursive: true });
    await writeFile(join(directory, 'recipients'), 'postmaster@example.com\n');
    await writeFile(this.gateway.config, configuration(directory));
    const { code, out, err } = await this.gateway.command('records', '--format', 'zone');
    if (code !== 0) throw new Error(`records failed: ${err}`);
    this.#records = out.split('\n').filter(line => line !== '' && !line.startsWith(';'));
    await mkdir(join(directory, 'keys'));
    await writeFile(join(directory, 'keys.conf'), this.#knotConfig(directory));
    for (const zone of zones)
      await run('/usr/sbin/keymgr', [
        '-c',
        join(directory, 'keys.conf'),
        zone,
        'generate',
        'algorithm=ECDSAP256SHA256',
        'ksk=yes',
        'zsk=yes',
      ]);
    await this.serve(this.#records);
    await this.gateway.serve();
  }

  /** The data of the DS record: tag, algorithm, digest type 2 and digest. */
  async #dsOf(config: string, zone: string): Promise<string> {
    const { stdout } = await run('/usr/sbin/keymgr', ['-c', config, zone, 'ds']);
    const ds = / DS (\d+ 13 2 [0-9a-fA-F]+)/.exec(stdout)?.[1];
    if (ds === undefined) throw new Error(`keymgr gives no DS of ${zone}: ${stdout}`);
    return ds;
  }

  #knotConfig(place: string): string {
    const served = zones.map(zone => {
      const file = zone === '.' ? 'root.zone' : `${zone}zone`;
      return `  - domain: ${zone}\n    file: ${file}\n    storage: ${place}\n    dnssec-signing: on\n    dnssec-policy: ours\n    zonefile-sync: -1\n`;
    });
    return `server:
    rundir: ${place}
    listen: ${publicResolver}@53
database:
    storage: ${place}
    kasp-db: ${this.directory}/keys
policy:
  - id: ours
    manual: on
    algorithm: ecdsap256sha256
zone:
${served.join('')}`;
  }

  async #answers(): Promise<void> {
    const ask =
      "const r = new (require('node:dns').Resolver)({ timeout: 500, tries: 1 }); r.setServers(['127.0.0.1']); r.resolve('ns9.', 'A', error => process.exit(error?.code === 'ENOTFOUND' ? 0 : 1))";
    const end = performance.now() + 20_000;
    for (;;) {
      const { mailHost } = this.network;
      if ((await mailHost.run(process.execPath, ['-e', ask])).ok) return;
      if (performance.now() > end) throw new Error('knot and unbound do not answer');
      await sleep(100);
    }
  }

  async #stopNames(): Promise<void> {
    for (const child of [this.#knot, this.#unbound]) {
      if (child === null || child.exitCode !== null) continue;
      const gone = new Promise(resolve => child.once('exit', resolve));
      child.kill('SIGKILL');
      await gone;
    }
    this.#knot = null;
    this.#unbound = null;
  }
}

function unboundConfig(place: string, rootDs: string): string {
  return `server:
    directory: "${place}"
    chroot: ""
    username: ""
    pidfile: ""
    use-syslog: no
    logfile: "${place}/unbound.log"
    interface: 127.0.0.1
    outgoing-interface: ${one.source}
    do-ip6: no
    root-hints: "${place}/hints"
    trust-anchor: ". DS ${rootDs}"
    module-config: "validator iterator"
    local-zone: "100.51.198.in-addr.arpa." nodefault
    local-zone: "113.0.203.in-addr.arpa." nodefault
    local-zone: "example.com." nodefault
remote-control:
    control-enable: no
`;
}

function configuration(directory: string): string {
  const tls = (pem: string): string =>
    `tls: { cert: ${directory}/certificates/${pem}.pem, key: ${directory}/certificates/${pem}.key }`;
  return `hostname: mail.example.com
state_dir: ${directory}/state
uplinks:
  - { name: ${one.name}, ehlo: ${one.ehlo}, source: [${one.source}], preference: 10 }
  - { name: ${two.name}, ehlo: ${two.ehlo}, source: [${two.source}], preference: 20 }
listeners:
  - { address: "${inside.mailHost}:25", role: relay }
  - { address: "${one.source}:25", role: mx, name: mx1.example.com, ${tls('mx1')} }
  - { address: "${two.source}:25", role: mx, name: mx2.example.com, ${tls('mx2')} }
domains:
  - name: example.com
    deliver_to: ["${inside.store}:25"]
    recipients: { file: ${directory}/recipients }
relay:
  from_networks: [10.20.0.0/24]
dns:
  servers: ["127.0.0.1:53"]
  trust_ad: true
`;
}
