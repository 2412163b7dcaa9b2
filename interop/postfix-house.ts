import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { identity, inside, sites, uplinks, zoneOf } from '../lab/addresses.ts';
import { LabNetwork, type LabOptions } from '../lab/network.ts';
import { must } from '../lab/scenario.ts';
import { IsolatedServer, packages, writeEtc } from '../lab/servers/isolated.ts';
import { logFile, services, whereabouts } from '../lab/servers/postfix-files.ts';
import { PeerProcess } from '../src/surface/demo/peer-process.ts';
import type { IdentityTables, PeerNews } from '../src/surface/demo/peer-protocol.ts';
import type { Delivery } from '../src/surface/demo/receiver-session.ts';

export type Ran = { readonly code: number; readonly out: string; readonly err: string };

const postern = join(import.meta.dirname, '..', 'bin', 'postern');
/** A name server inside, so that the cut of an uplink takes no names with it. */
const resolver = inside.store;

/**
 * A real Postfix on the mail host of the reference network, as an operator has set it up before Postern: no transport of
 * its own, one log file. Receivers in the Internet are strict about names and addresses. Failures are thrown.
 */
export class PostfixHouse {
  readonly directory: string;
  readonly network: LabNetwork;
  readonly deliveries: Delivery[] = [];
  readonly config: string;
  readonly #peers: PeerProcess[] = [];
  #internet: PeerProcess | null = null;
  #server: IsolatedServer | null = null;
  #sent = 0;

  private constructor(directory: string, network: LabNetwork) {
    this.directory = directory;
    this.network = network;
    this.config = join(directory, 'postfix');
  }

  static async build(options: LabOptions = {}): Promise<PostfixHouse> {
    const network = must(await LabNetwork.build(options));
    const house = new PostfixHouse(await mkdtemp(join(tmpdir(), 'postern-care-')), network);
    try {
      await house.#populate();
      return house;
    } catch (error) {
      await house.close();
      throw error;
    }
  }

  /** Runs a command on the mail host, among Postfix's own files and processes. */
  async run(command: readonly string[], input = ''): Promise<Ran> {
    if (this.#server === null) throw new Error('Postfix is not there yet');
    const args = await this.#server.entering(command);
    return new Promise(resolve => {
      const options = { timeout: 180_000, maxBuffer: 64_000_000 };
      const child = execFile('nsenter', args, options, (error, out, err) => {
        resolve({
          code: error === null ? 0 : typeof error.code === 'number' ? error.code : 99,
          out,
          err,
        });
      });
      child.stdin?.on('error', () => {});
      child.stdin?.end(input);
    });
  }

  /** The arguments of `nsenter` for a command that goes on. */
  entering(command: readonly string[]): Promise<readonly string[]> {
    if (this.#server === null) throw new Error('Postfix is not there yet');
    return this.#server.entering(command);
  }

  /** `postern postfix …`. */
  postern(verb: string, ...args: readonly string[]): Promise<Ran> {
    return this.run(this.command(verb, ...args));
  }

  command(verb: string, ...args: readonly string[]): readonly string[] {
    const where = ['--config', join(this.directory, 'postern.yaml'), '--postfix-config', this.config];
    return [postern, 'postfix', verb, ...where, ...args];
  }

  /** Hands Postfix a message, another instance where one is given; gives its subject. */
  async send(to: string, config = this.config): Promise<string> {
    this.#sent += 1;
    const id = `care-${this.#sent}@example.com`;
    const letter = `From: us@example.com\nTo: ${to}\nSubject: ${id}\nMessage-ID: <${id}>\n\nhello\n`;
    const sent = await this.run(['sendmail', '-C', config, '-f', 'us@example.com', to], letter);
    if (sent.code !== 0) throw new Error(`sendmail: ${sent.err}`);
    return id;
  }

  /** Puts a script in place of one of Postfix's programs, for as long as `during` takes. */
  async inPlaceOf(program: string, script: string, during: () => Promise<void>): Promise<void> {
    const fake = join(this.directory, 'fake');
    await writeFile(fake, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    await this.run(['cp', `/usr/sbin/${program}`, `${this.directory}/real-${program}`]);
    await this.run(['mount', '--bind', fake, `/usr/sbin/${program}`]);
    try {
      await during();
    } finally {
      await this.run(['umount', `/usr/sbin/${program}`]);
    }
  }

  /** What a script in place of a program ends with. */
  real(program: string): string {
    return `exec ${this.directory}/real-${program} "$@"`;
  }

  /** Lets the Internet take mail at one more address, of those whom it knows by address and name. */
  async receive(address: string, name: string, of: IdentityTables): Promise<void> {
    const order = {
      do: 'receive',
      addresses: [address],
      port: 25,
      name,
      identity: of,
      behaviour: {},
    } as const;
    must((await this.#internet?.order(order)) ?? { ok: false, error: 'There is no Internet yet.' });
  }

  files(): Promise<readonly [main: string, master: string]> {
    return Promise.all([
      readFile(join(this.config, 'main.cf'), 'utf8'),
      readFile(join(this.config, 'master.cf'), 'utf8'),
    ]);
  }

  log(): Promise<string> {
    return readFile(join(this.directory, 'log'), 'utf8').catch(() => '');
  }

  async until(what: string, holds: () => boolean | Promise<boolean>, limitMs = 60_000): Promise<void> {
    const end = performance.now() + limitMs;
    while (!(await holds())) {
      if (performance.now() > end)
        throw new Error(`waited in vain for ${what}\n${(await this.log()).slice(-6_000)}`);
      await sleep(100);
    }
  }

  /** Waits until a message has arrived, and gives where from and under which name. */
  async arrived(id: string): Promise<string> {
    const find = (): Delivery | undefined => this.deliveries.find(each => each.messageId?.includes(id));
    await this.until(`${id} to arrive`, () => find() !== undefined);
    const delivery = find();
    return `${delivery?.remoteAddress} as ${delivery?.ehlo}`;
  }

  copies(id: string): number {
    return this.deliveries.filter(each => each.messageId?.includes(id)).length;
  }

  /** Wall ms; null: it has not come. */
  arrivedAt(id: string): number | null {
    return this.deliveries.find(each => each.messageId?.includes(id))?.startedAt ?? null;
  }

  async close(): Promise<void> {
    for (const peer of this.#peers) peer.close();
    this.network.destroy();
    await sleep(100);
    await rm(this.directory, { recursive: true, force: true, maxRetries: 5 });
  }

  async #populate(): Promise<void> {
    const { directory, network } = this;
    await chmod(directory, 0o755);
    for (const folder of ['postfix', 'queue', 'data', 'mail']) await mkdir(join(directory, folder));
    await cp(join(packages, 'etc/postfix'), this.config, { recursive: true });
    await writeFile(join(this.config, 'main.cf'), mainCf(directory));
    await writeFile(join(this.config, 'master.cf'), masterCf);
    await writeFile(join(directory, 'postern.yaml'), posternYaml(directory));
    const hear = (news: PeerNews): void => {
      if (news.news === 'delivery') this.deliveries.push(news.delivery);
    };
    const internet = must(await PeerProcess.start(network.internet, hear));
    const insider = must(await PeerProcess.start(network.inside, () => {}));
    this.#peers.push(internet, insider);
    this.#internet = internet;
    const zone = zoneOf(sites);
    must(
      await insider.order({
        do: 'name_server',
        address: resolver,
        port: 53,
        zone,
        customers: [],
        delayMs: 0,
      }),
    );
    for (const { address, host } of sites) await this.receive(address, host, identity);
    const etc = await writeEtc(directory, resolver);
    const script = `chown postfix:postfix ${directory}/data && exec postfix -c ${this.config} start-fg`;
    this.#server = IsolatedServer.start(network.mailHost, etc, ['sh', '-c', script]);
    const status = ['postfix', '-c', this.config, 'status'];
    await this.until('Postfix to run', async () => (await this.run(status)).code === 0);
  }
}

function posternYaml(directory: string): string {
  const [one, two] = uplinks;
  const probe = `[${sites.map(({ address }) => `"${address}:25"`).join(', ')}]`;
  return `hostname: mail.example.com
state_dir: ${directory}/state
uplinks:
  - { name: ${one.name}, ehlo: ${one.ehlo}, source: [${one.source}], preference: 10, probe: ${probe} }
  - { name: ${two.name}, ehlo: ${two.ehlo}, source: [${two.source}], preference: 20, probe: ${probe} }
listeners:
  - { address: "${one.source}:25", role: mx, name: mx1.example.com }
  - { address: "${two.source}:25", role: mx, name: mx2.example.com }
domains:
  - { name: example.com, deliver_to: ["${inside.store}:25"], recipients: any }
relay:
  from_networks: [10.20.0.0/24]
dns:
  servers: ["${resolver}:53"]
health: { prove: 3s }
notify:
  - mail: operator@third.example
`;
}

function mainCf(directory: string): string {
  return `# written by hand
${whereabouts(directory, `${directory}/postfix`)}${logFile(directory)}myhostname = mail.example.com
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = all
smtp_tls_security_level =
smtp_destination_concurrency_limit = 10
# the end
`;
}

const masterCf = `# services, by hand
198.51.100.30:25 inet n - n - - smtpd
127.0.0.1:25 inet n - n - - smtpd
${services}# the end
`;
