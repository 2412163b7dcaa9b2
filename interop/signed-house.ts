import { generateKeyPairSync } from 'node:crypto';
import { chmod, cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inside, uplinks } from '../lab/addresses.ts';
import { LabGateway } from '../lab/gateway.ts';
import { LabNetwork } from '../lab/network.ts';
import { must } from '../lab/scenario.ts';
import { SignedNames } from '../lab/servers/names.ts';

const certificates = join(import.meta.dirname, '..', 'test', 'certificates');
const [one, two] = uplinks;
const zones = ['example.com.', '100.51.198.in-addr.arpa.', '113.0.203.in-addr.arpa.'] as const;

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
  #names: SignedNames | null = null;

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

  /** The DKIM key of the mail store, as `records` and `check` are told of it. */
  get selector(): readonly string[] {
    return ['--selector', `s1=${join(this.directory, 's1.pem')}`];
  }

  /** The records that the configuration needs, one a line in zone format, with absolute names. */
  get records(): readonly string[] {
    return this.#records;
  }

  /** Serves these records, and from now on nothing else; `wrongDs` is a zone whose DS in the root is a wrong one. */
  async serve(records: readonly string[], more: { readonly wrongDs?: string } = {}): Promise<void> {
    await this.#names?.serve(records, more);
  }

  /** What `postern check example.com --config` says now. */
  async check(): Promise<{ readonly code: number; readonly report: ReportView }> {
    const { code, out, err } = await this.gateway.command('check', 'example.com', '--json', ...this.selector);
    if (out === '') throw new Error(`check told nothing: ${err}`);
    const report: ReportView = JSON.parse(out);
    return { code, report };
  }

  async close(): Promise<void> {
    await this.gateway.stop('SIGKILL');
    await this.#names?.close();
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
    await writeFile(
      join(directory, 's1.pem'),
      generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }),
    );
    const { code, out, err } = await this.gateway.command('records', '--format', 'zone', ...this.selector);
    if (code !== 0) throw new Error(`records failed: ${err}`);
    this.#records = out.split('\n').filter(line => line !== '' && !line.startsWith(';'));
    const { internet, mailHost } = this.network;
    this.#names = await SignedNames.prepare({
      directory,
      internet,
      zones,
      resolvers: [{ namespace: mailHost, address: '127.0.0.1', from: one.source }],
    });
    await this.serve(this.#records);
    await this.gateway.serve();
  }
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
